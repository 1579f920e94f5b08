"""Binds the loss terms: the values and target of each, whether the loss fits their shapes, and the activation before it."""

from collections.abc import Mapping
from dataclasses import replace

from modelc.compiler.binding.masks import find_mask, mask_edge
from modelc.compiler.binding.task import Output, Task, Term
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge, Graph
from modelc.compiler.graph.type_inference import output_paths
from modelc.compiler.graph.typed_graph import reachable
from modelc.compiler.language.ast import Reference, TermSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.returned_values import need_a
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.layer import Activation, Plan
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.losses.without_target import NoLoss


def bind_terms(reporter: Reporter, task: Task, roots: list[Edge]) -> tuple[tuple[Term, ...], list[Edge]]:
    """The terms whose loss and edge are known, and `roots` with the edges that terms need besides the outputs."""
    train, graph = task.spec.train, task.planned.graph
    assert train is not None and task.spec.model is not None
    names = list(graph.outputs)
    terms: list[Term] = []
    roots = list(roots)
    covered, paths = set[Edge | None](), output_paths(task.spec.document, names)
    unknown = not train.complete or not task.spec.model.complete or None in graph.outputs.values()
    for spec in train.terms:
        if spec.name is None and len(names) != 1:
            if len(names) > 1 and task.spec.model.complete and ("train", "losses") not in task.spec.document.values:
                message = f"`loss` is for models with one output, this model has {len(names)}: {listed(names)}"
                help = loss_of_several(task, spec, names)
                reporter.add("E108", message, spec.path, key=True, label="the loss of which output?", help=help)
            unknown = True
            continue
        name = spec.name or names[0]
        edges = find_edges(reporter, task, spec, name)
        if edges is None:
            unknown = True
            continue
        covered.update(edges)
        roots += edges
        if spec.loss is None:
            continue
        target = (spec.target or name) if spec.loss.takes_target else None
        report_idle(reporter, spec, spec.loss)
        mask: Edge | str | None = None
        if spec.mask is not None and not isinstance(spec.loss, NoLoss):
            node, plan = node_edge(task, spec.mask)
            edge = mask_edge(task, spec.mask, node if plan is None or (node and node.port in plan.outputs) else None)
            mask = find_mask(reporter, task, spec, name, edge)
            if mask is None:
                unknown = True
                continue
            roots += [mask] if isinstance(mask, Edge) else []
        terms.append(Term(name, spec.loss, edges, target, spec.weight, spec.path, mask))
    report_trained(reporter, terms)
    if not unknown and train.terms:
        trained = reachable(graph, [edge for term in terms for edge in term.of])
        for output, given in graph.outputs.items():
            has_target = task.data is not None and output in task.data.targets
            if has_target and not any(term.target == output for term in terms):
                # A target that no loss uses is an error, and says it.
                continue
            if given not in covered and (given is None or given.node not in trained):
                message = f"no loss uses the output `{output}`"
                help = f"add a loss for it to `losses`, or write `{output}: none` if it is for predictions only"
                reporter.add("W903", message, paths[output], label="not trained", help=help)
    return tuple(terms), roots


def loss_of_several(task: Task, spec: TermSpec, names: list[str]) -> str:
    """How the only loss of a model with several outputs is written: as one term of them all if it takes so many."""
    if spec.loss is not None and len(spec.loss.slots) == len(names):
        targets = list(task.data.targets) if task.data is not None else []
        name = targets[0] if len(targets) == 1 else names[0]
        kind = kind_of(spec)
        raw = task.spec.document.get(spec.path)
        given = raw.get(kind) if isinstance(raw, Mapping) else None
        loss = kind if given is None else f"{kind}: {flow(given)}"
        written = f"{{{loss}, of: [{', '.join(names)}]}}"
        return f"it is computed from several values: `losses: {{{name}: {written}}}`, in the order {', '.join(spec.loss.slots)}"
    return f"write a loss for each output: `losses: {{{names[0]}: {kind_of(spec)}, {names[1]}: ...}}`"


def report_idle(reporter: Reporter, spec: TermSpec, loss: Loss) -> None:
    """Report keys beside a loss that does not use them."""
    kind = LOSSES.name_of(loss)
    idle = () if loss.takes_target else ("target",)
    for key in (*idle, "weight", "mask") if isinstance(loss, NoLoss) else idle:
        path = (*spec.path, key)
        if path in reporter.document.values:
            code, message = "E205" if key == "target" else "E108", f"`{kind}` does not take a {key}"
            reporter.add(code, message, path, key=True, label="not used", help=f"remove `{key}`")


def report_trained(reporter: Reporter, terms: list[Term]) -> None:
    """Report outputs with the loss `none` that another term uses."""
    used: dict[Edge, Term] = {}
    for term in terms:
        for edge in () if isinstance(term.loss, NoLoss) else term.of:
            used.setdefault(edge, term)
    for term in terms:
        other = next((used[edge] for edge in term.of if edge in used), None)
        if isinstance(term.loss, NoLoss) and other is not None:
            message = f"`{term.name}: none` is for predictions only, but the loss term `{other.name}` uses it"
            help = f"remove `{term.name}: none`, or the term `{other.name}`"
            related = [(other.at, "uses the output")]
            reporter.add("E108", message, term.at, label="for predictions only", help=help, related=related)


def kind_of(spec: TermSpec) -> str:
    return "..." if spec.loss is None else LOSSES.name_of(spec.loss)


def find_edges(reporter: Reporter, task: Task, spec: TermSpec, name: str) -> tuple[Edge, ...] | None:
    """The input edges of a term, one for each slot of its loss: those of its `of`, else the output or node of its name."""
    if spec.of == ():
        return None
    references = spec.of or (Reference(name, spec.path),)
    ordered = references if spec.loss is None else in_slots(reporter, spec, spec.loss, references)
    if ordered is None:
        return None
    owner = f"the loss term `{name}`"
    edges = [find_edge(reporter, task, reference, owner, bool(spec.of)) for reference in ordered]
    found = tuple(edge for edge in edges if edge is not None)
    return found if len(found) == len(edges) else None


def in_slots(
    reporter: Reporter, spec: TermSpec, loss: Loss, references: tuple[Reference, ...]
) -> tuple[Reference, ...] | None:
    """The inputs of a term in the order of its loss's slots; None after reporting a wrong number or name."""
    kind, slots = LOSSES.name_of(loss), loss.slots
    example = f"`of: [{', '.join(slots)}]`" if len(slots) > 1 else ""
    for reference in references:
        if reference.slot is not None and reference.slot not in slots:
            path = (*spec.path, "of", reference.slot)
            message, note = f"`{kind}` has no input `{reference.slot}`", f"inputs of `{kind}`: {', '.join(slots)}"
            found = suggest(reference.slot, slots)
            reporter.add("E204", message, path, key=True, label="no such value", note=note, suggestion=found)
            return None
    if len(references) != len(slots):
        single = len(slots) == 1
        given = f"but `of` names {len(references)}" if spec.of else "but the term has no `of`"
        wanted = "one value" if single else f"{len(slots)} values, {', '.join(f'`{slot}`' for slot in slots)}"
        message = f"{'this loss' if single else f'`{kind}`'} takes {wanted}, {given}"
        label = "one expected" if single else f"{len(slots)} expected"
        help = f"say which of the model's values they are: {example}, in `losses`" if example else ()
        path = (*spec.path, "of") if spec.of else spec.path
        reporter.add("E204", message, path, key=not spec.of, label=label, help=help)
        return None
    if all(reference.slot is None for reference in references):
        return references
    return tuple(reference for slot in slots for reference in references if reference.slot == slot)


def find_edge(reporter: Reporter, task: Task, reference: Reference, owner: str, stated: bool) -> Edge | None:
    """The edge that `owner`, a term or a metric, means by `reference`: an output, a node, or a port of one.

    `stated` says that it stands in an `of`; else it is the name of the term.
    """
    model, graph = task.spec.model, task.planned.graph
    assert model is not None
    text, path = reference.text, reference.path
    if reference.node in graph.outputs and "." not in text:
        return graph.outputs[reference.node]
    edge, plan = node_edge(task, reference)
    if edge is not None:
        if plan is None or edge.port in plan.outputs:
            return edge
        message = f"`{reference.node}` has no port `{reference.port}`"
        note = f"ports of `{reference.node}`: {listed(plan.outputs)}"
        reporter.add("E203", message, path, label="no such port", note=note)
        return None
    if model.complete and reference.node not in model.nodes and not reporter.only_counts("E205"):
        found = suggest(reference.node, [*graph.outputs, *model.nodes], defined=True)
        if text != reference.node:
            found = found._replace(is_safe=False)
        message = f"{owner} uses `{text}`, which is neither an output nor a node"
        label = "no such output or node"
        help = "" if stated else say_of(reporter, task, reference)
        note = f"outputs: {listed(graph.outputs)}"
        reporter.add("E205", message, path, key=not stated, label=label, help=help, note=note, suggestion=found)
    return None


def say_of(reporter: Reporter, task: Task, reference: Reference) -> str:
    """How a term that is called by another name than what it is computed from says so."""
    assert task.spec.train is not None
    raw, names = reporter.document.get(reference.path), {term.name for term in task.spec.train.terms}
    left = [name for name in task.planned.graph.outputs if name not in names]
    term = {raw: ""} if isinstance(raw, str) else raw if isinstance(raw, dict) else {}
    given = [
        f"{key}: {spell(value) if isinstance(value, dict) else flow(value) if value else ''}"
        for key, value in term.items()
    ]
    of = left[0] if len(left) == 1 else "..."
    where = "" if len(left) == 1 else ", with the output or node that it is computed from"
    return f"write `{reference.text}: {{{', '.join([*given, f'of: {of}'])}}}`{where}"


def node_edge(task: Task, reference: Reference) -> tuple[Edge | None, Plan | None]:
    """The edge of a node, or of the last layer of a composite node, and the plan of that layer; None for no node."""
    graph = task.planned.graph
    known = graph.node(reference.node)
    if known is not None:
        return Edge(known.path, reference.port), task.planned.plans.get(known.path)
    ports = graph.ends.get(reference.node, {})
    end = ports.get(reference.port) or ports.get("output")
    if end is None:
        return None, None
    # A port that the end does not have is for the caller to report.
    edge = end if reference.port in ports else Edge(end.node, reference.port)
    return edge, task.planned.plans.get(edge.node)


def with_element_shape(reporter: Reporter, task: Task, term: Term, target: TensorType | None) -> Term | None:
    """The term with the shape of its elements; None after reporting a loss that does not fit its outputs and target."""
    outputs = [task.planned.type(edge) for edge in term.of]
    types = [type_ for type_ in outputs if type_ is not None]
    if len(types) != len(outputs):
        return None
    try:
        shape = term.loss.plan(*types, target)
        need_a(term.loss, "plan", shape, tuple)
    except PlanError as error:
        single = len(term.of) == 1 and term.of[0] in task.planned.graph.outputs.values()
        about = f"the output `{term.name}`" if single else ", ".join(f"`{edge}`" for edge in term.of)
        nodes = [(edge, type_, task.planned.graph.node(edge.node)) for edge, type_ in zip(term.of, types, strict=True)]
        message = f"`{LOSSES.name_of(term.loss)}` of {about}: {error.message}"
        gives = [
            (node.at, f"`{edge}` gives {show_shape(type_.shape)} {type_.dtype}") for edge, type_, node in nodes if node
        ]
        help, note = error.help, error.note
        if len(term.of) == 1 and target is not None:
            from modelc.compiler.graph.missing_steps import missing_steps_of_value

            found = missing_steps_of_value(task.planned, term.of[0], lambda value: term.loss.plan(value, target))
            if found is not None:
                node, help = found
                gives.append((node.at, "the last step alone"))
        reporter.add(error.code, message, term.at, label="does not fit", help=help, note=note, related=gives)
        return None
    fits = term.loss.activation is None or check_activation(reporter, task.planned.graph, term, term.of[0], types[0])
    return term._replace(shape=shape) if fits else None


def check_activation(reporter: Reporter, graph: Graph, term: Term, edge: Edge, output: TensorType) -> bool:
    """Whether the activation before the loss is the one that the loss inverts; reports it if not."""
    wanted = term.loss.activation
    loss = LOSSES.name_of(term.loss)
    path, direct, activation, at = last_activation(graph, edge)
    if activation is None or wanted is None:
        return True
    kind = ACTIVATIONS.name_of(activation)
    if kind in ("softmax", "sparsemax") and output.shape[-1:] == (1,):
        message = f"{kind} of a single unit is always 1"
        help = f"use `sigmoid` with `binary_cross_entropy`, or two units, for the loss of `{term.name}`"
        reporter.add("E305", message, at, label="a single unit", help=help)
        return False
    if kind not in ("softmax", "sigmoid", "log_softmax", "sparsemax"):
        return True
    if kind != wanted:
        other = {"sigmoid": "binary_cross_entropy", "softmax": "cross_entropy"}.get(kind)
        advice = f"use `{wanted}` here" + (f", or the loss `{other}`" if other else "")
        message = f"`{loss}` goes with `{wanted}`, but `{edge}` ends in `{kind}`"
        reporter.add("E305", message, at, label=f"`{kind}`", help=advice, related=[(term.at, "the loss")])
        return False
    if direct and (axis := getattr(activation, "axis", -1)) != -1:
        message = f"`{loss}` compares classes on the last axis, but `{kind}` is over axis {axis}"
        help = f"put the classes on the last axis, as with `permute` before the `{kind}`, and leave its `axis` out"
        label = "the values on the last axis are no distribution"
        reporter.add("E305", message, at, label=label, help=help, related=[(term.at, "the loss")])
        return False
    if not direct:
        message = f"`{loss}` cannot reach the values before the `{kind}` at `{path}`"
        label = f"`{kind}`, which is not the last layer before `{edge}`"
        last = (
            f"make `{kind}` the last layer, after what only moves values, such as `reshape`; without `{kind}` the "
            f"outputs are logits, which `{loss}` takes as well"
        )
        from modelc.compiler.graph.layer_order import ending_in

        end = ending_in(reporter.document, graph.node(edge.node), "log")
        log = [f"or end with `{end}`: logarithms of probabilities are logits"] if kind == "softmax" else []
        reporter.add("E305", message, at, label=label, help=[last, *log], related=[(term.at, "the loss")])
        return False
    return True


def last_activation(graph: Graph, edge: Edge) -> tuple[str, bool, Activation | None, Path]:
    """The activation that computes the values on `edge`: its node, whether it is the last layer, itself, its place."""
    direct = edge.port == "output"
    waiting = [edge]
    while waiting:
        node = graph.node(waiting.pop(0).node)
        if node is None or node.layer is None:
            continue
        split = node.layer.split()
        activation = node.layer if isinstance(node.layer, Activation) else (split[1] if split else None)
        if activation is not None and ACTIVATIONS.name_of(activation) != "linear":
            at = (*node.at, "activation") if split and LAYERS.name_of(node.layer) != "activation" else node.at
            return node.path, direct, activation, at
        inside = node.layer.ends_in()
        if inside is not None:
            return node.path, False, inside, node.at
        # Behind the last layer that computes, as a linear `dense`, an earlier activation is none of these values.
        alone = activation is not None and (split is None or isinstance(split[0], Activation))
        if node.layer.keeps_range() or alone:
            direct = direct and alone
            waiting.extend(feed.edge for feed in node.feeds or () if feed.edge)
    return edge.node, direct, None, ()


def link_outputs(reporter: Reporter, task: Task) -> Task:
    """The outputs with the knowledge of their losses: target, link, whether they are logits, classes."""
    return replace(task, outputs={name: linked(task, output) for name, output in task.outputs.items()})


def linked(task: Task, output: Output) -> Output:
    """An output, or another value, with the knowledge of its loss: of the last term that is of it alone."""
    for term in task.terms:
        if (output.edge,) != term.of:
            continue
        link = term.loss.activation
        activated = link is not None and activation_of(task.planned.graph, output.edge) == link
        binding = (task.targets or {}).get(term.target or "")
        classes = binding.classes if binding is not None else None
        classes = output.type.shape[-1] if classes is None and link == "softmax" else classes
        output = output._replace(target=term.target, classes=classes, mask=term.mask)
        output = output._replace(link=link, logits=link is not None and not activated)
    return output


def activation_of(graph: Graph, edge: Edge) -> str | None:
    """The activation whose values are those on `edge`; None where they are those of none."""
    _, direct, activation, _ = last_activation(graph, edge)
    return ACTIVATIONS.name_of(activation) if activation is not None and direct else None
