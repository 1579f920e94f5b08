"""The types of columns of text: integer, number or text, found over all rows, by one grammar of numbers.

No date, no yes and no decides what a column is, and no zero in front gets lost: `00712` is a text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

from modelc.compiler.library.base.number_notation import INTEGER, number_pattern
from modelc.compiler.library.base.tensor_type import FLOATS, INTEGERS, TensorType

Kind = Literal["integer", "number", "text"]
DTYPES: Mapping[Kind, str] = {"integer": "int64", "number": "float64", "text": "str"}
"""The dtype of a column of each kind; `str` is that of text."""
KIND_OF_DTYPE: Mapping[str, Kind] = {
    **dict.fromkeys(INTEGERS, "integer"),
    **dict.fromkeys(FLOATS, "number"),
    "str": "text",
    "bytes": "text",
}
"""The kind of a column by the name of its dtype; those of others have none."""
REASONS: Mapping[Kind, str] = {"number": "is no number", "integer": "is no integer of 64 bits", "text": "is no text"}
"""What is wrong with a value that is none of a kind."""
UNUSUAL = "_\n\r\v\f"
"""What the engine reads over in a number, between digits or behind them, and the grammar does not have."""


class Counts(NamedTuple):
    """How many values of a column there are of each sort, in the order of the codes of `code_of`, and their bytes.

    `integers` are exact as int64 and float64, `long` as int64 only, `wide` as float64 only, `huge` as neither. What is beyond
    float64 counts among the `texts`.
    """

    missing: int = 0
    integers: int = 0
    long: int = 0
    wide: int = 0
    huge: int = 0
    numbers: int = 0
    texts: int = 0
    size: int = 0

    def counting(self, code: int, count: int, size: int) -> "Counts":
        """These, and so many values of the sort with a `code`, of so many bytes."""
        found = list(self)
        found[code] += count
        found[-1] += size
        return Counts(*found)

    def plus(self, other: "Counts") -> "Counts":
        return Counts(*(one + another for one, another in zip(self, other, strict=True)))

    @property
    def rows(self) -> int:
        return sum(self[:-1])


@dataclass(frozen=True, slots=True)
class Notation:
    """How values are written: what is missing, and with what a fraction begins."""

    missing_values: tuple[str, ...] = ("",)
    decimal: str = "."

    def sort_of(self, text: str) -> str:
        """The field of `Counts` in which `text` counts, as `code_of` says it."""
        if text in self.missing_values:
            return "missing"
        if re.fullmatch(INTEGER, text):
            # Python turns no texts of thousands of digits into integers.
            if not isfinite(float(text)):
                return "texts"
            value = int(text)
            is_exact, is_long = abs(value) < 2**127 and int(float(value)) == value, -(2**63) <= value < 2**63
            return ("integers" if is_exact else "long") if is_long else ("wide" if is_exact else "huge")
        if re.fullmatch(number_pattern(self.decimal), text) and isfinite(float(text.replace(self.decimal, "."))):
            return "numbers"
        return "texts"

    def as_float(self, column: str) -> str:
        """SQL for the number in a column; None where it is none, or beyond float64.

        The engine takes spaces and tabs around it; to trim them first would take longer than all else.
        """
        text = column if self.decimal == "." else f"replace({column}, '{self.decimal}', '.')"
        return f"try_cast({text} as double)"

    def code_of(self, column: str, number: str, signs: str = UNUSUAL) -> str:
        """SQL for the place in `Counts` of a value; `number` is what the engine reads it as, which `as_float` says, and `signs`
        are those of `UNUSUAL` that values may have. `$missing` are the texts that are none.

        What the engine takes for a number is compared with the grammar only where the two may differ: that takes longer than
        all else.
        """
        apart = [f"contains({column}, chr({ord(sign)}))" for sign in (*signs, *("." if self.decimal != "." else ""))]
        is_unusual = " or ".join((f"({begins_unusually(column)})", *apart))
        has_fraction = " or ".join(f"contains({column}, '{sign}')" for sign in (self.decimal, "e", "E"))
        wide = f"try_cast({column} as hugeint)"
        return (
            f"case {self.when_missing(column, number, '0')} "
            f"when {number} is null then 6 "
            f"when ({is_unusual}) and not regexp_full_match({column}, '{number_pattern(self.decimal)}') then 6 "
            f"when {number} <> trunc({number}) then 5 "
            f"when not isfinite({number}) then 6 "
            f"when {has_fraction} then 5 "
            f"when strlen({column}) < 16 then 1 "
            f"when {wide} is null then 4 "
            f"when try_cast({wide} as bigint) is null then case when {exact(wide)} then 3 else 4 end "
            f"when {exact(wide)} then 1 else 2 end"
        )

    def when_missing(self, column: str, number: str, then: str) -> str:
        """SQL for the first branch of a `case`: `then` where a value is missing. Only what is no `number` is looked up among the
        missing texts, where none of them can be one.
        """
        is_missing = is_among_missing(column)
        return f"when {is_missing if self.missing_can_be_numbers else f'{number} is null and {is_missing}'} then {then}"

    @property
    def missing_can_be_numbers(self) -> bool:
        """Whether the engine may take a text that is missing for a number."""
        return any(re.search("[0-9]|inf|nan", text, re.IGNORECASE) for text in self.missing_values)

    def value_of(self, column: str, kind: Kind) -> str:
        """SQL for a value of that kind, of a column all of whose values are of it but in rows that are left out; null where it is missing."""
        # The engine would let its reader of csv files make a plain cast of a column, which ends at what it cannot.
        text = f"coalesce({column}, '')"
        cast = {"integer": f"try_cast({text} as bigint)", "number": self.as_float(text), "text": text}[kind]
        # What is no number is null as it is: a branch for each of thousands of columns takes the engine seconds.
        if kind != "text" and not self.missing_can_be_numbers:
            return cast
        return f"case when {is_among_missing(column)} then null else {cast} end"

    def counts(self, columns: Sequence[str], relation: str, signs: str = UNUSUAL) -> str:
        """SQL for the number of values and bytes, by the place of their column among `columns` and of their sort in `Counts`;
        `signs` as in `code_of`.

        One expression for all columns: thousands of them would take gigabytes.
        """
        values = f"select unnest([{', '.join(columns)}]) as v, unnest(range({len(columns)})) as place from {relation}"
        # Read once here: the engine would read it again in each branch.
        numbers = f"select place, v, {self.as_float('v')} as number from ({values})"
        coded = f"select place, v, {self.code_of('v', 'number', signs)} as code from ({numbers})"
        return f"select place, code, count(*), coalesce(sum(strlen(v)), 0)::bigint from ({coded}) group by place, code"


def is_among_missing(column: str) -> str:
    """SQL for whether a value is one of the texts `$missing`."""
    return f"list_contains($missing, coalesce({column}, ''))"


def begins_unusually(column: str) -> str:
    """SQL for whether a number may have a space, a plus or zeros in front: such a text is in one of these ranges."""
    return f"{column} < '1' and ({column} >= '00' or {column} < '-' or ({column} >= '-00' and {column} < '-1'))"


def exact(wide: str) -> str:
    """SQL for whether float64 holds an integer."""
    return f"(try_cast(cast({wide} as double) as hugeint) is not distinct from {wide})"


def row_type(kind: Kind) -> TensorType:
    """The type of one row of a column of that kind."""
    return TensorType((), DTYPES[kind])
