"""The help for a residual whose layers give another shape than their input has: the shortcut that projects it."""

from modelc.compiler.graph.graph import Node
from modelc.compiler.language.ast import Residual
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.syntax.document import Document

CONVOLUTIONS = {2: "conv1d", 3: "conv2d", 4: "conv3d"}
"""The convolution along all axes but the last, by the number of axes."""


def shortcut_help(document: Document, node: Node, types: list[TensorType | None]) -> str:
    """What to write where `node` joins the input of a residual without a shortcut, of the first of `types`, with the
    output of its layers, of the second. Empty for all other nodes, and where no layer makes the one of the other.
    """
    at = node.at[:-1] if node.at[-1:] == ("join",) else node.at
    if at[-1:] != (Residual.key,) or (*at, "shortcut") in document.values or len(types) != 2:
        return ""
    around, through = types
    layer = None if around is None or through is None else projection(around, through)
    if layer is None:
        return ""
    return f"project the input by a shortcut: `residual: {{layers: [...], shortcut: [{layer}]}}`"


def projection(around: TensorType, through: TensorType) -> str | None:
    """A layer from the shape of `around` to that of `through`: `dense: 64`, or a convolution of size 1 with strides."""
    if around.rank != through.rank or not around.rank or not (around.is_float and through.is_float):
        return None
    width = through.shape[-1]
    kind = CONVOLUTIONS.get(around.rank)
    if around.shape[:-1] == through.shape[:-1]:
        return f"dense: {width}" if kind in (None, "conv1d") else f"{kind}: {{filters: {width}, kernel_size: 1}}"
    strides = [
        stride_between(before, after) for before, after in zip(around.shape[:-1], through.shape[:-1], strict=True)
    ]
    if kind is None or None in strides:
        return None
    shown = strides[0] if len(set(strides)) == 1 else strides
    return f"{kind}: {{filters: {width}, kernel_size: 1, strides: {shown}}}"


def stride_between(before: int, after: int) -> int | None:
    """The stride of a convolution of size 1 that makes `after` places of `before`; None where none does."""
    strides = (max(before // after, 1), -(-before // after))
    return next((stride for stride in strides if -(-before // stride) == after), None)
