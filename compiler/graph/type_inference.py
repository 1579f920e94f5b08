"""`Graph` to `TypedGraph`: infers the type of every edge by the `plan` of every layer, and places errors. No jax."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.problem import Label, Path, Problem
from modelc.compiler.graph.composite_outputs import no_port
from modelc.compiler.graph.deferred_layers import Built, built, with_notes
from modelc.compiler.graph.graph import Edge, Feed, Graph, Node, Wanted
from modelc.compiler.graph.layer_errors import display_name, report, report_caution
from modelc.compiler.graph.missing_steps import missing_steps_help
from modelc.compiler.graph.typed_graph import TypedGraph, by_slot, reachable
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.returned_values import need_a, need_types
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.layer import Plan
from modelc.compiler.syntax.document import Document


def infer(graph: Graph, document: Document) -> tuple[TypedGraph, tuple[Problem, ...]]:
    """The plans of all nodes of `graph`; what does not fit is reported and becomes a hole."""
    reporter = Reporter(document)
    plans: dict[str, Plan] = {}
    planned = TypedGraph(graph, plans)
    known: Known = {}
    layers: Built = {}
    taken: Taken = {}
    for wanted in graph.wanted:
        if wanted.edge is not None:
            taken.setdefault(wanted.edge, []).append(wanted)
    failed: Failed = {}
    found: dict[str, list[Problem]] = {}
    nodes = []
    own = Reporter(document)
    for written in graph.nodes:
        own = Reporter(document) if own.problems else own
        node, facts = built(own, planned, written, layers)
        nodes.append(node)
        if (plan := plan_node(own, planned, node, known, taken, failed)) is not None:
            owner = graph.node(node.owner) or node
            plans[node.path] = plan.frozen(plan.trained()) if owner.frozen else plan
        if own.problems:
            found[node.path] = with_notes(own.problems, facts)
    graph = replace(graph, nodes=tuple(nodes))
    planned = TypedGraph(graph, plans)
    blamed: set[Path] = set()
    for node in graph.nodes if found else ():
        # Copies of one layer stand at one place, and what is wrong with it is wrong once.
        at = document.in_first_copy(node.shared or node.at)
        if node.path in found and at not in blamed and not (node.shared and node.owner in found):
            blamed.add(at)
            for problem in found[node.path]:
                collect_use(reporter, at_share(document, node, problem), planned, node)
    check_shared(reporter, planned)
    check_wanted(reporter, planned)
    for node in graph.nodes:
        if node.path in plans:
            check_learnt(reporter, planned, node)
            check_room(reporter, planned, node)
    for feed in graph.named:
        check_port(reporter, planned, feed, full_path=False)
    named, paths = {feed.edge for feed in graph.named}, output_paths(document, graph.outputs)
    for name, edge in graph.outputs.items():
        if edge is not None and (edge.node in plans or edge.node in graph.inputs) and edge not in named:
            check_port(reporter, planned, Feed("", edge, paths[name]))
    return planned, reporter.found(document.name)


def collect_use(reporter: Reporter, problem: Problem, planned: TypedGraph, node: Node) -> None:
    """Keep a problem of `node`: what is wrong with a layer in several uses of its block for the same types, once."""
    types = tuple(planned.type(feed.edge) for feed in node.feeds or ())
    # Without the path of the node, which is another one in each use.
    message = problem.message.rpartition("`: ")[2]
    reporter.collect_once(problem, (problem.code, problem.label.place, message, types))


Known = dict[tuple[int, tuple[str, ...], tuple[TensorType, ...]], Plan]
"""Plans without problems by what determines them: the identity of the layer, slots and types. Copies of a layer have one."""

Failed = dict[object, tuple[Problem, ...]]
"""The problems of layers that do not fit, by what determines them and where they are written."""

Taken = dict[Edge, list[Wanted]]
"""The inputs of models that are used as blocks, by the edge that is given to them."""


def plan_node(
    reporter: Reporter, planned: TypedGraph, node: Node, plans: Known, taken: Taken, failed: Failed
) -> Plan | None:
    """The plan of one node, or None if the node or one of its inputs is unknown; taken from `plans`, or added to it."""
    if node.layer is None or node.feeds is None:
        return None
    types: list[TensorType] = []
    for feed in node.feeds:
        known = planned.type(feed.edge)
        if known is None or feed.edge is None:
            if feed.edge not in [one.edge for one in planned.graph.named]:
                check_port(reporter, planned, feed)
            return None
        # What is wrong with the value itself is said of the use, and the model is right for what it says it takes.
        around = taken.get(feed.edge, ()) if taken else ()
        said = [one.type for one in around if node.path.startswith(f"{one.inside}/")]
        types.append(replace(said[-1], mask=known.mask) if said else known)
    # Equal layers of a check are mostly one, and to compare what they hold takes longer than to plan some again.
    key = id(node.layer), tuple([feed.slot for feed in node.feeds]), tuple(types)
    plan = plans.get(key)
    if plan is None:
        # What does not fit in one use of a block does not in another, for the same types; a `share` says which node it is.
        at = (key, reporter.document.value(node.at)) if failed and not node.shared else None
        if at in failed:
            reporter.take(failed[at])
            return None
        plan = plan_layer(reporter, planned, node, types)
        if plan is not None and not reporter.problems:
            plans[key] = plan
        elif plan is None and not node.shared:
            failed[key, reporter.document.value(node.at)] = tuple(reporter.problems)
    return plan


def plan_layer(reporter: Reporter, planned: TypedGraph, node: Node, types: list[TensorType]) -> Plan | None:
    """The plan of a node's layer for `types`; None after reporting that they do not fit."""
    assert node.layer is not None
    masked = any(known.mask for known in types)
    passes = node.layer.masking == "pass" and all(known.mask for known in types)
    try:
        plan = node.layer.plan(**by_slot(node, types))
    except PlanError as error:
        is_of_shapes = error.code == "E301" and not error.argument
        help = missing_steps_help(planned, node, types, reporter.document) if is_of_shapes else ""
        report(reporter, planned, node, replace(error, help=help) if help else error)
        return None
    if (caution := node.layer.caution()) is not None:
        report_caution(reporter, node, caution)
    need_a(node.layer, "plan", plan, Plan)
    need_types(node.layer, "plan", plan.outputs)
    need_a(node.layer, "plan", plan.params, Mapping)
    uses = node.layer.masking == "use"
    if plan.drops_mask if uses else masked and not passes:
        message = f"`{node.path}` drops the mask of its input"
        if node.layer.masking != "drop" and not all(known.mask for known in types):
            keep = "; or write `keep_mask: true`" if "keep_mask" in type(node.layer).model_fields else ""
            help = f"give every input a mask, or none{keep}"
        elif node.layer.instead:
            help = f"write `{node.layer.instead}`, which ignores padding"
        else:
            help = "put a layer that uses the mask, such as `lstm`, before it"
        reporter.add("W904", message, node.at, key=True, label="from here on padding is treated as data", help=help)
    if uses or all(out.mask == passes for out in plan.outputs.values()):
        return plan
    return Plan({port: out.with_mask(passes) for port, out in plan.outputs.items()}, plan.params, plan.state)


def at_share(document: Document, node: Node, problem: Problem) -> Problem:
    """`problem`, blamed on the `share` that builds the node if the layer is valid where it is written."""
    if not node.shared or problem.path[: len(node.at)] != node.at:
        return problem
    layer = Label(problem.label.place, "the shared layer")
    related = (*problem.related, layer, *document.trail(node.shared))
    label = Label(document.value(node.shared), problem.label.text)
    return replace(problem, label=label, related=tuple(dict.fromkeys(related)), path=node.shared, suggestion=None)


def check_shared(reporter: Reporter, planned: TypedGraph) -> None:
    """Report nodes that share the weights of another one but need other shapes."""
    owners = dict(planned.owned())
    blamed: set[Path] = set()
    for node in planned.graph.nodes:
        plan = planned.plans.get(node.path)
        at = node.shared or node.at
        if plan is None or node.owner == node.path or at in blamed:
            continue
        first = planned.plans.get(node.owner, owners[node.owner])
        for part in ("params", "state"):
            own, theirs = getattr(plan, part), getattr(first, part)
            wrong = next((name for name in own if name not in theirs or theirs[name].shape != own[name].shape), None)
            if wrong is None:
                continue
            blamed.add(at)
            owner = planned.graph.node(node.owner)
            shape = show_shape(theirs[wrong].shape) if wrong in theirs else "nothing"
            needs = f"needs `{wrong}` of shape {show_shape(own[wrong].shape)}, not {shape}"
            message = f"`{node.path}` shares the weights of `{node.owner}`, but {needs}"
            label = "the input here has another shape"
            help = "give both inputs the same shape, or use separate layers"
            related = [(owner.at, f"`{node.owner}`")] if owner is not None and owner.at != at else ()
            reporter.add("E302", message, at, key=not node.shared, label=label, help=help, related=related)
            break


def check_wanted(reporter: Reporter, planned: TypedGraph) -> None:
    """Report an input of a model used as a block whose type is not the declared one."""
    blamed: set[tuple[Path, str]] = set()
    for wanted in planned.graph.wanted:
        known, at = planned.type(wanted.edge), wanted.shared or wanted.at
        shape, dtype = wanted.type.shape, wanted.type.dtype
        if known is None or (known.shape, known.dtype) == (shape, dtype) or (at, wanted.name) in blamed:
            continue
        blamed.add((at, wanted.name))
        takes, got = f"{show_shape(shape)} {dtype}", f"{show_shape(known.shape)} {known.dtype}"
        message = f"the input `{wanted.name}` of the model takes {takes}, got {got}"
        label = "the input here has another type"
        help = f"add `cast: {dtype}` before it"
        if known.shape != shape:
            help = "change this input, or the input that its file declares"
        related = [((*wanted.at, "inputs", wanted.name), "the input of the model")]
        reporter.add("E302", message, at, key=not wanted.shared, label=label, help=help, related=related)


def check_port(reporter: Reporter, planned: TypedGraph, feed: Feed, full_path: bool = True) -> None:
    """Report a port that its node does not have; by its full path, or as the block around it calls it."""
    if feed.edge is None:
        return
    plan = planned.plans.get(feed.edge.node)
    ports = ["output"] if feed.edge.node in planned.graph.inputs else list(plan.outputs) if plan is not None else None
    if ports is not None and feed.edge.port not in ports:
        no_port(reporter, feed.edge, ports, feed.path, owner=feed.edge.node if full_path else feed.slot)


def check_learnt(reporter: Reporter, planned: TypedGraph, node: Node) -> None:
    """Report a fitted layer whose input changes during training."""
    assert node.layer is not None
    if not planned.plans[node.path].fitted:
        return
    edges = [feed.edge for feed in node.feeds or () if feed.edge]
    used = reachable(planned.graph, edges)
    for other in planned.graph.nodes:
        plan = planned.plans.get(other.path)
        if other.path not in used or plan is None or other.layer is None:
            continue
        if plan.params or any(entry.changes for entry in plan.state.values()):
            changes = f"{display_name(other)} before it changes during training"
            message = f"{display_name(node)} is fitted to the training rows before training, but {changes}"
            label = "would be fitted to values that change"
            help = f"put it before `{other.path}`" + node.layer.by_hand()
            related = [(other.at, "has trainable weights")]
            reporter.add("E307", message, node.at, key=True, label=label, help=help, related=related)
            return


def check_room(reporter: Reporter, planned: TypedGraph, node: Node) -> None:
    """Report a layer whose vocabulary is smaller than the number of ids that a layer before it outputs, also through
    layers that only move or join ids.
    """
    for looked_up, room in planned.looked_up(node).items():
        waiting, seen = [looked_up], set[Edge]()
        while waiting:
            edge, *waiting = waiting
            before = planned.graph.node(edge.node)
            if edge in seen or before is None or before.layer is None:
                continue
            seen.add(edge)
            count = before.layer.num_output_ids()
            if count is not None and count > room:
                outputs, has_room = f"outputs {count:,} different ids", f"has room for {room:,}"
                message = f"{display_name(before)} {outputs}, but {display_name(node)} {has_room}"
                label, help = f"ids from {room:,} on are out of range", f"increase it to {count:,}"
                related = [(before.at, f"outputs ids from 0 to {count - 1:,}")]
                reporter.add("E308", message, node.at, key=True, label=label, help=help, related=related)
                return
            if count is None and (before.layer.moves() or before.layer.keeps == "numbers"):
                waiting = [*before.moved, *waiting]


def output_paths(document: Document, names: Iterable[str]) -> dict[str, Path]:
    """The path in the spec of each output; in a chain, which has no `outputs`, of its layers."""
    outputs = document.data.get("model", {}).get("outputs")
    if not isinstance(outputs, list):
        return {name: ("model", "outputs", name) if outputs is not None else ("model", "layers") for name in names}
    places = {str(text).partition(".")[0]: index for index, text in reversed([*enumerate(outputs)])}
    return {name: ("model", "outputs", places[name]) if name in places else ("model", "outputs") for name in names}
