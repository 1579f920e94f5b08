"""The reader of labels: integers, or names that become integers."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.fields import Shape
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt
from modelc.compiler.library.readers.casts import plan_arrays, to_integers
from modelc.compiler.library.readers.categorical import CategoricalReader
from modelc.compiler.library.readers.checks import Rows, need_rows, shape_of_row


class CategoryReader(CategoricalReader):
    """A column of labels as integers from 0 to the number of classes, exclusive.

    Integers are taken as they are, with the names of their classes where the source knows these. Text (numpy `str`, or
    UTF-8 `bytes`) is looked up in the list `classes`, in whose order the classes count. Where there are many, `classes: {file: names.txt}` reads them from a text file. A text that
    is not there is an error, unless `unknown` names one more class, the last, for all of those: so an input of text,
    `[rows]` or tokens `[rows, time]`, becomes ids for `embedding` or `category_encoding`.

    `vocabulary: N` learns the names of N classes: the N - 1 that are most frequent in the training rows (of two that are as
    frequent, the first in the order of their characters), and `unknown` for all others, which is the last. Integers are names
    too then. Where the training rows have fewer names, no row is of the classes between. Of a target, `unknown` is a class
    as any other: losses and metrics count the rows that have it.

    `hash: N` is for more names than can be learnt, such as those of users: the id of a name, from 0 to N - 1, is the 8 bytes of
    its BLAKE2b digest in UTF-8 (RFC 7693) as a big-endian integer, modulo N. Nothing is learnt, no name is unknown, and two names
    may have the same id. With `missing: none`, missing values are the name `none`. `cross: [hour]` hashes the values of several
    columns together, joined by the character U+001F, so that each combination has an id of its own but for chance.
    """

    primary = "column"
    spellings = ("label", "labels", "class", "categorical", "categories", "class_label")
    example = "category: {column: label, classes: [cat, dog]}"
    gives_labels = True

    shape: Annotated[
        Shape | None,
        Field(description="New shape of one row, with the same number of values: `[]` for labels of shape `[1]`."),
    ] = None
    rows: Rows = None

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        return self.shape

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`category` returns integer labels, but the input takes {wanted and wanted.dtype}"
        help = "give the input `dtype: int32`, or read the column with `array`"
        need(wanted is None or wanted.is_integer, message, help=help, code="E402")
        self.check_arguments()
        if columns is None:
            return None
        column = columns[self.column]
        need_rows(self.rows, column, self.column)
        self.check_columns(columns, "category")
        shape = shape_of_row(self.shape, column, self.column)
        return TensorType(shape, "int32" if wanted is None else wanted.dtype)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        first = self.rows[0] if self.rows else 0
        learnt = self.learn(columns) if learnt is None else learnt
        what = "label" if wanted is None else "id"
        labels = self.labels(columns, self.rows, learnt, self.count, what)
        return to_integers(labels, planned.dtype, self.column, first).reshape(len(labels), *planned.shape)
