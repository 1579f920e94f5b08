"""`TypedGraph` to `Task`, in order: loss terms, columns, targets, metrics and settings, each checked in a module of its own."""

from collections.abc import Collection

from modelc.compiler.binding.columns import bind_inputs, bind_targets
from modelc.compiler.binding.held_out_columns import OwnRows, check_held_out
from modelc.compiler.binding.limited_values import warn_of_limited
from modelc.compiler.binding.loss_terms import bind_terms, link_outputs, node_edge
from modelc.compiler.binding.metrics import bind_metrics
from modelc.compiler.binding.row_counts import check_row_counts
from modelc.compiler.binding.sample_weights import bind_weights
from modelc.compiler.binding.shared_files import report_shared, shared_files
from modelc.compiler.binding.source_headers import NO_HEADERS, Headers
from modelc.compiler.binding.split_columns import check_split_columns
from modelc.compiler.binding.task import Output, Task
from modelc.compiler.binding.training import bind_training
from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.graph.graph import Asked, Edge, Graph, Node
from modelc.compiler.graph.typed_graph import TypedGraph, reachable
from modelc.compiler.language.ast import ModelSpec, Spec
from modelc.compiler.language.parser.graph_nodes import named_in
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.layers import LAYERS


def bind(spec: Spec, planned: TypedGraph, headers: Headers = NO_HEADERS) -> tuple[Task, tuple[Problem, ...]]:
    """The task of a spec. If there are problems, parts that depend on a hole are missing.

    `headers` has the columns that files tell; without them, columns are those known without any file.
    """
    columns = headers.columns
    if spec.data is not None:
        columns = spec.data.source.columns() if columns is None and spec.data.source is not None else columns
    reporter = Reporter(spec.document)
    outputs = {
        name: Output(name, edge, type_)
        for name, edge in planned.graph.outputs.items()
        if edge is not None and (type_ := planned.type(edge)) is not None
    }
    roots = [edge for edge in planned.graph.outputs.values() if edge]
    task = Task(spec, planned, outputs, data=spec.data)
    if spec.data is not None:
        task = bind_inputs(reporter, task, columns)
    if spec.train is not None:
        terms, roots = bind_terms(reporter, task, roots)
        task = bind_targets(reporter, task, terms, columns)
        task = bind_weights(reporter, task, columns)
        check_row_counts(reporter, task, columns)
        check_split_columns(reporter, task, columns)
        for key, source in spec.data.own_sources.items() if spec.data is not None else ():
            held_out = headers.held_out.get(key)
            check_held_out(
                reporter, task, columns, OwnRows(key, source, source.columns() if held_out is None else held_out)
            )
        if spec.data is not None and spec.data.own_sources:
            report_shared(reporter, shared_files(spec.data) if headers.shared is None else headers.shared)
        task = link_outputs(reporter, task)
        task = bind_metrics(reporter, task)
        roots += [edge for metric in spec.train.metrics for one in metric.of or () if (edge := node_edge(task, one)[0])]
        if spec.data is not None and spec.data.augment:
            from modelc.compiler.binding.augment import bind_augment

            task = bind_augment(reporter, task)
        task = bind_training(reporter, task, columns)
    if spec.model is not None and spec.model.complete and None not in planned.graph.outputs.values():
        unread = {term.name for term in spec.train.terms if term.loss is None} if spec.train is not None else set()
        warn_unused(reporter, planned.graph, roots, spec.model, unread)
    warn_of_limited(reporter, task)
    if spec.model is not None and spec.model.axes:
        from modelc.compiler.binding.weight_axes import check_axes

        check_axes(reporter, task, spec.model.axes)
    return task, reporter.found(spec.document.name)


def warn_unused(
    reporter: Reporter, graph: Graph, roots: list[Edge], model: ModelSpec, terms: Collection[str | None]
) -> None:
    """Warn of unused inputs and nodes of `model`, unless a hole may use them, or one of the `terms` whose loss is none."""
    unread = (
        node.layer is None or node.feeds is None or any(f.edge is None for f in node.feeds) for node in graph.nodes
    )
    if not roots or any(unread):
        return
    used = reachable(graph, roots)
    for name in graph.inputs:
        if name not in used and not (graph.inputs[name] is None and name in LAYERS):
            path: Path = ("model", "inputs", name)
            reporter.add("W902", f"input `{name}` is not used", path, key=True, label="no output depends on it")
    # A node whose layers are shared is needed for them, whatever its own value is for.
    used |= {node.owner for node in graph.nodes if node.path in used}
    kept, waiting = set(), [outermost(node) for node in graph.nodes if node.path in used]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            items = model.nodes[name].items if name in model.nodes else ()
            waiting += [shared for item in items or () for shared in named_in(item) or ()]
    blamed: set[str] = set()
    asked: dict[str, Asked] | None = None
    for node in graph.nodes:
        name = outermost(node)
        if name in kept or name in blamed or name in terms or is_reported(reporter, name):
            continue
        blamed.add(name)
        at: Path = ("model", "nodes", name) if ("model", "nodes", name) in reporter.document.values else node.at
        message = f"node `{name}` is not used"
        help = "remove it" if model.sequential else "add it to `outputs`, or remove it"
        related: list[tuple[Path, str]] = []
        asked = asked_through(graph, kept) if asked is None else asked
        if name in asked:
            # To remove it alone would take the size from the layer that asks for it.
            help += f" and write a number in place of `shape({asked[name].named.name})`"
            related = [(asked[name].path, "only a shape is needed here")]
        reporter.add("W901", message, at, key=True, label="no output depends on it", help=help, related=related)


def is_reported(reporter: Reporter, name: str) -> bool:
    """Whether a target of the node `name` is reported to be in no loss."""
    return any(problem.is_error and problem.path == ("data", "targets", name) for problem in reporter.problems)


def asked_through(graph: Graph, names: Collection[str]) -> dict[str, Asked]:
    """The nodes in the text that shapes depend on which the nodes called `names` ask for, each with who asks."""
    found: dict[str, Asked] = {}
    seen = set()
    waiting = [(one.edge, one) for node in graph.nodes if outermost(node) in names for one in node.asked]
    while waiting:
        edge, one = waiting.pop()
        node = None if edge is None or edge.node in seen else graph.node(edge.node)
        if node is not None:
            seen.add(node.path)
            found.setdefault(outermost(node), one)
            waiting += [(below, one) for below in node.edges]
    return found


def outermost(node: Node) -> str:
    """The name of the node in the text that `node` is, or is a part of."""
    return node.scope[0] if node.scope else node.path
