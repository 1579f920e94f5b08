"""One input or target from its column, read as the training rows have decided, with what to do about integers that a float
would round: which ways there are depends on what the values are for, and on whether they are the rows of training.
"""

from collections.abc import Collection

import numpy as np

from modelc.compiler.binding.task import Binding
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.casts import RoundedIntegers, plan_array
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.counted_elements import shown_column

Measured = Arrays
"""By `key_of` a binding, for each place of its column's last axis whether large numbers are measured there."""
ROUNDED = "the model takes what float32 can hold: correct these rows, or train it again with an `offset` or a `scale` for both"
"""What to do about other rows than those of training, whose reader is part of the trained model."""


def key_of(binding: Binding) -> str:
    """What a binding is called among all of a task."""
    return f"{'targets' if binding.wanted is None else 'inputs'}/{binding.name}"


def read_binding(
    binding: Binding, columns: Arrays, counts: Array | None = None, trained: Measured | None = None
) -> tuple[Array, Array | None]:
    """The array of a binding, and what its reader has decided of its column. Of a target, `counts` says which elements
    count; `trained` is what was decided of the training rows, where these are others.
    """
    need_column(binding, columns)
    reader, column = binding.reader, columns[binding.subject]
    try:
        shown = shown_column(reader, column, counts) if binding.wanted is None else column
        if shown is None:
            assert counts is not None, "some elements do not count"
            planned = plan_array(reader, column, None)
            return np.zeros((len(counts), *planned.shape), planned.dtype), None
        measured = reader.measured(shown) if trained is None else trained.get(key_of(binding))
        if trained is not None and measured is not None:
            reader = reader.as_trained(measured)
        return reader.read(shown, binding.wanted), measured
    except RunError as error:
        raise advised(error, binding).placed(binding.at) from None


def read_every(binding: Binding, columns: Arrays, trained: Measured | None) -> Array:
    """An input from new rows, all of them: `rows` of the reader counts those of training."""
    reader = binding.reader
    if "rows" in type(reader).model_fields:
        reader = reader.model_copy(update={"rows": None})
    return read_binding(binding._replace(reader=reader), columns, trained=trained)[0]


def need_column(binding: Binding, there: Collection[str]) -> None:
    """Raise RunError E401 unless the column of `binding` is among those that are `there`."""
    if binding.subject not in there:
        raise RunError(
            "E401",
            f"the data has no column `{binding.subject}` for `{binding.name}`",
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
