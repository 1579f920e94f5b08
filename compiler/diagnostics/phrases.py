"""Lists and counts of things as messages write them."""

from collections.abc import Iterable


def name_list(names: Iterable[str]) -> str:
    """Names in backticks, the last after "and": `a`, `b` and `c`."""
    *others, last = [f"`{name}`" for name in names]
    return f"{', '.join(others)} and {last}" if others else last


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural where it is not one: "1 file", "3 files"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
