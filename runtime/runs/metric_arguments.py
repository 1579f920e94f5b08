"""The arguments of a run's metrics, recorded so that a default that changes later does not change its figures."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from modelc.compiler.binding.task import Measure, Task
from modelc.compiler.diagnostics.exceptions import RunError


def arguments_of(task: Task) -> dict[str, dict[str, Any]]:
    """Every argument of every metric, by log key."""
    return {measure.key: measure.metric.model_dump(mode="json") for measure in task.measures}


def as_trained(task: Task, environment: Mapping[str, Any]) -> tuple[Task, tuple[str, ...]]:
    """`task` with the metrics that its run was trained with, and a sentence on each default that was another one.

    What is written in the spec stays. A run whose environment has no arguments had those of `arguments_before`. Raises
    RunError E602 for recorded arguments that the metric does not take.
    """
    recorded = environment.get("metrics")
    measures, notes = [], []
    for measure in task.measures:
        before = measure.metric.arguments_before if recorded is None else entry(recorded, measure.key)
        unwritten = type(measure.metric).model_fields.keys() - measure.metric.model_fields_set
        now = measure.metric.model_dump(mode="json")
        other = {name: before[name] for name in sorted(unwritten) if name in before and before[name] != now[name]}
        measures.append(with_arguments(measure, other) if other else measure)
        if other:
            shown = ", ".join(f"`{name}: {value}`" for name, value in other.items())
            notes.append(f"`{measure.key}` is computed as in training, with {shown}, the default of that time")
    return replace(task, measures=tuple(measures)), tuple(notes)


def entry(recorded: Any, key: str) -> Mapping[str, Any]:
    """The recorded arguments of one metric."""
    found = recorded.get(key, {}) if isinstance(recorded, dict) else None
    if not isinstance(found, dict):
        raise RunError("E602", f"the recorded arguments of the metric `{key}` are damaged")
    return found


def with_arguments(measure: Measure, arguments: Mapping[str, Any]) -> Measure:
    """`measure` with these arguments beside those that are written."""
    metric = measure.metric
    written = {name: getattr(metric, name) for name in metric.model_fields_set}
    try:
        return measure._replace(metric=type(metric).model_validate({**written, **arguments}))
    except ValidationError:
        raise RunError(
            "E602", f"the recorded arguments of the metric `{measure.key}` are damaged, or of another version of modelc"
        ) from None
