"""A task with what its readers have learnt: the units of targets that they have made other numbers of, in which metrics and
predictions are, and the names of classes that only the training rows tell.
"""

from dataclasses import replace

from modelc.compiler.binding.task import Task
from modelc.compiler.library.contracts.reader import Unit, UnitOfGroups
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.per_group import unit_of_groups


def as_learnt(task: Task, learnt: Learnt) -> Task:
    """`task` with the units and the names of classes that its readers have `learnt`."""
    return with_classes(with_units(task, learnt), learnt)


def with_units(task: Task, learnt: Learnt) -> Task:
    units = {name: unit for name in task.targets or {} if (unit := unit_of(task, name, learnt)) is not None}
    if not units:
        return task
    outputs, measured = (
        {name: output._replace(unit=units.get(output.target or "")) for name, output in values.items()}
        for values in (task.outputs, task.measured)
    )
    measures = tuple(measure._replace(unit=units.get(measure.target or "")) for measure in task.measures)
    return replace(task, outputs=outputs, measured=measured, measures=measures)


def unit_of(task: Task, target: str, learnt: Learnt) -> Unit | UnitOfGroups | None:
    """The unit of a target, which for a copy of an input is that of the input."""
    binding = (task.targets or {})[target]
    if binding.copies_input:
        copied = (task.inputs or {}).get(binding.subject)
        if copied is None:
            return None
        binding = copied
    value = learnt.of(binding)
    return binding.reader.unit(value) if binding.groups is None else unit_of_groups(binding, value)


def with_classes(task: Task, learnt: Learnt) -> Task:
    bindings = task.targets or {}
    found = {name: one.reader.classes_learnt(learnt.of(one)) for name, one in bindings.items() if not one.copies_input}
    names = {name: classes for name, classes in found.items() if classes is not None}
    if not names:
        return task
    outputs, measured = (
        {name: one._replace(classes=names.get(one.target or "", one.classes)) for name, one in values.items()}
        for values in (task.outputs, task.measured)
    )
    # Bindings stay what the spec says: it can name no class that is learnt, in `class_weight` neither.
    return replace(task, outputs=outputs, measured=measured)
