"""The work that fixes may cost: each attempt checks the spec again, which takes as long as the first check did."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

MAX_WORK = 400_000
"""What checking a spec again may cost in all, in the cost of one character: some tenths of a second."""
FOR_EACH_VALUE = 40
FOR_EACH_CHECK = 4_000


class OutOfWork(Exception):
    """Raised where another attempt would cost more than is left."""


class Work:
    """How much work is `left`, and how many attempts are `free`: allowed whatever they cost."""

    def __init__(self, free: int) -> None:
        self.left = MAX_WORK
        self.free = free


CURRENT: ContextVar[Work | None] = ContextVar("modelc_work", default=None)


def cost_of(sources: Mapping[str, str], values: int) -> int:
    """The cost of a check of these texts, which came to so many `values` when blocks and variables were expanded."""
    return FOR_EACH_CHECK + sum(map(len, sources.values())) + FOR_EACH_VALUE * values


@contextmanager
def limited_work(free: int = 0) -> Iterator[None]:
    """Limit the work of all that happens inside; a limit that is there already stays. The first attempts may be `free`."""
    token = CURRENT.set(CURRENT.get() or Work(free))
    try:
        yield
    finally:
        CURRENT.reset(token)


def spend(cost: int) -> None:
    """Take `cost` from what is left, if anything is limited. Raises OutOfWork."""
    work = CURRENT.get()
    if work is None:
        return
    if cost > work.left and not work.free:
        raise OutOfWork
    work.left -= cost
    work.free = max(work.free - 1, 0)
