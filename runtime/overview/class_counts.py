"""How many rows of each part are of each class of a target."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import SAMPLE_WEIGHT, Binding, Task
from modelc.runtime.data.learning import Learnt
from modelc.runtime.overview.row_parts import PartRows

MOST_CLASSES = 10_000
"""Of more classes none are counted."""


class ClassCounts(NamedTuple):
    """The classes of a target, by name or number, and how many values of each part are of each; `column` is what it is read
    from. With `several`, a row may be of several classes.
    """

    target: str
    column: str
    names: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    several: bool


def class_counts(task: Task, parts: Sequence[PartRows]) -> tuple[ClassCounts, ...]:
    """The counts of each target that is read as labels, or as sets of them."""
    bindings = {
        name: one for name, one in (task.targets or {}).items() if name != SAMPLE_WEIGHT and not one.copies_input
    }
    found = (counts_of(binding, parts) for binding in bindings.values())
    return tuple(one for one in found if one is not None)


def counts_of(binding: Binding, parts: Sequence[PartRows]) -> ClassCounts | None:
    """The counts of one target; None for one without classes."""
    values = {part.name: part.part.targets[binding.name] for part in parts}
    array = values["training"]
    is_label, is_set = array.dtype.kind in "iu" and array.ndim <= 2, array.dtype.kind == "f" and array.ndim == 2
    names = names_of(binding, parts[0].part.learnt)
    number = names if isinstance(names, int) else len(names or ())
    if binding.reader.gives_labels and is_label and number == 0:
        number = 1 + max(int(one.max(initial=0)) for one in values.values())
    if not 0 < number <= MOST_CLASSES or (is_label and not binding.reader.gives_labels) or not (is_label or is_set):
        return None
    if is_set and array.shape[1] != number:
        return None
    counts = {
        name: np.bincount(one.reshape(-1), minlength=number) if is_label else (one > 0).sum(axis=0)
        for name, one in values.items()
    }
    shown = names if isinstance(names, tuple) else tuple(map(str, range(number)))
    found = {name: tuple(map(int, one[:number])) for name, one in counts.items()}
    return ClassCounts(binding.name, binding.subject, shown, found, is_set)


def names_of(binding: Binding, learnt: Learnt) -> tuple[str, ...] | int | None:
    """The names of the classes of a target, or their number."""
    return binding.reader.classes_learnt(learnt.of(binding)) or binding.classes
