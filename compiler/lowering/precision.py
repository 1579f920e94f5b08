"""Where `precision: mixed_bfloat16` or `mixed_float16` rounds: at the inputs and outputs of the layers that compute.

A value that only moves, or passes through what is idle outside training, on its way to a layer that is exact, to an
output or to a loss is not rounded; any other is narrowed as early as possible, so that what is moved and kept for the
gradients has half the size.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Activation, Layer
from modelc.compiler.lowering.prepared_task import Half, PreparedTask
from modelc.compiler.lowering.rolled_repeats import Roll


@dataclass(frozen=True, slots=True)
class Precision:
    """Where values are `half`, bfloat16 or float16; nowhere if that is empty.

    Layers compute in the dtype of their inputs. Float32 goes as it is into the nodes whose paths are in `exact`, and
    stays on the edges in `unrounded`. The last activation of an output computes in float32 (`wide` has their paths),
    since eight bits would show in probabilities.
    """

    half: Half
    wide: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    unrounded: frozenset[Edge] = frozenset()

    def into(self, path: str, value: Array) -> Array:
        """`value` as the node at `path` takes it."""
        if not self.half or path in self.exact:
            return value
        return widened(value) if path in self.wide else narrowed(value, self.half)

    def on(self, edge: Edge, value: Array) -> Array:
        """`value`, which the node of `edge` gave, as others find it."""
        return (
            narrowed(value, self.half)
            if self.half and edge.node not in self.wide and edge not in self.unrounded
            else value
        )

    def between(self, roll: Roll, value: Array) -> Array:
        """`value` in the one dtype in which it goes from copy to copy of a rolled repeat."""
        if not self.half:
            return value
        takers = (node for node in roll.nodes if roll.carrier in node.edges)
        return widened(value) if any(node.path in self.exact for node in takers) else narrowed(value, self.half)

    def computes_in(self, path: str) -> str:
        """The floats that the node at `path` computes with, in words: its activation, which passes split off, may take wider
        ones. Empty unless `half`.
        """
        if not self.half:
            return ""
        if path in self.exact or path in self.wide:
            return "float32"
        return f"{self.half}, then float32" if f"{path}/activation" in self.wide else self.half

    def to_float32(self, value: Array) -> Array:
        """`value` cast for losses, metrics and the caller."""
        return widened(value) if self.half else value


def widened(value: Array) -> Array:
    return value.astype("float32") if value.dtype in ("bfloat16", "float16") else value


def narrowed(value: Array, half: Half) -> Array:
    return value.astype(half) if value.dtype == "float32" else value


def precision_of(task: PreparedTask, wanted: Iterable[Edge] = ()) -> Precision:
    """Where the values of `task` are rounded, with `wanted` edges besides its outputs and losses in full precision."""
    if not task.half:
        return Precision("")
    ends = {value.edge for value in task.values.values()}
    asked = {*ends, *(edge for term in task.terms for edge in term.of), *wanted}
    last = {edge.node for edge in ends}
    wide, exact, unrounded = set(), set(), set()
    for node in reversed(task.planned.graph.nodes):
        if node.layer is None:
            continue
        if node.path in last and isinstance(node.layer, Activation):
            wide.add(node.path)
            asked.update(node.edges)
            continue
        given = {Edge(node.path, port) for port in task.planned.plans[node.path].outputs} & asked
        if is_exact(node.layer) or (given and node.layer.keeps_digits()):
            exact.add(node.path)
            unrounded |= given
            asked.update(node.edges)
    return Precision(task.half, frozenset(wide), frozenset(exact), frozenset(unrounded))


def is_exact(layer: Layer) -> bool:
    """Whether a layer, or one inside it, wants its input unrounded."""
    return any(part.exact for part in layer.layers())
