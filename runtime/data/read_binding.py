"""One input or target from its column, read by what was learnt of the training rows, with what to do about integers that a float
would round: which ways there are depends on what the values are for, and on whether they are the rows of training.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Binding
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.casts import RoundedIntegers, plan_arrays
from modelc.compiler.library.readers.checks import refuse_missing
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.counted_elements import shown_columns
from modelc.runtime.data.learning import Learnt, every_row, learn

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
        value = learnt.of(binding) if training is None else learn(binding, given, training, counts)
        every = every_row(binding).reader
        shown = shown_columns(reader, given, counts, lambda row: every.read(row, None, value))
        assert shown is not None, "some elements count"
        return reader.read(shown, binding.wanted_of_row, value), value
    except RunError as error:
        raise advised(error, binding).placed(binding.at) from None


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
