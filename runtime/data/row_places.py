"""Errors about a row of the data say where it is in its files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from modelc.compiler.diagnostics.exceptions import RunError


@contextmanager
def located_by(place_of: Callable[[int], str]) -> Iterator[None]:
    """Let an error about a row, which the block raises, say where the row is: what `place_of` says of its number."""
    try:
        yield
    except RunError as error:
        if error.row is None:
            raise
        raise error.located(place_of(error.row)) from None
