"""Finds the rows that a reader raises errors for by reading: many together, and those among which there is one again by halves."""

from collections.abc import Callable, Mapping

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.bad_row import Fault

AT_ONCE = 1024
"""As many rows are read together."""
OF_ROWS = ("E402", "E403", "E404", "E407")
"""The codes of errors that one row may be to blame for."""


def faults_by_reading(read: Callable[[int, int], object], rows: int, column: str) -> Mapping[int, Fault]:
    """By their numbers, those of so many rows, from one to behind another, that `read` raises a RunError for which names a row.

    Raises RunError for other errors.
    """
    found: dict[int, Fault] = {}
    left = [(start, min(start + AT_ONCE, rows)) for start in reversed(range(0, rows, AT_ONCE))]
    while left:
        start, stop = left.pop()
        try:
            read(start, stop)
        except RunError as error:
            if error.code not in OF_ROWS or error.row is None:
                raise
            if stop - start == 1:
                found[start] = Fault(error.message.replace(" in row 0", "").removeprefix(f"`{column}` "), column)
            else:
                middle = (start + stop) // 2
                left += [(middle, stop), (start, middle)]
    return found
