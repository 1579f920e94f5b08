"""Lists and counts of things as messages write them."""

from collections.abc import Collection, Iterable
from itertools import islice

MOST_LISTED = 50
"""Names of a list that a message shows."""


def name_list(names: Iterable[str], word: str = "and") -> str:
    """Names in backticks, the last after "and" or another `word`: `a`, `b` and `c`."""
    *others, last = [f"`{name}`" for name in names]
    return f"{', '.join(others)} {word} {last}" if others else last


def listed(names: Collection[str]) -> str:
    """Names after each other, of very many the first ones: a spec may have thousands of nodes."""
    if len(names) <= MOST_LISTED:
        return ", ".join(names)
    return f"{', '.join(islice(names, MOST_LISTED))} and {len(names) - MOST_LISTED:,} more"


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural where it is not one: "1 file", "3 files"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def indexed(number: int) -> str:
    """How many entries a list has, and which they are: "3 entries, 0 to 2"."""
    which = f", 0 to {number - 1:,}" if number > 1 else ", 0" if number else ""
    return f"{number:,} {'entry' if number == 1 else 'entries'}{which}"
