"""The contracts of data: a source has named columns, a reader makes one model input or target of a column.

`columns` says what can be known without reading (no numpy); `load` reads. Every path goes through `Root`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelc.compiler.named import Named
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of a column without reading it: the type of one row, and the number of classes of labels."""

    type: TensorType
    classes: int | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source in memory: columns of equal length for training, and for testing where the source brings its own."""

    train: Mapping[str, "np.ndarray[Any, Any]"]
    test: Mapping[str, "np.ndarray[Any, Any]"] | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """Where a spec may read: files below `folder` (its own, or `--root`), and the cache of downloads."""

    folder: Path
    cache: Path

    def resolve(self, path: str) -> Path:
        """The file that `path`, a text in a spec, names.

        Raises RunError E405 for a path that is absolute, leaves the folder (by `..` or by a link), or is no regular file.
        """
        raise NotImplementedError


class Source(Named):
    """Abstract: each subclass is one source of columns."""

    def columns(self) -> Mapping[str, Column] | None:
        """The columns as far as they are known without reading; None where only the file can tell."""
        raise NotImplementedError

    def load(self, root: Root) -> Loaded:
        """Read the columns. Raises RunError E401, E404 or E405 when the data is not there or not as it should be."""
        raise NotImplementedError


class Reader(Named):
    """Abstract: each subclass is one way from a column to an input or target of the model."""

    def plan(self, column: Column | None, wanted: TensorType | None) -> TensorType | None:
        """The type of one row after reading; None where the column is not known yet.

        `wanted` is the model input to be fed (None for a target): a lossy cast to it raises `PlanError` E402.
        """
        raise NotImplementedError

    def class_names(self, column: Column | None) -> tuple[str, ...] | int | None:
        """For labels: the names of the classes, or their number where they have no names; None for other readers."""
        return None

    def read(self, column: "np.ndarray[Any, Any]", wanted: TensorType | None) -> "np.ndarray[Any, Any]":
        """The column, `[rows, ...]`, as the array that the model takes. Raises RunError E402, E403 or E404."""
        raise NotImplementedError
