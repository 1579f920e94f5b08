"""The units of targets whose readers have made other numbers of them: metrics and predictions are in those of the columns."""

from dataclasses import replace

from modelc.compiler.binding.task import Task
from modelc.compiler.library.contracts.reader import Unit
from modelc.runtime.data.learning import Learnt


def with_units(task: Task, learnt: Learnt) -> Task:
    """`task` with the units that its readers have `learnt`."""
    units = {name: unit for name in task.targets or {} if (unit := unit_of(task, name, learnt)) is not None}
    if not units:
        return task
    outputs, measured = (
        {name: output._replace(unit=units.get(output.target or "")) for name, output in values.items()}
        for values in (task.outputs, task.measured)
    )
    measures = tuple(measure._replace(unit=units.get(measure.target or "")) for measure in task.measures)
    return replace(task, outputs=outputs, measured=measured, measures=measures)


def unit_of(task: Task, target: str, learnt: Learnt) -> Unit | None:
    """The unit of a target, which for a copy of an input is that of the input."""
    binding = (task.targets or {})[target]
    if binding.copies_input:
        copied = (task.inputs or {}).get(binding.subject)
        return None if copied is None else copied.reader.unit(learnt.of(copied))
    return binding.reader.unit(learnt.of(binding))
