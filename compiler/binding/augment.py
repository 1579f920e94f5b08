"""Binds the changes of rows in training to inputs and targets, and checks that these can be changed so."""

from dataclasses import replace

from modelc.compiler.binding.task import SAMPLE_WEIGHT, Augment, Binding, Task
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.language.ast import AugmentSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.augmentations import AUGMENTATIONS
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.augmentation import Augmented


def bind_augment(reporter: Reporter, task: Task) -> Task:
    """The task with what is changed in training; what is wrong is reported. Whatever has no known type is left out."""
    assert task.data is not None
    found = [bound for spec in task.data.augment if (bound := bind_one(reporter, task, spec)) is not None]
    return replace(task, augment=tuple(found))


def bind_one(reporter: Reporter, task: Task, spec: AugmentSpec) -> Augment | None:
    kind = AUGMENTATIONS.name_of(spec.by)
    inputs, targets = task.inputs or {}, {n: b for n, b in (task.targets or {}).items() if n != SAMPLE_WEIGHT}
    names = spec.of if spec.of is not None else tuple(dict.fromkeys((*inputs, *(targets if spec.by.mixes else ()))))
    if spec.of is None and not spec.by.mixes and len(inputs) != 1:
        if len(task.planned.graph.inputs) > 1:
            message = f"`{kind}` does not say what it changes"
            help = f"name the inputs and targets that change together: `of: [{next(iter(task.planned.graph.inputs))}]`"
            reporter.add("E104", message, spec.path, label="no `of`", help=help)
        return None
    parts: list[Augmented] = []
    for index, name in enumerate(names):
        if name not in inputs and name not in targets:
            if task.data is not None and task.data.complete:
                report_unknown(reporter, task, spec, index, [*inputs, *targets])
            return None
        both = ((inputs.get(name), False), (targets.get(name), True))
        for binding, is_target in both:
            if binding is not None and (part := part_of(task, name, binding, is_target=is_target)) is not None:
                parts.append(part)
            elif binding is not None:
                return None
    try:
        spec.by.check_parts(parts)
        need_vocabularies(task, spec, parts)
        need_losses(task, spec, parts)
    except PlanError as error:
        reporter.plan_error(error, f"`{kind}`: {error.message}", spec.path)
        return None
    return Augment(spec.by, tuple(parts))


def part_of(task: Task, name: str, binding: Binding, *, is_target: bool) -> Augmented | None:
    """What is changed of an input or target; None where its type is not known yet."""
    type_ = binding.given_type if is_target else binding.wanted
    if type_ is None:
        return None
    reader = binding.reader
    if binding.copies_input and (copied := (task.inputs or {}).get(binding.subject)) is not None:
        reader = copied.reader
    classes = binding.classes if isinstance(binding.classes, int) else len(binding.classes) if binding.classes else None
    if is_target and classes is None and reader.gives_labels:
        classes = classes_of_loss(task, name, type_)
    # Vectors of 0 and 1 are a distribution, as those of `category_columns` with `one_hot`.
    labels = reader.gives_labels and type_.is_integer
    return Augmented(name, type_, is_target, labels, classes, reader.may_leave_out and is_target)


def classes_of_loss(task: Task, target: str, type_: TensorType) -> int | None:
    """The number of classes of the output that a target is compared with."""
    for term in task.terms:
        output = task.planned.type(term.of[0]) if term.target == target else None
        if output is not None and (classes := term.loss.classes(output, type_)) is not None:
            return classes
    return None


def need_losses(task: Task, spec: AugmentSpec, parts: list[Augmented]) -> None:
    """Raise PlanError E309 for a mixture of targets whose losses do not take it, or whose rows count by more than that."""
    if not spec.by.mixes:
        return
    mixed = {part.name: part for part in parts if part.is_target}
    users = [term for term in task.terms if term.target in mixed]
    if any(isinstance(term.mask, str) for term in users) or SAMPLE_WEIGHT in (task.targets or {}):
        help = "mix inputs alone with `of`, or remove the mask or `sample_weight`"
        raise PlanError("of mixed rows there is no mask and no weight", help=help, code="E309")
    for term in users:
        part, output = mixed[term.target or ""], task.planned.type(term.of[0])
        if not part.labels or output is None:
            continue
        if not any(type_.shape == output.shape for type_ in term.loss.targets(output)):
            help = "use a loss that takes distributions, such as `cross_entropy`"
            raise PlanError(f"the loss of `{term.name}` takes no distribution over classes", help=help, code="E309")


def need_vocabularies(task: Task, spec: AugmentSpec, parts: list[Augmented]) -> None:
    """Raise PlanError E309 where a layer has no room for ids that a change may put into an input."""
    if not spec.by.leaves_out:
        return
    ids = {part.name: part.classes or 0 for part in parts if not part.is_target}
    for node in task.planned.graph.nodes:
        for edge, room in task.planned.looked_up(node).items():
            if room < ids.get(edge.node, 0):
                message = f"`{node.path}` has room for {room:,} ids, and `{edge.node}` has {ids[edge.node]:,}, of which any may come"
                help = f"write `input_dim: ${{vocabulary({edge.node})}}`, or {ids[edge.node]}"
                raise PlanError(message, help=help, code="E309")


def report_unknown(reporter: Reporter, task: Task, spec: AugmentSpec, index: int, known: list[str]) -> None:
    """Report a name that is no input and no target."""
    assert spec.of is not None
    name = spec.of[index]
    at = (*spec.path, "of", index) if (*spec.path, "of", index) in reporter.document.values else (*spec.path, "of")
    found = suggest(name, known, defined=True)
    message, note = f"`{name}` is no input and no target", f"inputs and targets: {listed(known)}"
    reporter.add("E205", message, at, label="no such input or target", note=note, suggestion=found)
