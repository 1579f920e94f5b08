"""The contract of a reader, which makes one input or target of the model from columns of the source.

What a reader needs to know of the rows, such as a mean or a vocabulary, it learns from the training rows alone. That is kept in
the run, and used for all other rows.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, Self

from modelc.compiler.library.base.bad_row_words import BAD_ROWS, MISSING
from modelc.compiler.library.base.lazy import NumpyArray, jnp, np
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.faults_by_reading import faults_by_reading
from modelc.compiler.syntax.file_root import Root

Arrays = Mapping[str, NumpyArray]
"""Columns by name, `[rows, ...]` each."""
Learnt = Any
"""What a reader has learnt: plain data that JSON can hold; None for nothing."""

LEFT_OUT = -1
"""What stands in labels for an element that no loss and no metric counts, where `Reader.may_leave_out` says so."""


class Unit(NamedTuple):
    """How values become those of the columns that they were read from: `value * scale + offset`, with a number each for every
    value of the last axis, or one for all.
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]

    def of(self, values: Any) -> Any:
        """`values` `[...]`, an array of numpy or jax, in the unit of the columns."""
        single = len(self.scale) == 1
        scale, offset = (numbers[0] if single else np.asarray(numbers, values.dtype) for numbers in self)
        return values * scale + offset


class UnitOfGroups(NamedTuple):
    """How values become those of the columns again in rows of several groups, by the unit of each."""

    units: tuple[Unit, ...]

    def of(self, values: Any, groups: Any) -> Any:
        """`values` `[rows, ...]`, an array of numpy or jax, in the unit of the columns; `groups` `[rows]` are the numbers of those of
        the rows.
        """
        space = np if isinstance(values, np.ndarray) else jnp
        scale, offset = (
            space.asarray(np.asarray(numbers, values.dtype))[groups] for numbers in zip(*self.units, strict=True)
        )
        width = scale.shape[1:] if scale.shape[1] > 1 else ()
        shape = (len(scale), *[1] * (values.ndim - 1 - len(width)), *width)
        return values * scale.reshape(shape) + offset.reshape(shape)


def in_unit(unit: Unit | UnitOfGroups | None, values: Any, groups: Any = None) -> Any:
    """`values` `[rows, ...]` in the `unit` of their columns; `groups` `[rows]` are the numbers of the groups of the rows, without
    which values with a unit for each group stay as they are.
    """
    if unit is None or (groups is None and isinstance(unit, UnitOfGroups)):
        return values
    return unit.of(values, groups) if isinstance(unit, UnitOfGroups) else unit.of(values)


def is_pattern(name: str) -> bool:
    """Whether a name stands for all columns that fit it."""
    return "*" in name or "?" in name


class Reader(Registered):
    """Abstract: each subclass is one way to make an input or target of the model from columns."""

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "span": "it stands beside the reader, not inside: `x: {array: ..., span: {value}}`",
        **dict.fromkeys(
            ("on_bad_row", *BAD_ROWS, *MISSING),
            "remove it: `on_bad_row: skip` below `data:` leaves out rows that cannot be read; for other values in their place see "
            "`missing` of readers that have it",
        ),
    }
    origin: ClassVar[Literal["column", "input"]] = "column"
    """What `subject` names: a column of the source, or an input of the model, whose finished array is then read."""
    gives_labels: ClassVar[bool] = False
    """Whether each value names a class. Labels are never taken for a distribution over classes, whatever their shape."""
    takes_missing: ClassVar[bool] = False
    """Whether it says what becomes of missing values; for others they are an error, and no array has a mask."""
    slow_to_read: ClassVar[bool] = False
    """Whether reading takes longer than mapping what was made of it, so that that is kept for the next run."""

    opens_files: ClassVar[bool] = False
    """Whether the values of its column are paths of files, which it opens below the root that `below` has given it."""

    endings: ClassVar[tuple[str, ...]] = ()
    """How the names of such files end, in lower case: of a folder of new rows, only these are rows."""

    @property
    def files(self) -> tuple[str, ...]:
        """The paths, as the spec has them, of files that it opens whatever its columns have, before it learns."""
        return ()

    def below(self, root: Root) -> Self:
        """This reader for paths from `root` on, for one that opens files; called once, before it learns and reads."""
        return self

    @property
    def subject(self) -> str:
        """The name of the column or input that is read, or of the first of several; it is in the primary argument."""
        raise NotImplementedError

    def names_among(self, there: Collection[str]) -> tuple[str, ...]:
        """The names of the columns that are read, in their order. `there` are those of the source, among which patterns
        are looked up; a pattern that fits none of them, and a name that is not there, stand as they are.
        """
        return (self.subject,)

    @property
    def may_leave_out(self) -> bool:
        """Whether `LEFT_OUT` may stand among the labels of a target."""
        return False

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        """The shape of one row after reading where the reader itself says it, whatever its columns have."""
        return None

    def way_to(self, shape: tuple[int, ...]) -> str:
        """How to have rows of this shape from the reader, as a help says it; empty where there is no way."""
        return ""

    @property
    def per_group(self) -> bool:
        """Whether it learns of each series of `windows` by itself, and reads it by that."""
        return False

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        """The type of one row after reading; None where it is not known before the `columns` are.

        `wanted` is the model input to be fed (None for a target): a lossy cast to it raises `PlanError` E402, labels
        outside the classes E403, rows that a column does not have E404. Its shape is compared by the caller.
        """
        raise NotImplementedError

    def class_names(self, columns: Mapping[str, Column] | None) -> tuple[str, ...] | int | None:
        """For labels: the names of the classes, or their number where they have no names; None for other readers."""
        return None

    def learn(self, columns: Arrays) -> Learnt:
        """What is to be known of the training rows, `[rows, ...]` each, before any rows are read. Raises RunError E403."""
        return None

    def unit(self, learnt: Learnt) -> Unit | None:
        """How values that were read become those of the columns again; None where they are these, or labels."""
        return None

    def classes_learnt(self, learnt: Learnt) -> tuple[str, ...] | None:
        """The names of the classes where they are learnt, as many as `class_names` says there are; None for others."""
        return None

    def remarks(self, learnt: Learnt) -> tuple[str, ...]:
        """What the log is to say of what was learnt, a sentence each without a full stop."""
        return ()

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        """What was learnt, for people who look at the data, a phrase each."""
        return ()

    @property
    def values_are(self) -> Literal["integer", "number"] | None:
        """What all values of its columns have to be, where a table has others: rows that have such can be left out. None where they
        may be anything.
        """
        return None

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        """By their numbers, the rows that `read` raises an error for whatever was learnt, and what is wrong with each: those that
        `on_bad_row: skip` leaves out, before rows are split and anything is learnt. `plan` has taken the columns; for readers that
        take no missing values there are none.
        """
        rows = len(columns[self.subject])

        def read(start: int, stop: int) -> object:
            return self.read({name: column[start:stop] for name, column in columns.items()}, wanted)

        return faults_by_reading(read, rows, self.subject)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        """The columns as the array `[rows, ...]` that the model takes; `learnt` is what `learn` has said. A row is read in the
        same way whatever other rows are there.

        Raises RunError E402, E403 or E404, and E407 for files that cannot be read.
        """
        raise NotImplementedError
