"""What each column of a table is, by all of its rows: numbers, categories, dates, texts, or nothing that a model should see."""

import re
from collections import Counter
from typing import Literal, NamedTuple

import numpy as np

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.base.tokens import SPECIAL, tokens_of
from modelc.compiler.library.readers.date import USUAL, date_in
from modelc.compiler.library.readers.names import names_in
from modelc.runtime.data.arrays import Array
from modelc.runtime.drafting.spec_text import is_writable

Role = Literal["numbers", "categories", "names", "date", "text", "left out"]
"""`names` are categories of which there are many, for an embedding."""
FEW_NAMES = 50
"""Up to so many names become vectors of 0 and 1."""
MOST_NAMES = 1000
WORDS = 3
"""So many words a value has, on average, in a column of texts."""
MOST_WORDS, MOST_LENGTH = 10_000, 400
ID_NAMES = re.compile(r"(?i:(.*[_ .-])?(id|uuid|guid|index|idx|rownum|row_?number|unnamed: ?\d+))|[A-Za-z0-9]*(Id|ID)|")
"""Names of columns that number rows."""
DIGITS = re.compile(r"[0-9]+")
"""Texts of digits: a column of these is of numbers, were there not a zero in front of some."""
EXACT = 2**53


class Use(NamedTuple):
    """How a column is used, and why, as a comment says it.

    `missing` counts the rows without a value. `size` is the number of names of categories or of words, with those that stand for
    others; `length` is that of texts, `format` that of dates, None for ISO 8601, and `parts` what of dates differs.
    """

    name: str
    role: Role
    reason: str = ""
    missing: int = 0
    size: int = 0
    length: int = 0
    format: str | None = None
    parts: tuple[str, ...] = ()
    width: int = 1


def use_of(name: str, column: Array) -> Use:
    """How to use a column as an input."""
    if not is_writable(name):
        return Use(name, "left out", "its name has control characters, which no spec can have")
    values, gone = np.ma.getdata(column), np.ma.getmaskarray(column)
    if values.dtype.kind == "f":
        gone = gone | np.isnan(values)
    if values.ndim > 1:
        return of_lists(name, values)
    there, missing = values[~gone], int(gone.sum())
    if not len(there):
        return Use(name, "left out", "it has no value in any row")
    different = len(distinct(there).values)
    if different == 1 and not missing:
        return Use(name, "left out", "it is the same in all rows")
    if values.dtype.kind in "UT":
        return of_texts(name, there, missing, different)
    return of_numbers(name, there, missing, different)


def of_lists(name: str, values: Array) -> Use:
    """How to use a column with several values in each row."""
    if values.ndim == 2 and values.dtype.kind in "iufb":
        return Use(name, "numbers", width=values.shape[1])
    return Use(name, "left out", "it has several values in each row: read it with an input of its own")


def of_numbers(name: str, there: Array, missing: int, different: int) -> Use:
    if there.dtype.kind == "f" and not np.isfinite(there).all():
        return Use(name, "left out", "it has infinite values")
    if there.dtype.kind in "iu" and different == len(there):
        low, high = int(there.min()), int(there.max())
        if high - low == len(there) - 1 and low in (0, 1):
            return Use(name, "left out", "it numbers the rows")
        if ID_NAMES.fullmatch(name) or max(abs(low), abs(high)) > EXACT:
            return Use(name, "left out", "it has a value of its own in each row, as an id has")
    return Use(name, "numbers", missing=missing)


def of_texts(name: str, there: Array, missing: int, different: int) -> Use:
    texts, inverse = names_in(there)
    if (found := date_format(texts)) is not None:
        if missing:
            return Use(name, "left out", f"it has dates, of which {counted(missing, 'row')} have none")
        return of_dates(name, texts, found)
    words = sum(len(text.split()) for text in texts) / len(texts)
    if words >= WORDS and different > len(there) / 10:
        return of_words(name, texts, np.bincount(inverse), missing)
    if different == len(there):
        return Use(name, "left out", "it has a value of its own in each row, as an id has")
    if different > len(there) / 2:
        return Use(name, "left out", f"it has {different:,} different values in {len(there):,} rows, as names have")
    if name.startswith("$"):
        return Use(name, "left out", "its name begins with a dollar, as no key does: read it with `one_hot`")
    zeros = "zeros in front" if all(DIGITS.fullmatch(text) for text in texts) else ""
    if different <= FEW_NAMES:
        return Use(name, "categories", zeros, missing, size=different + 1 + (missing > 0))
    return Use(name, "names", zeros, missing, size=min(different + 1 + (missing > 0), MOST_NAMES))


def date_format(texts: list[str]) -> tuple[str | None, ...] | None:
    """The formats in which all of `texts` are dates, None standing for ISO 8601; None where they are none.

    Bare digits, such as `20260131`, could be anything.
    """
    if all(text.strip().isdigit() for text in texts[:1]):
        return None
    found = tuple(format for format in (None, *USUAL) if all(date_in(text, format) is not None for text in texts[:50]))
    found = tuple(format for format in found if all(date_in(text, format) is not None for text in texts))
    return found or None


def of_dates(name: str, texts: list[str], formats: tuple[str | None, ...]) -> Use:
    format = formats[0]
    dates = [date for text in texts if (date := date_in(text, format)) is not None]
    parts = ["month", "weekday"]
    if len({(date.hour, date.minute) for date in dates}) > 1:
        parts.append("hour")
    reason = "dates as ISO 8601 has them" if format is None else f'dates in the format "{format}"'
    if len(formats) > 1:
        others = " or ".join(f'"{other}"' for other in formats[1:])
        reason += f"; all of them would be dates in {others} too: change it if that is meant"
    varying = tuple(part for part in parts if len({part_of(date, part) for date in dates}) > 1)
    years = ("year",) if len({date.year for date in dates}) > 1 else ()
    if not varying and not years:
        return Use(name, "left out", "its dates differ in nothing but the day of the month")
    return Use(name, "date", reason, format=format, parts=(*years, *varying))


def part_of(date: object, part: str) -> object:
    found = getattr(date, part)
    return found() if callable(found) else found


def of_words(name: str, texts: list[str], counts: Array, missing: int) -> Use:
    """How to use a column of texts: as long as nearly all of them are, with the words that are there twice."""
    words: Counter[str] = Counter()
    lengths = []
    for text, count in zip(texts, counts.tolist(), strict=True):
        tokens = tokens_of(text, "words", True)
        lengths += [len(tokens)] * count
        for token in tokens:
            words[token] += count
    frequent = sum(count > 1 for count in words.values())
    length = int(np.quantile(lengths, 0.95)) + 1
    reason = f"texts of up to {max(lengths):,} words, {len(words):,} different ones"
    size = min(max(frequent + SPECIAL, SPECIAL + 1), MOST_WORDS)
    return Use(name, "text", reason, missing, size, min(max(length, 4), MOST_LENGTH))
