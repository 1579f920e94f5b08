"""Errors about a row of the data say where it is in its files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from modelc.compiler.binding.held_out_columns import of_rows
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.read_binding import of_other_rows


def nowhere(row: int) -> str:
    """What is said of the place of a row that is in no file."""
    return ""


@contextmanager
def located_by(place_of: Callable[[int], str], numbers: Array | None = None) -> Iterator[None]:
    """Let an error about a row, which the block raises, say where the row is: what `place_of` says of its number. `numbers` are
    those in the source of the rows that the block has, where others of it are left out.
    """
    try:
        yield
    except RunError as error:
        if error.row is None:
            raise
        error = error if numbers is None else error.of_row(int(numbers[error.row]))
        raise error.located(place_of(error.row or 0)) from None


@contextmanager
def of_own_rows(key: str, at: Path) -> Iterator[None]:
    """Let an error that the block raises say that it is of the rows under `key`, of which the spec speaks `at` a place."""
    try:
        yield
    except RunError as error:
        raise of_other_rows(error).replaced(message=f"{of_rows(key)}{error.message}", at=at) from None
