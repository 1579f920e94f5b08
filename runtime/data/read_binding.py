"""One input or target from its column, read by what was learnt of the training rows, with what to do about integers that a float
would round: which ways there are depends on what the values are for, and on whether they are the rows of training.
"""

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Binding
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.casts import RoundedIntegers, plan_arrays
from modelc.compiler.library.readers.checks import refuse_missing
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.counted_elements import shown_columns
from modelc.runtime.data.learning import Learnt, every_row, learn
from modelc.runtime.data.per_group import learn_of_groups, read_of_groups

ROUNDED = "the model takes what float32 can hold: correct these rows, or train it again with an `offset` or a `scale` for both"
"""What to do about other rows than those of training, whose reader is part of the trained model."""


def read_binding(
    binding: Binding,
    columns: Arrays,
    learnt: Learnt,
    counts: Array | None = None,
    training: Array | slice | None = None,
) -> tuple[Array, Any]:
    """The array of a binding, and what its reader has learnt, of the rows `training` where these are given, else before. Of a
    target, `counts` says which elements count.
    """
    need_columns(binding, columns)
    reader, given = binding.reader, {name: columns[name] for name in binding.names}
    try:
        if not reader.takes_missing:
            given = {name: without_missing(binding, name, column, counts) for name, column in given.items()}
        if counts is not None and not counts.any():
            planned = plan_arrays(reader, given, None)
            return np.zeros((len(counts), *planned.shape), planned.dtype), None
        if binding.groups is None:
            value = learnt.of(binding) if training is None else learn(binding, given, training, counts)
            return array_of(binding, given, value, counts), value
        if training is None:
            value = learnt.of(binding)
        else:
            value = learn_of_groups(binding, columns, training, lambda rows: learn(binding, given, rows, counts))
        return read_of_groups(binding, columns, value, partial(array_of_rows, binding, given, counts)), value
    except RunError as error:
        raise advised(error, binding).placed(binding.at) from None


def learnt_of(binding: Binding, columns: Arrays, training: Array | slice) -> Any:
    """What the reader of a binding, all of whose rows count, learns of the rows `training`. Raises RunError as `read_binding` does."""
    need_columns(binding, columns)
    given = {name: columns[name] for name in binding.names}
    try:
        if not binding.reader.takes_missing:
            given = {name: without_missing(binding, name, column, None) for name, column in given.items()}
        return learn(binding, given, training, None)
    except RunError as error:
        raise advised(error, binding).placed(binding.at) from None


def array_of(binding: Binding, columns: Arrays, learnt: Any, counts: Array | None) -> Array:
    """What the reader of a binding makes of `columns`, of a target where `counts` says that elements count, of which there are some."""
    every = every_row(binding).reader
    shown = shown_columns(binding.reader, columns, counts, lambda row: every.read(row, None, learnt))
    assert shown is not None, "some elements count"
    return binding.reader.read(shown, binding.wanted_of_row, learnt)


def array_of_rows(binding: Binding, columns: Arrays, counts: Array | None, rows: Array, learnt: Any) -> Array:
    """The same of some rows, of which perhaps nothing counts."""
    kept, given = None if counts is None else counts[rows], {name: column[rows] for name, column in columns.items()}
    if kept is not None and not kept.any():
        planned = plan_arrays(binding.reader, given, None)
        return np.zeros((len(rows), *planned.shape), planned.dtype)
    return array_of(binding, given, learnt, kept)


def without_missing(binding: Binding, name: str, column: Array, counts: Array | None) -> Array:
    """The column called `name` of a binding whose reader has no use for missing values, in rows that are read and count.

    Raises RunError E402.
    """
    first, last = getattr(binding.reader, "rows", None) or (0, len(column))
    rows = np.zeros(len(column), bool)
    rows[first:last] = True if counts is None else counts.reshape(len(counts), -1).any(axis=1)
    return refuse_missing(column, name, 0, rows)


def need_columns(binding: Binding, there: Collection[str]) -> None:
    """Raise RunError E401 unless the columns of `binding` are among those that are `there`."""
    for name in binding.names:
        if name not in there:
            raise RunError(
                "E401",
                f"the data has no column `{name}` for `{binding.name}`",
                notes=(f"columns: {', '.join(there)}",),
                at=binding.at,
            )


def advised(error: RunError, binding: Binding) -> RunError:
    """`error` with the ways that are there for what the binding is: a weight means something else after an offset."""
    if isinstance(error, RoundedIntegers) and binding.at == ("data", "sample_weight"):
        return error.only("scale", "nearest")
    if isinstance(error, RoundedIntegers) and binding.copies_input:
        asked = error.only("shift", "scale").ways
        return error.with_ways({kind: f"in place of `same_as`, {way}" for kind, way in asked.items()})
    return error


def of_other_rows(error: RunError) -> RunError:
    """`error` about other rows than those of training: their numbers say nothing of what a reader should be."""
    if not isinstance(error, RoundedIntegers):
        return error
    return error.with_ways({"train": ROUNDED, **error.only("nearest").ways})
