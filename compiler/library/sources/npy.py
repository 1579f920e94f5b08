"""The source of columns in .npy files of the user, a file for each."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, BinaryIO, ClassVar, Self

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.library.base.fields import Count, Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Inspected, Loaded, Source
from modelc.compiler.library.contracts.weight_rules import ArrayFile
from modelc.compiler.library.sources.alike import check_alike
from modelc.compiler.library.sources.archive import check_characters, need_room, read_array
from modelc.compiler.library.sources.array_file import header_of_npy
from modelc.compiler.library.sources.npy_header import Header
from modelc.compiler.syntax.file_root import Root

ALONE = "array"
"""The column of a file that is given without a name for it."""


def read_files(value: Any) -> Any:
    """A path, or paths by the names of their columns. Raises for anything else."""
    if value is None or (isinstance(value, str) and value):
        return value
    if isinstance(value, dict) and value and all(isinstance(path, str) and path for path in value.values()):
        return value
    help = "for example `npy: {train: {image: x_train.npy, label: y_train.npy}}`, or `npy: frames.npy` for one"
    raise PydanticCustomError(
        "files", "expected a path for each column, or one path", {"help": help, "label": "no paths"}
    )


Paths = Annotated[str | dict[str, str], BeforeValidator(read_files)]


class Npy(Source):
    """The array in each of one or several .npy files as a column; its first axis counts the rows, or another `axis`.

    `npy: {train: {image: x_train.npy, label: y_train.npy}}` has the columns `image` and `label`; one path, as in
    `npy: frames.npy`, is the column `array`. `axis: 1` is for arrays `[steps, rows, ...]`, whose rows become
    `[steps, ...]`; `axis: {frames: 1}` for one of several. Files are data: nothing is unpickled, and sizes are checked before
    memory is taken.
    """

    primary = "train"
    endings = (".npy",)
    spellings = ("npy_file", "numpy_file", "np_load", "load_npy")
    example = "npy: {train: {image: x_train.npy, label: y_train.npy}}"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("columns", "files", "path", "paths", "arrays"), "write `train: {value}`"),
        **dict.fromkeys(("swapaxes", "moveaxis", "batch_axis", "transpose"), "write `axis: 1`, the axis of the rows"),
    }

    train: Annotated[
        Paths,
        Field(
            min_length=1, description="File with the training rows of each column, relative to the spec; or one path."
        ),
    ]
    test: Annotated[
        Paths | None, Field(min_length=1, description="Files with the test rows, with the same columns.")
    ] = None
    axis: Annotated[
        Count | dict[str, Count],
        Field(
            description="Which axis of the arrays counts the rows, from 0; or that of single columns, by their names."
        ),
    ] = 0

    def files(self) -> tuple[str, ...]:
        return (*self.training_files(), *(by_column(self.test).values() if self.test is not None else ()))

    def training_files(self) -> tuple[str, ...]:
        return tuple(by_column(self.train).values())

    def reading(self, path: str) -> Self:
        names = [*by_column(self.train)]
        if len(names) > 1:
            message = f"{path!r} has one column, and the rows of this source are in {len(names)} files: {listed(names)}"
            arrays = ", ".join(f"{name}={name}" for name in names)
            raise RunError("E404", message, helps=(f"write them to one: `numpy.savez('rows.npz', {arrays})`",))
        return self.model_copy(update={"train": {names[0]: path}, "test": None})

    def inspect(self, root: Root) -> Inspected:
        absent: list[AbsentFile] = []
        found: list[FileColumns | None] = []
        for given in (self.train, self.test):
            columns = None
            try:
                columns = None if given is None else self.columns_in(root, by_column(given))
            except AbsentFile as error:
                absent.append(error)
            found.append(columns)
        train, test = found
        if train is not None and test is not None:
            check_alike(
                train, test, *(next(iter(by_column(given or "").values())) for given in (self.train, self.test))
            )
        return Inspected(train, tuple(absent))

    def columns_in(self, root: Root, files: Mapping[str, str]) -> FileColumns:
        """The columns of some files, from their headers. Raises RunError E404, E405."""
        headers = {name: self.header_of(root, name, path) for name, path in files.items()}
        (first, one), *others = headers.items()
        for name, header in others:
            if header.shape[0] != one.shape[0]:
                message = (
                    f"{files[first]!r} has {counted(one.shape[0], 'row')}, and {files[name]!r} has {header.shape[0]:,}"
                )
                help = "each file has a value for each row; `axis: {NAME: 1}` says which axis of an array counts them"
                raise RunError("E404", message, helps=(help,))
        columns = {
            name: Column(TensorType(header.shape[1:], header.dtype), rows=header.shape[0])
            for name, header in headers.items()
        }
        return FileColumns(columns, {})

    def axis_of(self, name: str) -> int:
        """Which axis of the array of a column counts the rows."""
        return self.axis.get(name, 0) if isinstance(self.axis, dict) else self.axis

    def header_of(self, root: Root, name: str, path: str) -> Header:
        """The header of the column called `name`, its rows on the first axis. Raises RunError E404, E405."""
        with opened(root, path) as (_, header):
            axis, shape = self.axis_of(name), header.shape
            if axis >= len(shape):
                message = f"the array in {path!r} has the shape {show_shape(shape)}, and no axis {axis} for rows"
                raise RunError("E404", message, helps=("axes are counted from 0: `axis` is less than their number",))
            if shape[axis] == 0:
                raise RunError("E404", f"the array in {path!r} has no rows")
            return header._replace(shape=(shape[axis], *shape[:axis], *shape[axis + 1 :]))

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        for error in self.inspect(root).absent:
            raise error
        test = None if self.test is None else self.arrays_in(root, by_column(self.test), names)
        return Loaded(self.arrays_in(root, by_column(self.train), names), test)

    def arrays_in(self, root: Root, files: Mapping[str, str], names: Collection[str] | None) -> dict[str, NumpyArray]:
        """The columns called `names`, or all. Raises RunError E404, E405, E502."""
        arrays: dict[str, NumpyArray] = {}
        for name, path in files.items():
            if names is not None and name not in names:
                continue
            axis = self.axis_of(name)
            with opened(root, path) as (source, header):
                # What changes its order takes a second array of the size.
                need_room({name: header._replace(fortran_order=header.fortran_order or axis > 0)}, path)
                array = read_array(source, header)
            if header.dtype == "str":
                check_characters(array, name, path)
            arrays[name] = np.ascontiguousarray(np.moveaxis(array, axis, 0))
        return arrays


def by_column(given: str | Mapping[str, str]) -> Mapping[str, str]:
    """The path of each column."""
    return {ALONE: given} if isinstance(given, str) else given


@contextmanager
def opened(root: Root, path: str) -> Iterator[tuple[BinaryIO, Header]]:
    """The file at `path`, at its beginning, and the header of its array. Raises RunError E405."""
    with root.open(path) as source:
        header = header_of_npy(source, ArrayFile(path, None))
        source.seek(0)
        yield source, header
