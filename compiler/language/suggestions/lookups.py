"""What was looked up in one check is remembered until it ends, and after a number of comparisons no more is looked up.

To compare a name with all that it could mean is expensive in a text of thousands of unknown names.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar, cast

MAX_COMPARISONS = 30_000
"""Pairs of names that one check compares: about 180 unknown layers."""

T = TypeVar("T")


class Lookups:
    """The lookups of one check, in which the plug-ins stay the same; `left` comparisons may still be made."""

    def __init__(self) -> None:
        self.left = MAX_COMPARISONS
        self.known: dict[Hashable, object] = {}

    def once(self, key: Hashable, look_up: Callable[[], T], comparisons: int = 0, otherwise: T | None = None) -> T:
        """What `look_up` gives, computed once for `key`; `otherwise` if it makes `comparisons` and none are left."""
        if key not in self.known:
            if comparisons and self.left <= 0:
                return cast(T, otherwise)
            self.left -= comparisons
            self.known[key] = look_up()
        return cast(T, self.known[key])


CURRENT: ContextVar[Lookups | None] = ContextVar("modelc_lookups", default=None)


def lookups() -> Lookups:
    """The lookups of the check in which this is called; outside of one, new ones."""
    return CURRENT.get() or Lookups()


@contextmanager
def remembered() -> Iterator[None]:
    """Remember what is looked up inside, which is one check."""
    token = CURRENT.set(CURRENT.get() or Lookups())
    try:
        yield
    finally:
        CURRENT.reset(token)
