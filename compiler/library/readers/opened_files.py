"""What readers share that open files: each value of their column is the path of one, below the root."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.processors import processors
from modelc.compiler.library.base.type_checks import need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers.names import name_of
from modelc.compiler.library.readers.rooted import RootedReader

TOGETHER = 16
"""As many rows are one task of a thread."""
SHOWN = 5
"""As many files are named in one error."""
SKIP = "repair these files or remove them"
"""What to do about files that cannot be read."""


class FileReader(RootedReader):
    """Abstract: a reader of a column of paths, which opens these files."""

    opens_files: ClassVar[bool] = True
    slow_to_read: ClassVar[bool] = True

    column: Annotated[str, Field(min_length=1, description="Name of the column with the paths of the files.")]

    @property
    def subject(self) -> str:
        return self.column

    def need_paths(self, columns: Mapping[str, Column] | None) -> None:
        """Raise `PlanError` E402 for a column, as far as it is known, that has no paths."""
        need_path_column(self.column, columns, "arrays of pixels are read with `array`")


def need_path_column(name: str, columns: Mapping[str, Column] | None, otherwise: str) -> None:
    """Raise `PlanError` E402 for the column called `name`, as far as it is known, if it has no paths; `otherwise` says how others
    are read.
    """
    type_ = None if columns is None else columns[name].type
    if type_ is None:
        return
    help = f"the source `files` has them in the column `file`; {otherwise}"
    message = f"`{name}` has {type_.dtype}, expected paths of files"
    need(type_.dtype in ("str", "bytes"), message, help=help, code="E402")
    message = f"one row of `{name}` has {type_.rank} axes, expected one path"
    need(type_.rank == 0, message, help=help, code="E402")


class BrokenFiles(RunError):
    """E407 for the files of a `column` that cannot be read, by the `faults` of their rows, of which there are `rows`."""

    def __init__(self, column: str, faults: Mapping[int, RunError], rows: int, at: Path = ()) -> None:
        row, first = next(iter(faults.items()))
        message, helps, notes = f"`{column}` in row {row}: {first.message}", first.helps or (SKIP,), list[str]()
        if len(faults) > 1:
            files = counted(rows, "file")
            message = f"{len(faults):,} of {files} of `{column}` cannot be read, the first in row {row}"
            notes = [f"row {row}: {fault.message}" for row, fault in [*faults.items()][:SHOWN]]
            notes += [f"and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
            helps = (SKIP,)
        super().__init__("E407", message, notes=tuple(notes), helps=helps, at=at, row=row)
        self.column, self.faults, self.rows = column, faults, rows

    def placed(self, at: Path) -> "BrokenFiles":
        return self if self.at else BrokenFiles(self.column, self.faults, self.rows, at)

    def among(self, places: Sequence[int], rows: int) -> "BrokenFiles":
        """The same error about some of so many `rows`, those at these `places`."""
        return BrokenFiles(self.column, {places[row]: fault for row, fault in self.faults.items()}, rows, self.at)


def file_faults(column: str, paths: Sequence[str], look_at: Callable[[int, str], object]) -> Mapping[int, Fault]:
    """The rows of a `column` of paths for which `look_at` raises a RunError, with what it says."""
    try:
        read_each(column, paths, look_at)
    except BrokenFiles as error:
        return {row: fault_of(column, paths[row], one) for row, one in error.faults.items()}
    return {}


def fault_of(column: str, path: str, error: RunError) -> Fault:
    """What is wrong with the row of a file, whose path is said beside it."""
    return Fault(error.message.removeprefix(f"{path!r} "), column, path)


def paths_of(column: NumpyArray) -> list[str]:
    """The values of a column of paths."""
    return [name_of(value) for value in column.tolist()]


def read_each(column: str, paths: Sequence[str], read_one: Callable[[int, str], object]) -> None:
    """Let threads call `read_one` with each row and its path. What it raises of one hinders no other.

    Raises BrokenFiles for all rows of which it raises a RunError.
    """

    from concurrent.futures import ThreadPoolExecutor

    def read_some(start: int) -> list[tuple[int, RunError]]:
        return [*faults_of(range(start, min(start + TOGETHER, len(paths))))]

    def faults_of(rows: Sequence[int]) -> Iterator[tuple[int, RunError]]:
        for row in rows:
            try:
                read_one(row, paths[row])
            except RunError as error:
                # A traceback would keep the pixels.
                yield row, error.with_traceback(None)

    if len(paths) <= TOGETHER:
        found = [read_some(0)]
    else:
        with ThreadPoolExecutor(processors()) as threads:
            try:
                found = [*threads.map(read_some, range(0, len(paths), TOGETHER))]
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise
    if faults := dict(fault for some in found for fault in some):
        raise BrokenFiles(column, faults, len(paths))
