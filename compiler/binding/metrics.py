"""Binds metrics to outputs and their targets."""

from dataclasses import replace

from modelc.compiler.binding.task import Measure, Output, Task
from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import MetricSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.returned_values import need_a


def bind_metrics(reporter: Reporter, task: Task) -> Task:
    """The task with a measure for each metric that fits its output and target."""
    train = task.spec.train
    assert train is not None and task.spec.model is not None
    names = list(task.planned.graph.outputs)
    measures: list[Measure] = []
    listed = [metric for metric in train.metrics if metric.output is None]
    if listed and len(names) > 1 and task.spec.model.complete:
        message = f"a list of metrics is for models with one output, this model has {len(names)}: {', '.join(names)}"
        help = f"write a list for each: `metrics: {{{names[0]}: [{listed[0].kind}]}}`"
        reporter.add("E108", message, ("train", "metrics"), key=True, label="of which output?", help=help)
        return task
    blamed: set[str] = set()
    for spec in train.metrics:
        name = spec.output or (names[0] if names else "")
        if name not in names:
            known = task.spec.model.complete and None not in task.planned.graph.outputs.values()
            if known and name not in blamed:
                blamed.add(name)
                message, label = f"the model has no output `{name}`", "no such output"
                note, found = f"outputs: {', '.join(names)}", suggest(name, names, defined=True)
                reporter.add("E205", message, spec.path[:-1], key=True, label=label, note=note, suggestion=found)
            continue
        measure = bind_metric(reporter, task, spec, name, single=len(names) == 1)
        if measure is not None:
            measures.append(measure)
    return replace(task, measures=tuple(measures))


def bind_metric(reporter: Reporter, task: Task, spec: MetricSpec, name: str, *, single: bool) -> Measure | None:
    """One metric of the output `name`, or None if it does not fit or that is unknown."""
    output = task.outputs.get(name)
    train = task.spec.train
    assert train is not None
    if output is None:
        return None
    if spec.metric.takes_target and output.target is None:
        if train.complete and len(task.terms) == len(train.terms) and train.terms:
            message = f"the metric `{spec.kind}` of `{name}` has no target to compare with"
            reporter.add("E206", message, spec.path, label="no target", help=f"give `{name}` a loss that has a target")
        return None
    key = spec.kind if single else f"{name}/{spec.kind}"
    measure = Measure(key, spec.metric, name, output.target if spec.metric.takes_target else None)
    binding = (task.targets or {}).get(measure.target or "")
    target = None if binding is None else binding.given_type
    try:
        spec.metric.check_output(output.type, output.link)
        caution = spec.metric.caution(output.type, output.link)
    except PlanError as error:
        reporter.plan_error(error, f"`{spec.kind}` of `{name}`: {error.message}", spec.path)
        return None
    if caution is not None:
        reporter.caution(caution, f"`{spec.kind}` of `{name}`: {caution.message}", (*spec.path, spec.kind))
    if measure.target is not None and target is None:
        return measure
    try:
        shape = spec.metric.plan(output.type, target, output.link)
        need_a(spec.metric, "plan", shape, tuple)
        measure = replace(measure, shape=shape)
        need_mask(task, output, measure)
    except PlanError as error:
        reporter.plan_error(error, f"`{spec.kind}` of `{name}`: {error.message}", spec.path)
        return None
    return measure


def need_mask(task: Task, output: Output, measure: Measure) -> None:
    """Raise PlanError E306 if the mask of the output's loss has an axis that the metric reduces."""
    if isinstance(output.mask, Edge):
        type_ = task.planned.type(output.mask)
    else:
        binding = (task.targets or {}).get(output.mask or "")
        type_ = None if binding is None else binding.type
    if type_ is not None:
        message = f"it reduces an axis of the mask `{output.mask}` of the loss"
        need(len(type_.shape) <= len(measure.shape), message, help="choose an elementwise metric", code="E306")
