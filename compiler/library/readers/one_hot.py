"""The reader of categories as vectors of 0 and 1."""

from collections.abc import Mapping
from typing import ClassVar

from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt
from modelc.compiler.library.readers.casts import plan_arrays
from modelc.compiler.library.readers.categorical import CategoricalReader


class OneHotReader(CategoricalReader):
    """A column of labels as vectors `[classes]` in float32: 1 at the class of the row, 0 at all others.

    The classes are those of `category`, with the same arguments: `classes`, their names or their number, `vocabulary`, as
    many as are learnt, or `hash`. A column with several labels in each row, `[time]`, gives `[time, classes]`. As a target it is a
    distribution, which `cross_entropy` takes; labels, as `category` reads them, take less memory.
    """

    primary = "column"
    spellings = ("onehot", "one_hot_encoding", "dummies", "get_dummies")
    example = "one_hot: {column: heating, classes: [gas, oil, wood]}"
    foreign_arguments: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("depth", "num_classes", "n_classes"), "write `classes: {value}`"
    )

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`one_hot` returns floats, but the input takes {wanted and wanted.dtype}"
        help = "give the input `dtype: float32`, or read ids with `category`"
        need(wanted is None or wanted.is_float, message, help=help, code="E402")
        message = (
            f"`one_hot` of `{self.column}` does not say how many classes there are, and so how long its vectors are"
        )
        help = "say their names or their number, `classes: [gas, oil]`, or let them be learnt: `vocabulary: 100`"
        need(self.count is not None, message, help=help, code="E403")
        self.check_arguments()
        if columns is None:
            return None
        column = columns[self.column]
        self.check_columns(columns, "one_hot")
        shape = () if column.type is None else column.type.shape
        return TensorType((*shape, self.count or 0), "float32" if wanted is None else wanted.dtype)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        learnt = self.learn(columns) if learnt is None else learnt
        labels = self.labels(columns, None, learnt, self.count, "label")
        return vectors_of(labels, planned.shape[-1], planned.dtype)


def vectors_of(labels: NumpyArray, count: int, dtype: str) -> NumpyArray:
    """`labels` `[...]` as vectors `[..., count]` of 0 with one 1."""
    found = np.zeros((*labels.shape, count), dtype)
    np.put_along_axis(found, labels[..., None].astype("int64"), 1, axis=-1)
    return found
