"""Rows that stay in the files that a reader opens, such as images, and are decoded whenever they are asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, cast

import numpy as np

from modelc.compiler.binding.task import Binding
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import available_memory
from modelc.compiler.library.readers.opened_files import BrokenFiles, paths_of
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.prepared.opened_stamps import stamps_of
from modelc.runtime.data.prepared.stamps import Stamp
from modelc.runtime.data.read_binding import read_binding

BYTES = 2**26
"""As many bytes of decoded targets are looked at together before training."""
AGAIN = "bring the file back as it was and go on with `--resume`, or train anew"


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """The files that the rows of a task name, below `root`, with the stamps that they had when the rows were checked."""

    root: Root
    stamps: Mapping[str, Stamp | None]

    def need_same(self, paths: list[str]) -> None:
        """Raise RunError E405 where one of these files is not as it was."""
        for path, stamp in stamps_of(self.root, paths):
            if stamp is None:
                raise RunError("E405", f"{path!r} is gone since its rows were checked", helps=(AGAIN,))
            if stamp != self.stamps.get(path):
                raise RunError("E405", f"{path!r} has changed since its rows were checked", helps=(AGAIN,))


@dataclass(frozen=True, slots=True, eq=False)
class DecodedRows:
    """The rows of an input or target, `[rows, ...]`: those that are asked for by an index are read from their files then, as an array.

    `columns` are those of its reader, `places` where its rows are in the source.
    """

    binding: Binding
    columns: Arrays
    places: Array
    learnt: Learnt
    files: OpenedFiles
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes that all rows would have in memory."""
        return prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Array) -> Array:
        """The rows at these indices. Raises RunError E405 for files that are others now, and E407."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        paths = [path for name in self.binding.names for path in paths_of(np.ma.getdata(columns[name]))]
        try:
            found, _ = read_binding(self.binding, columns, self.learnt)
        except RunError as error:
            self.files.need_same(paths)
            if isinstance(error, BrokenFiles):
                raise error.among(self.places[rows].tolist(), error.rows) from None
            raise
        # What changed while it was read is not trained on.
        self.files.need_same(paths)
        return found.reshape(len(found), *self.shape[1:])


def is_decoded(array: object) -> bool:
    """Whether the rows of an array are decoded when they are asked for."""
    return isinstance(array, DecodedRows)


def as_array(rows: DecodedRows) -> Array:
    """`rows` as what takes some rows of an array by their indices sees them: it has no other use for these."""
    return cast(Array, rows)


def has_decoded(part: Part) -> bool:
    """Whether rows of a part are decoded when they are asked for."""
    return any(is_decoded(array) for array in (*part.inputs.values(), *part.targets.values()))


def with_targets(part: Part) -> Iterator[Part]:
    """The rows of a part, some after the other, with targets that are arrays and without inputs that are decoded; where its targets are
    arrays, the part itself.
    """
    decoded = [array for array in part.targets.values() if is_decoded(array)]
    if not decoded:
        yield part
        return
    step = max(BYTES // max(sum(array.nbytes for array in decoded) // part.rows, 1), 1)
    inputs = {name: array for name, array in part.inputs.items() if not is_decoded(array)}
    for start in range(0, part.rows, step):
        yield replace(part, inputs=inputs).between(start, start + step)


def in_memory(array: Array) -> Array | None:
    """The whole of an array; None for one that is decoded, and too large for a part of the memory."""
    if not is_decoded(array):
        return array
    there = available_memory()
    return array[:] if there is None or 8 * array.nbytes <= there else None
