"""What readers learn of the training rows, before any rows are read: of those that are held out they are shown none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.language.windows import Step
from modelc.compiler.library.readers.opened_files import BrokenFiles
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.counted_elements import shown_columns


@dataclass(frozen=True, slots=True)
class Learnt:
    """By `key_of` a binding, the columns that it is read from, and what its reader has learnt of them."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def placed(self, binding: Binding) -> Binding:
        """`binding` with the columns that it was read from, in which there are no patterns."""
        names = self.columns.get(key_of(binding))
        return binding if names is None else binding._replace(columns=names)

    def of(self, binding: Binding) -> Any:
        """What the reader of `binding` has learnt; None for nothing."""
        return self.of_key(key_of(binding))

    def of_key(self, key: str) -> Any:
        """What the reader of the binding with this `key` has learnt; None for nothing."""
        return self.values.get(key)


NOTHING_LEARNT = Learnt()
WINDOWS = "windows"
"""The key of what is known of series: how far their rows are apart."""


def step_known(learnt: Learnt) -> Step | None:
    """How far the rows of series are apart, as those of training say; None where any distance will do, or none is known."""
    found = learnt.of_key(WINDOWS)
    return None if found is None else Step(found["amount"], found["unit"])


def with_step(learnt: Learnt, columns: tuple[str, ...], step: Step | None) -> Learnt:
    """`learnt` with how far the rows of series are apart, which `columns` tell."""
    value = None if step is None else step._asdict()
    return Learnt({**learnt.columns, WINDOWS: columns}, {**learnt.values, WINDOWS: value})


def key_of(binding: Binding) -> str:
    """What a binding is called among all of a task."""
    return f"{'targets' if binding.wanted is None else 'inputs'}/{binding.name}"


def remarks(task: Task, learnt: Learnt) -> tuple[str, ...]:
    """What the log is to say of what the readers of `task` have learnt."""
    return tuple(f"`{one.name}`: {text}" for one in of_columns(task) for text in one.reader.remarks(learnt.of(one)))


def of_columns(task: Task) -> tuple[Binding, ...]:
    """The bindings of inputs and targets that are read from columns, not copied from an input."""
    bindings = (*(task.inputs or {}).values(), *(task.targets or {}).values())
    return tuple(binding for binding in bindings if not binding.copies_input)


def every_row(binding: Binding) -> Binding:
    """`binding` with a reader that reads all rows: `rows` counts those of training."""
    if "rows" not in type(binding.reader).model_fields:
        return binding
    return binding._replace(reader=binding.reader.model_copy(update={"rows": None}))


def learn(binding: Binding, columns: Arrays, training: Array | slice, counts: Array | None) -> Any:
    """What the reader of `binding` learns of the rows `training` of `columns`; of a target, `counts` says which elements
    count, of which there are some. Raises RunError E403, BrokenFiles.
    """
    first, last = getattr(binding.reader, "rows", None) or (None, None)
    shown: Arrays = {name: columns[name][first:last][training] for name in binding.names}
    reader = every_row(binding).reader
    length = len(columns[binding.names[0]])
    places = np.arange(length)[first:last][training]
    if counts is not None:
        kept = np.asarray(counts[training])
        rows = kept.reshape(len(kept), -1).any(axis=1)
        shown = {name: column[rows] for name, column in shown.items()}
        places = places[rows]
        # Any element that counts may stand for those that do not.
        replaced = shown_columns(reader, shown, kept[rows], lambda columns: None) if rows.any() else None
        if replaced is None:
            return None
        shown = replaced
    try:
        return reader.learn(shown)
    except BrokenFiles as error:
        raise error.among(places.tolist(), length) from None
