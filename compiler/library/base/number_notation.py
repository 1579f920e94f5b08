"""How numbers are written in texts, as regular expressions: no zero in front gets lost, `00712` is none."""

import re
from functools import cache

SPACE = "[ \\t]*"
DIGITS = "(?:0|[1-9][0-9]*)"
INTEGER = f"{SPACE}[+-]?{DIGITS}{SPACE}"
"""An integer. Both `re` and the engine take this notation."""


@cache
def number_pattern(decimal: str) -> str:
    """A number, whose fraction begins with `decimal`; an integer is one too."""
    point = re.escape(decimal)
    return f"{SPACE}[+-]?(?:{DIGITS}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?{SPACE}"
