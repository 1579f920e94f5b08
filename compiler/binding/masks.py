"""What the `mask` of a term names, and whether it fits the elements of its loss."""

from collections.abc import Mapping

from modelc.compiler.binding.task import Binding, Task, Term
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import Reference, TermSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.losses import LOSSES


def find_mask(reporter: Reporter, task: Task, spec: TermSpec, name: str, edge: Edge | None) -> Edge | str | None:
    """What `mask` of the term called `name` means: a target, or the `edge` of an input or node of that name.

    None where there is no such thing, or two; it has been reported unless a hole may be it.
    """
    reference, data, model = spec.mask, task.data, task.spec.model
    assert reference is not None and model is not None
    targets = {} if data is None else data.targets
    if reference.text in targets and edge is not None:
        reporter.add(
            "E205",
            f"the mask `{reference.text}` of the loss term `{name}` can be a target or a part of the model",
            reference.path,
            label="two are called so",
            help="give the target another name under `data.targets`",
            related=[(("data", "targets", reference.text), "the target")],
        )
        return None
    if edge is not None:
        return edge
    if reference.text in targets or data is None:
        return reference.text
    if model.complete and data.complete:
        choices = [*targets, *task.planned.graph.inputs, *model.nodes]
        column = f"`targets: {{{reference.node}: {{array: {reference.node}}}}}` in `data`"
        reporter.add(
            "E205",
            f"the mask of the loss term `{name}` is `{reference.text}`, which is no target, input or node",
            reference.path,
            label="no such target, input or node",
            help=f"read it from a column: {column}",
            suggestion=suggest(reference.text, choices, defined=True),
        )
    return None


def masked(reporter: Reporter, task: Task, term: Term, targets: Mapping[str, Binding] | None) -> bool:
    """Report a mask that is not about the elements of its term; says whether all is well."""
    if term.mask is None:
        return True
    if isinstance(term.mask, Edge):
        type_ = task.planned.type(term.mask)
    else:
        binding = (targets or {}).get(term.mask)
        type_ = None if binding is None else binding.type
        if binding is not None and type_ is not None and binding.squeeze:
            type_ = type_.with_shape(1)
    if type_ is None:
        return True
    problem = misfit(term, type_, computed=isinstance(term.mask, Edge))
    if problem is None:
        return True
    message, cure = problem
    reporter.add(
        "E304",
        f"the mask `{term.mask}` of the loss term `{term.name}` {message}",
        mask_path(term),
        label="does not fit",
        help=cure,
        related=[(term.at, f"elements of shape {show_shape(term.shape)}")],
    )
    return False


def misfit(term: Term, mask: TensorType, *, computed: bool) -> tuple[str, str] | None:
    """What is wrong with a mask for the elements of a term, and the cure."""
    if computed and mask.dtype != "bool" and not mask.is_integer:
        return (
            f"has values of {mask.dtype}, and a mask is true or false",
            "take an input or node whose values are `bool` or whole numbers, 0 being false",
        )
    kind = LOSSES.name_of(term.loss)
    if term.loss.masking != "each" and mask.shape:
        return (
            f"has shape {show_shape(mask.shape)}, and `{kind}` is taken over whole rows",
            "give a mask of shape [], one value for each row",
        )
    if mask.shape != term.shape[: len(mask.shape)]:
        return (
            f"has shape {show_shape(mask.shape)}, the elements of `{kind}` have {show_shape(term.shape)}",
            "a mask has the shape of the elements, or their first axes, or [] for one value for each row",
        )
    return None


def mask_path(term: Term) -> Path:
    """Where the mask of a term is written."""
    return (*term.at, "mask")


def mask_edge(task: Task, reference: Reference, node: Edge | None) -> Edge | None:
    """The edge of an output, input or node called as the mask says; `node` is that of a node."""
    graph = task.planned.graph
    if reference.text in graph.outputs:
        return graph.outputs[reference.text]
    if reference.text in graph.inputs:
        return Edge(reference.text)
    return node
