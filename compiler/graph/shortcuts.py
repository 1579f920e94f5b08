"""The help for a residual whose layers give another shape than what goes around them: the shortcut that projects the input."""

from collections.abc import Iterator
from typing import Any

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Node
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.ast import Residual
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.layers import kind_of
from modelc.compiler.syntax.document import Document

CONVOLUTIONS = {2: "conv1d", 3: "conv2d", 4: "conv3d"}
"""The convolution along all axes but the last, by the number of axes."""


def shortcut_help(document: Document, planned: TypedGraph, node: Node) -> str:
    """What to write where `node` joins what went around a residual with the output of its layers. Empty for all other
    nodes, and where no layer makes the one of the other.
    """
    at = node.at[:-1] if node.at[-1:] == ("join",) else node.at
    types = [planned.type(feed.edge) for feed in node.feeds or ()]
    if at[-1:] != (Residual.key,) or len(types) != 2:
        return ""
    around, through = types
    if around is None or through is None:
        return ""
    if (*at, "shortcut") in document.values and document.get((*at, "shortcut")):
        return fitting_shortcut(document, planned, node, (*at, "shortcut"), through)
    if around.dtype != through.dtype:
        return converted(planned, node, around, through)
    layer = projection(around, through, *typed_sizes(document, planned, node, at, around, through))
    if layer is None:
        return with_all_steps(planned, node, around, through) or of_other_ranks(node, around, through)
    return f"project the input by a shortcut: `residual: {{layers: [...], shortcut: [{layer}]}}`"


def converted(planned: TypedGraph, node: Node, around: TensorType, through: TensorType) -> str:
    """What to write for a residual of ids, around which they go as they are."""
    if around.is_float or not through.is_float:
        return ""
    first = planned.graph.node(node.feeds[0].edge.node) if node.feeds and node.feeds[0].edge else None
    inside = [one for one in planned.graph.nodes if one.feeds and one.at[: len(node.at)] == node.at and one is not node]
    lookup = next(
        (kind_of(one.layer) for one in inside if one.layer is not None and one.layer.vocabulary_size() is not None), ""
    )
    if lookup:
        return f"put the `{lookup}` before the `residual`: what goes around it are the ids"
    if around.shape == through.shape and first is not node:
        return "convert what goes around: `residual: {layers: [...], shortcut: [rescaling: 1]}`"
    return ""


def with_all_steps(planned: TypedGraph, node: Node, around: TensorType, through: TensorType) -> str:
    """What to do where the layers of a residual leave the last step alone of the sequence that goes around them; empty for
    all else.
    """
    from modelc.compiler.graph.missing_steps import missing_steps_of_value

    edge = node.feeds[-1].edge if node.feeds and around.rank == through.rank + 1 else None

    def has_axes(value: TensorType) -> None:
        need(value.rank == around.rank, "another number of axes")

    found = None if edge is None else missing_steps_of_value(planned, edge, has_axes)
    return "" if found is None else found[1]


def of_other_ranks(node: Node, around: TensorType, through: TensorType) -> str:
    """What to write for a residual whose layers give another number of axes than what goes around them; empty where no
    `reshape` helps.
    """
    if (
        node.layer is None
        or "broadcast" not in type(node.layer).model_fields
        or not (around.is_float and through.is_float)
    ):
        return ""
    small, large = sorted((around.shape, through.shape), key=len)
    if not around.rank and through.rank == 1 and through.shape != (1,):
        return f"project the input by a shortcut: `residual: {{layers: [...], shortcut: [reshape: [1], dense: {through.shape[-1]}]}}`"
    missing = (1,) * (len(large) - len(small))
    for shape in ((*missing, *small), (*small, *missing)):
        if len(small) == len(large) or any(one not in (1, other) for one, other in zip(shape, large, strict=True)):
            continue
        reshape = f"reshape: {show_shape(shape)}"
        join = "" if shape == large else f", join: {{{kind_of(node.layer)}: {{broadcast: true}}}}"
        if around.rank < through.rank:
            return f"give the input the missing axes: `residual: {{layers: [...], shortcut: [{reshape}]{join}}}`"
        return f"give what the layers leave the missing axes: `residual: {{layers: [..., {reshape}]{join}}}`"
    return ""


def typed_sizes(
    document: Document, planned: TypedGraph, node: Node, at: Path, around: TensorType, through: TensorType
) -> tuple[Any, Any]:
    """The width and the strides of the layers of the residual `at`, as they are written where they are variables: other
    uses of a block have others. None for what is no variable.
    """
    width, strides = None, []
    edge = node.feeds[-1].edge if node.feeds else None
    while edge is not None:
        found = planned.graph.node(edge.node)
        if found is None or found.layer is None or found.at[: len(at)] != at or not found.feeds:
            break
        sized = next((key for key in ("filters", "units") if key in type(found.layer).model_fields), "")
        if sized and width is None:
            width = variable_of(document, found, sized) or getattr(found.layer, sized)
        if getattr(found.layer, "strides", None) is not None and (typed := variable_of(document, found, "strides")):
            strides.append(typed)
        edge = found.feeds[0].edge if len(found.feeds) == 1 else None
    between = strides_between(around, through) if around.rank == through.rank else None
    return (
        width if isinstance(width, str) else None,
        strides[0] if len(strides) == 1 and between not in (None, 1) else None,
    )


def variable_of(document: Document, node: Node, argument: str) -> str:
    """The argument of a layer as it is written, if that names variables; empty for all others."""
    assert node.layer is not None
    bare = node.at if argument == type(node.layer).primary else None
    path = next((one for one in ((*node.at, argument), bare) if one in document.values), None)
    typed = document.as_typed(path) if path else None
    if not isinstance(typed, str) or "$" not in typed:
        return ""
    return f'"{typed}"' if "{" in typed else typed


def fitting_shortcut(document: Document, planned: TypedGraph, node: Node, at: Path, through: TensorType) -> str:
    """What to change in the shortcut `at` so that it gives what the layers give, `through`; empty where that is not one
    layer's arguments.
    """
    for last in before(planned, node, at):
        layer, edge = last.layer, last.feeds[0].edge if last.feeds else None
        assert layer is not None
        width = next((key for key in ("filters", "units") if key in type(layer).model_fields), "")
        given, taken = planned.plans[last.path].output, planned.type(edge)
        if not width or taken is None or given.rank != through.rank != 0 or taken.rank != through.rank:
            continue
        typed, _ = typed_sizes(document, planned, node, at[:-1], taken, through)
        changes = [] if given.shape[-1] == through.shape[-1] else [f"`{width}: {typed or through.shape[-1]}`"]
        if given.shape[:-1] != through.shape[:-1]:
            strides = strides_between(taken, through)
            exact = getattr(layer, "padding", "") == "same" or set(getattr(layer, "kernel_size", (0,))) == {1}
            if strides is None or not exact or "strides" not in type(layer).model_fields:
                return ""
            changes.append(f"`strides: {strides}`")
        return (
            f"let the shortcut give what the layers give: {' and '.join(changes)} in its `{kind_of(layer)}`"
            if changes
            else ""
        )
    return ""


def before(planned: TypedGraph, node: Node, at: Path) -> Iterator[Node]:
    """The layers of the shortcut `at` that end in `node`, from the last one, as far as each takes one value."""
    edge = node.feeds[0].edge if node.feeds else None
    while edge is not None:
        found = planned.graph.node(edge.node)
        if found is None or found.at[: len(at)] != at or found.path not in planned.plans or not found.feeds:
            return
        yield found
        edge = found.feeds[0].edge if len(found.feeds) == 1 else None


def projection(around: TensorType, through: TensorType, typed: Any = None, stride: Any = None) -> str | None:
    """A layer from the shape of `around` to that of `through`: `dense: 64`, or a convolution of size 1 with strides; its
    width and strides as they are `typed` in the layers, where they are variables there.
    """
    if around.rank != through.rank or not around.rank or not (around.is_float and through.is_float):
        return None
    width = typed or through.shape[-1]
    kind = CONVOLUTIONS.get(around.rank)
    if around.shape[:-1] == through.shape[:-1]:
        return f"dense: {width}" if kind in (None, "conv1d") else f"{kind}: {{filters: {width}, kernel_size: 1}}"
    strides = strides_between(around, through)
    if kind is None or strides is None:
        return None
    return f"{kind}: {{filters: {width}, kernel_size: 1, strides: {stride or strides}}}"


def strides_between(around: TensorType, through: TensorType) -> int | list[int] | None:
    """The strides of a convolution of size 1 from the places of `around` to those of `through`; None where there are none."""
    pairs = zip(around.shape[:-1], through.shape[:-1], strict=True)
    found = [stride for pair in pairs if (stride := stride_between(*pair)) is not None]
    if len(found) < around.rank - 1:
        return None
    return found[0] if len(set(found)) == 1 else found


def stride_between(before: int, after: int) -> int | None:
    """The stride of a convolution of size 1 that makes `after` places of `before`; None where none does."""
    strides = (max(before // after, 1), -(-before // after))
    return next((stride for stride in strides if -(-before // stride) == after), None)
