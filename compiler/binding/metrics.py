"""Binds metrics to the values that they are computed from, and to their targets."""

from dataclasses import replace
from itertools import chain, count

from modelc.compiler.binding.loss_terms import activation_of, find_edge, linked
from modelc.compiler.binding.sample_weights import need_weights
from modelc.compiler.binding.task import Measure, Output, Task
from modelc.compiler.binding.unknown_targets import gives_probabilities, refused, supposed_targets, warn_of_numbers
from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import MetricSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.returned_values import need_a
from modelc.compiler.library.base.tensor_type import TensorType


def bind_metrics(reporter: Reporter, task: Task) -> Task:
    """The task with a measure for each metric that fits its value and target."""
    train = task.spec.train
    assert train is not None and task.spec.model is not None
    names = list(task.planned.graph.outputs)
    listed_for = [metric for metric in train.metrics if metric.output is None and metric.of is None]
    if listed_for and len(names) > 1 and task.spec.model.complete:
        kind = listed_for[0].kind
        likely = next((name for name in names if fits_output(task, listed_for[0], name)), names[0])
        message = f"a list of metrics is for models with one output, this model has {len(names)}: {', '.join(names)}"
        help = (
            f"write a list for each: `metrics: {{{likely}: [{kind}]}}`, or say of which output: "
            f"`{{{kind}: , of: {likely}}}`"
        )
        reporter.add("E108", message, ("train", "metrics"), key=True, label="of which output?", help=help)
        return task
    blamed: set[str] = set()
    keys: dict[str, Path] = dict.fromkeys(task.loss_keys(), ())
    for spec in train.metrics:
        known = task.spec.model.complete and None not in task.planned.graph.outputs.values()
        if spec.output is not None and spec.output not in names:
            if known and spec.output not in blamed:
                blamed.add(spec.output)
                message, label = f"the model has no output `{spec.output}`", "no such output"
                note, found = f"outputs: {', '.join(names)}", suggest(spec.output, names, defined=True)
                reporter.add("E205", message, spec.path[:-1], key=True, label=label, note=note, suggestion=found)
            continue
        value = value_of(reporter, task, spec, names)
        if value is None or not is_alone(reporter, spec, log_key(spec, value, names), keys):
            continue
        task = bind_metric(reporter, task, spec, value, log_key(spec, value, names))
    return task


def fits_output(task: Task, spec: MetricSpec, name: str) -> bool:
    """Whether a metric is likely one of the output `name`, as far as its loss and its shape are known."""
    assert task.spec.train is not None
    stated = next((term.loss for term in task.spec.train.terms if term.name == name), None)
    value = task.outputs.get(name)
    if stated is None or (value is None and spec.metric.of_answers and stated.of_numbers):
        return False
    if value is None:
        return True
    if spec.metric.of_answers and stated.of_numbers and not gives_probabilities(task, value.edge):
        return False
    supposed = supposed_targets(task, value.target, value.edge)
    return refused(lambda target: spec.metric.plan(value.type, target, value.link), supposed) is None


def log_key(spec: MetricSpec, value: Output, outputs: list[str]) -> str:
    """The log key of a metric of `value`: its own name, else that of the metric, below what it is computed from unless
    that is the only output.
    """
    if spec.name is not None and (spec.output is None or len(outputs) == 1):
        return spec.name
    of = spec.output or value.name
    return spec.name or spec.kind if outputs == [of] else f"{of}/{spec.name or spec.kind}"


def is_alone(reporter: Reporter, spec: MetricSpec, key: str, keys: dict[str, Path]) -> bool:
    """Whether nothing else has the log key of a metric, which is then among the `keys`; reports it if not."""
    if key not in keys:
        keys[key] = spec.path
        return True
    if spec.name is not None:
        path, message = (*spec.path, "name"), f"two values of the log would be called `{key}`"
        stem = key.removesuffix(spec.name)
        names = chain((spec.kind,), (f"{spec.kind}_{number}" for number in count(2)))
        free = next(name for name in names if stem + name not in keys)
        help = f"choose another name, such as `{free}`"
    else:
        path, message = spec.path, f"duplicate metric `{spec.kind}`"
        raw = reporter.document.get(spec.path)
        given = raw.get(spec.kind) if isinstance(raw, dict) else None
        written = "" if given is None else f"{spell(given) if isinstance(given, dict) else flow(given)}"
        others = "".join(
            f", {name}: {flow(raw[name])}" for name in ("of", "target") if isinstance(raw, dict) and name in raw
        )
        help = f"give one of them a name of its own: `{{{spec.kind}: {written}, name: {spec.kind}_2{others}}}`"
    related = [(keys[key], "first occurrence")] if keys[key] else ()
    label, note = ("second occurrence", "") if keys[key] else ("taken", "the loss itself is logged under this name")
    reporter.add("E110", message, path, label=label, help=help, note=note, related=related)
    return False


def value_of(reporter: Reporter, task: Task, spec: MetricSpec, names: list[str]) -> Output | None:
    """What a metric is computed from, with the knowledge of its loss; None if that is unknown, which is reported."""
    if spec.of is None:
        return task.outputs.get(spec.output or (names[0] if names else ""))
    owner, path = f"the metric `{spec.name or spec.kind}`", (*spec.path, "of")
    if len(spec.of) != 1 or spec.of[0].slot is not None:
        message = f"`{spec.kind}` takes one value, but `of` names {len(spec.of)}"
        help = "write a metric for each, or compute one value of them in a node of its own and name that node"
        if len(spec.of) == 1:
            message, help = f"`{spec.kind}` has no inputs with names", f"write `of: {spec.of[0].text}`"
        reporter.add("E204", message, path, label="one expected", help=help)
        return None
    edge = find_edge(reporter, task, spec.of[0], owner, True)
    type_ = None if edge is None else task.planned.type(edge)
    if edge is None or type_ is None:
        return None
    value = next((output for output in task.outputs.values() if output.edge == edge), None)
    if spec.output is not None and (value is None or value.name != spec.output):
        message = f"{owner} stands in the list of `{spec.output}`, but is of `{spec.of[0].text}`"
        help = "write the metrics as one list, each with its `of`" if len(names) > 1 else "remove `of`"
        reporter.add("E108", message, path, label="another value", help=help)
        return None
    return value or linked(task, Output(spec.of[0].text, edge, type_))


def bind_metric(reporter: Reporter, task: Task, spec: MetricSpec, value: Output, key: str) -> Task:
    """The task with the measure of one metric of `value`, if it fits as far as is known."""
    train = task.spec.train
    assert train is not None
    takes, about = spec.metric.takes_target, f"`{spec.kind}` of `{value.name}`"
    if spec.target is not None and not takes:
        message, at = f"`{spec.kind}` does not take a target", (*spec.path, "target")
        reporter.add("E205", message, at, key=True, label="not used", help="remove `target`")
        return task
    if (
        spec.weighted
        and task.data is not None
        and task.data.complete
        and task.data.sample_weight is None
        # Where they are there and cannot be read, that is said.
        and ("data", "sample_weight") not in reporter.document.values
    ):
        message = f"{about} is `weighted`, and there are no sample weights"
        help = "add `sample_weight: {array: ...}` to `data`, with the column of the weights, or remove `weighted`"
        reporter.add("E205", message, (*spec.path, "weighted"), key=True, label="no weights", help=help)
        return task
    named = spec.target or value.target
    if takes and named is None:
        if train.complete and len(task.terms) == len(train.terms) and train.terms:
            message = f"the metric `{spec.kind}` of `{value.name}` has no target to compare with"
            help = f"give `{value.name}` a loss that has a target, or name one: `{{{spec.kind}: , target: ...}}`"
            reporter.add("E206", message, spec.path, label="no target", help=help)
        return task
    if value.link is None and value.target is None and named is not None:
        # Nothing says what the values are but the layer that they come from.
        activation = activation_of(task.planned.graph, value.edge)
        value = value._replace(
            link="sigmoid" if activation == "sigmoid" else "softmax" if activation == "softmax" else None
        )
    if value != task.outputs.get(value.name):
        # No output is called so: `:` is in no name.
        name = f"{value.name}:{value.link or ''}"
        task, value = replace(task, measured={**task.measured, name: value}), value._replace(name=name)
    target = named if takes else None
    measure = Measure(key, spec.metric, value.name, target, leaves_out=task.leaves_out(named), weighted=spec.weighted)
    fitting = fit(reporter, task, spec, value, measure, about)
    return task if fitting is None else replace(fitting[0], measures=(*task.measures, fitting[1]))


def fit(
    reporter: Reporter, task: Task, spec: MetricSpec, value: Output, measure: Measure, about: str
) -> tuple[Task, Measure] | None:
    """The measure with the shape of its elements, and the task with the repair of its target; None if it does not fit."""
    try:
        spec.metric.check_output(value.type, value.link)
        caution = spec.metric.caution(value.type, value.link)
        need_classes(task, value, measure)
        measure = measure._replace(classes=class_names(value, spec.metric.classes(value.type, value.link)))
    except PlanError as error:
        reporter.plan_error(error, f"{about}: {error.message}", spec.path)
        return None
    if caution is not None:
        reporter.caution(caution, f"{about}: {caution.message}", (*spec.path, spec.kind))
    task, target = with_target(task, value, measure)
    if measure.target is not None and target is None:
        supposed = supposed_targets(task, measure.target, value.edge)
        target = refused(lambda supposed: spec.metric.plan(value.type, supposed, value.link), supposed)
    if measure.target is not None and target is None:
        warn_of_numbers(reporter, task, spec, value.edge, measure.target, about)
        return task, measure
    try:
        shape = spec.metric.plan(value.type, target, value.link)
        need_a(spec.metric, "plan", shape, tuple)
        measure = measure._replace(shape=shape)
        need_mask(task, value, measure)
        need_weights(task, measure)
    except PlanError as error:
        reporter.plan_error(error, f"{about}: {error.message}", spec.path)
        return None
    warn_of_numbers(reporter, task, spec, value.edge, measure.target, about)
    return task, measure


def class_names(value: Output, count: int) -> tuple[str, ...]:
    """The names of so many classes of a value, where the spec or the source has them, else their indexes."""
    known = value.classes if isinstance(value.classes, tuple) and len(value.classes) == count else ()
    return known or tuple(map(str, range(count)))


def with_target(task: Task, value: Output, measure: Measure) -> tuple[Task, TensorType | None]:
    """The type of the target of a measure, and the task in which one of shape `[]` that no loss takes fits an output
    `[1]`.
    """
    binding = (task.targets or {}).get(measure.target or "")
    if binding is None or binding.type is None:
        return task, None
    alone = not any(term.target == binding.name for term in task.terms)
    alone = alone and not any(other.target == binding.name for other in task.measures)
    if alone and binding.type.shape == () and value.type.shape == (1,) and value.link != "softmax":
        binding = binding._replace(squeeze=True)
        task = replace(task, targets={**(task.targets or {}), binding.name: binding})
    return task, binding.given_type


def need_classes(task: Task, value: Output, measure: Measure) -> None:
    """Raise PlanError E306 if the labels of a target that its loss does not take are not those of the value."""
    binding = (task.targets or {}).get(measure.target or "")
    if binding is None or binding.classes is None or value.link != "softmax" or measure.target == value.target:
        return
    count = binding.classes if isinstance(binding.classes, int) else len(binding.classes)
    message = f"the labels of `{measure.target}` have {count} classes, the value has {value.type.shape[-1]}"
    need(count == value.type.shape[-1], message, help="name the target of these classes", code="E306")


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
    binding = (task.targets or {}).get(measure.target or "")
    if measure.leaves_out and binding is not None and binding.type is not None:
        message = f"it reduces an axis of the target `{measure.target}`, of which elements are left out"
        fits = binding.type.shape == measure.shape[: binding.type.rank]
        need(fits, message, help="choose an elementwise metric", code="E306")
