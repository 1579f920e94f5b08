"""What stands for rows that others leave out: `on_bad_lines: skip` of pandas, `drop_remainder` of TensorFlow, `drop_row` of Ludwig."""

from typing import Any

SKIP = "write `on_bad_row: skip` below `data:`"
WHAT = "rows that cannot be read are left out, counted and listed"
WHOLE_BATCHES = "remove it: the last batch has the rows that are left, and counts by these"


def as_bad_rows(value: Any, spec: Any = None) -> str:
    """What to write for a word of `BAD_ROWS` with this value."""
    if str(value).lower() in ("error", "raise", "strict", "false", "none", "fail"):
        return "remove it: a row that cannot be read is an error"
    return f"{SKIP}: {WHAT}"


def as_turned(value: Any, spec: Any = None) -> str:
    """What to write for a word of `TURNED` with this value."""
    return "remove it: a row that cannot be read is an error" if value is True else f"{SKIP}: {WHAT}"


def as_missing(value: Any, spec: Any = None) -> str:
    """What to write for a word of `MISSING` with this value."""
    if isinstance(value, str) and "drop" not in value.lower():
        return "the reader says what stands for a missing value: `missing: median`, `mean`, a number, or for classes `unknown`"
    return f"{SKIP}: rows with a missing value that no reader has a use for are left out"
