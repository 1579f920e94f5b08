"""The source of columns in .npz files of the user."""

from collections.abc import Collection, Mapping
from typing import Annotated

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Inspected, Loaded, Source
from modelc.compiler.library.sources.alike import check_alike
from modelc.compiler.library.sources.archive import read_arrays, read_headers
from modelc.compiler.library.sources.npy_header import Header
from modelc.compiler.syntax.file_root import Root


class Npz(Source):
    """The arrays of an .npz file as columns, by name; the first axis of each counts the rows.

    Files are data: nothing is unpickled, and sizes are checked before memory is taken. Text columns are arrays of
    numpy's `str` dtype.
    """

    primary = "train"
    spellings = ("numpy", "np", "npz_file")
    example = "npz: {train: data/train.npz, test: data/test.npz}"

    train: Annotated[str, Field(min_length=1, description="File with the training rows, relative to the spec.")]
    test: Annotated[str | None, Field(min_length=1, description="File with the test rows, with the same columns.")] = (
        None
    )

    def files(self) -> tuple[str, ...]:
        return (self.train,) if self.test is None else (self.train, self.test)

    def training_files(self) -> tuple[str, ...]:
        return (self.train,)

    def columns(self) -> Mapping[str, Column] | None:
        return None

    def inspect(self, root: Root) -> Inspected:
        found: dict[str, FileColumns] = {}
        absent: list[AbsentFile] = []
        for path in dict.fromkeys(self.files()):
            try:
                found[path] = inspect_file(root, path)
            except AbsentFile as error:
                absent.append(error)
        if self.train in found and self.test is not None and self.test in found:
            check_alike(found[self.train], found[self.test], self.train, self.test)
        return Inspected(found.get(self.train), tuple(absent))

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        for error in self.inspect(root).absent:
            raise error
        train = load_file(root, self.train, names)
        return Loaded(train, None if self.test is None else load_file(root, self.test, names))


def inspect_file(root: Root, path: str) -> FileColumns:
    """The columns of one file, from its headers. Raises RunError E404 or E405."""
    with root.open(path) as file:
        headers, refused = read_headers(file, path)
    check_rows(headers, path)
    columns = {
        name: Column(TensorType(header.shape[1:], header.dtype), rows=header.shape[0])
        for name, header in headers.items()
    }
    return FileColumns(columns, refused)


def load_file(root: Root, path: str, names: Collection[str] | None) -> dict[str, NumpyArray]:
    """The columns called `names` of one file, or all. Raises RunError E405, E502."""
    with root.open(path) as file:
        return read_arrays(file, path, names)


def check_rows(headers: Mapping[str, Header], path: str) -> None:
    """Raise RunError E404 unless all columns have the same number of rows, and at least one."""
    for name, header in headers.items():
        if not header.shape:
            raise RunError("E404", f"the column `{name}` in {path!r} is a single value and has no rows")
        if header.shape[0] == 0:
            raise RunError("E404", f"the column `{name}` in {path!r} has no rows")
    first, *others = headers
    for name in others:
        if headers[name].shape[0] != headers[first].shape[0]:
            raise RunError(
                "E404",
                f"the columns of {path!r} differ in length: `{first}` has {headers[first].shape[0]:,} rows, "
                f"`{name}` has {headers[name].shape[0]:,}",
                helps=("keep training and test rows in two files: `npz: {train: FILE, test: FILE}`",),
            )
