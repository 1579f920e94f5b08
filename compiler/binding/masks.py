"""Binds the `mask` of a loss term, and checks it against the elements of the loss."""

from collections.abc import Mapping

from modelc.compiler.binding.task import Binding, Task, Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import Reference, TermSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.losses import LOSSES


def find_mask(reporter: Reporter, task: Task, spec: TermSpec, name: str, edge: Edge | None) -> Edge | str | None:
    """The `mask` of the term called `name`: a target, or the `edge` of an input or node of that name.

    None if the name is unknown or ambiguous, which is reported unless it may be a hole.
    """
    reference, data, model = spec.mask, task.data, task.spec.model
    assert reference is not None and model is not None
    targets = {} if data is None else data.targets
    if reference.text in targets and edge is not None:
        message = f"the mask `{reference.text}` of the loss term `{name}` is both a target and an input or node"
        help = "give the target another name under `data.targets`"
        related = [(("data", "targets", reference.text), "the target")]
        reporter.add("E205", message, reference.path, label="ambiguous name", help=help, related=related)
        return None
    if edge is not None:
        return edge
    if reference.text in targets or data is None:
        return reference.text
    if model.complete and data.complete:
        choices = [*targets, *task.planned.graph.inputs, *model.nodes]
        column = f"`targets: {{{reference.node}: {{array: {reference.node}}}}}` in `data`"
        message = f"the mask of the loss term `{name}` is `{reference.text}`, which is not a target, input or node"
        label, help = "no such target, input or node", f"read it from a column: {column}"
        suggestion = suggest(reference.text, choices, defined=True)
        reporter.add("E205", message, reference.path, label=label, help=help, suggestion=suggestion)
    return None


def check_mask(reporter: Reporter, task: Task, term: Term, targets: Mapping[str, Binding] | None) -> bool:
    """Whether a mask fits the elements of its term; reports it if not."""
    if term.mask is None:
        return True
    if isinstance(term.mask, Edge):
        type_ = task.planned.type(term.mask)
    else:
        binding = (targets or {}).get(term.mask)
        type_ = None if binding is None else binding.given_type
    problem = None if type_ is None else misfit(term, type_, computed=isinstance(term.mask, Edge))
    if problem is None:
        return True
    reason, help = problem
    message = f"the mask `{term.mask}` of the loss term `{term.name}` {reason}"
    related = [(term.at, f"elements of shape {show_shape(term.shape)}")]
    reporter.add("E304", message, (*term.at, "mask"), label="does not fit", help=help, related=related)
    return False


def check_left_out(reporter: Reporter, term: Term, binding: Binding) -> bool:
    """Whether the elements that a target leaves out are those of its loss; reports it if not."""
    if not term.leaves_out or binding.type is None or misfit(term, binding.type, computed=False) is None:
        return True
    kind, shape = LOSSES.name_of(term.loss), show_shape(binding.type.shape)
    message = f"elements of the target `{term.target}` {shape} are left out, but those of `{kind}` are {show_shape(term.shape)}"
    help = "use a loss of each element, such as `cross_entropy`, or let the reader leave none out"
    reporter.add(
        "E304", message, term.at, label="does not fit", help=help, related=[(binding.at, "leaves elements out")]
    )
    return False


def misfit(term: Term, mask: TensorType, *, computed: bool) -> tuple[str, str] | None:
    """The message and help for a mask that does not fit the elements of a term."""
    if computed and mask.dtype != "bool" and not mask.is_integer:
        help = "use an input or node with `bool` or integer values, where 0 means false"
        return f"has values of {mask.dtype}, but a mask must be boolean", help
    kind, shape = LOSSES.name_of(term.loss), show_shape(mask.shape)
    if term.loss.masking != "each" and mask.shape:
        return f"has shape {shape}, but `{kind}` has one value per row", "give a mask of shape [], one value per row"
    if mask.shape != term.shape[: len(mask.shape)]:
        help = "a mask has the shape of the elements, or of their leading axes, or [] for one value per row"
        return f"has shape {shape}, but the elements of `{kind}` have {show_shape(term.shape)}", help
    return None


def mask_edge(task: Task, reference: Reference, node: Edge | None) -> Edge | None:
    """The edge of the output, input or node that the mask names; `node` is that of a node."""
    graph = task.planned.graph
    if reference.text in graph.outputs:
        return graph.outputs[reference.text]
    if reference.text in graph.inputs:
        return Edge(reference.text)
    return node
