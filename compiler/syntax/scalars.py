"""Resolves plain scalars by the YAML 1.2 core schema, with `true` and `false` as the only booleans.

Whatever is not null, a boolean or a decimal number is a string: `no`, `017`, `0x1f`, `1_000`, `1:30`, `2024-01-01`.
"""

import math
import re

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
NUMERIC_START = frozenset("+-.0123456789")
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
NON_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
MAX_DIGITS = 18
"""Integers below 10^18 fit in 64 bits with room to spare, and reading one takes no time."""
NO_KEY = "a key is missing before the `:`"


class OutOfRange(ValueError):
    """A number that a spec cannot contain; the message says why, and `help` what to write."""

    help = "write a finite number; a bound that is to be none is left out"


def resolve(text: str) -> str | int | float | bool | None:
    """The value of the plain scalar `text`. Raises OutOfRange for infinities, NaN and numbers beyond 64 bits."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC_START:
        return text
    if INTEGER.fullmatch(text):
        if len(text.lstrip("+-")) > MAX_DIGITS:
            raise OutOfRange(f"an integer may have {MAX_DIGITS} digits, this one has {len(text.lstrip('+-'))}")
        return int(text)
    if FLOAT.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise OutOfRange(f"`{shorten(text)}` exceeds the largest float, 1.8e308")
        if value == 0 and text.lower().partition("e")[0].strip("+-.0"):
            raise OutOfRange(f"`{shorten(text)}` is too close to zero for a float")
        return value
    if NON_FINITE.fullmatch(text):
        raise OutOfRange("infinity and NaN are not allowed in a spec")
    return text


def shorten(text: str, limit: int = 40) -> str:
    """`text`, cut to `limit` characters, for a message."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def show_control(char: str) -> str:
    """What `char`, which no text may hold, is, for a message."""
    what = "half of a surrogate pair" if "\ud800" <= char < "\ue000" else "the control character"
    return f"{what}, U+{ord(char):04X}"
