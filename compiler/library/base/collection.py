"""Pauses Python's search for reference cycles while many objects are made that are all needed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Pause the search for reference cycles: a check makes tens of thousands of objects that live until its end, and to look
    at all of them again and again takes as long as the check itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
