"""The ways that ids take through a model: which values are functions of the data alone, and where each comes from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import TypedGraph, by_slot
from modelc.compiler.library.base.lazy import jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Result
from modelc.compiler.lowering.lower import Run
from modelc.compiler.lowering.precision import Precision, precision_of
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.row_batches import row_batches


@dataclass(frozen=True, slots=True)
class Paths:
    """What is computed to know the values on `ends`.

    `nodes` are computed in order. `sources` are the inputs of the model among what they take, `others` the values that
    weights, fitted state or missing inputs have a part in: 0 stands for them.
    """

    planned: TypedGraph
    precision: Precision
    ends: tuple[Edge, ...]
    nodes: tuple[Node, ...]
    sources: tuple[Edge, ...]
    others: tuple[Edge, ...]

    def type(self, edge: Edge) -> TensorType:
        known = self.planned.type(edge)
        assert known is not None, "a task without errors has no holes"
        return known

    def arrivals(self, inputs: Arrays, wanted: Sequence[Edge]) -> Iterator[tuple[int, dict[Edge, Array]]]:
        """The arrays on `wanted` edges for all rows of the inputs by name, in batches `[rows of the batch, ...]`, with the
        first row of each.
        """
        run = jax.jit(lambda batch: self.values(batch, wanted))
        sources = {edge.node: inputs[edge.node] for edge in self.sources}
        for start, count, batch in row_batches(sources, self.size()):
            arrays = (np.asarray(array)[:count] for array in jax.device_get(run(batch)))
            yield start, dict(zip(wanted, arrays, strict=True))

    def values(self, inputs: Mapping[str, Any], wanted: Iterable[Edge]) -> tuple[Any, ...]:
        """The arrays `[rows, ...]` on `wanted` edges for a batch of inputs by name, computed as in prediction."""
        run = Run(self.planned.plans, self.precision, None, False)
        rows = len(next(iter(inputs.values())))
        for edge in self.sources:
            run.values[edge] = jnp.asarray(inputs[edge.node])
        for edge in self.others:
            known = self.type(edge)
            run.values[edge] = jnp.zeros((rows, *known.shape), known.dtype)
            run.masks[edge] = jnp.ones((rows, *known.shape[:1]), bool) if known.mask else None
        for node in self.nodes:
            run.node(node, {}, {}, None)
        return tuple(run.values[edge] for edge in wanted)

    def size(self) -> int:
        """The number of values in one row of the largest array."""
        edges = [
            *self.sources,
            *self.others,
            *(Edge(node.path, port) for node in self.nodes for port in self.ports(node)),
        ]
        return max(int(np.prod(self.type(edge).shape)) for edge in edges)

    def ports(self, node: Node) -> Iterable[str]:
        return self.planned.plans[node.path].outputs


def find_paths(task: Task, ends: Iterable[Edge], inputs: Arrays) -> Paths | None:
    """The paths to those of `ends` that `inputs` by name, `[rows, ...]`, have a part in: through any layers without weights
    and state, and beside other values through layers that only move them. None if there is no such end, or no row.
    """
    planned = task.planned
    known = {Edge(name) for name in inputs}
    partly: set[Edge] = set()
    for node in planned.graph.nodes:
        plan = planned.plans[node.path]
        ports = {Edge(node.path, port) for port in plan.outputs}
        if plan.params or plan.state or node.layer is None:
            continue
        if known.issuperset(node.edges):
            known |= ports
        elif node.layer.moves() and not known.union(partly).isdisjoint(node.moved):
            partly |= ports
    found = known | partly
    reached = tuple(edge for edge in dict.fromkeys(ends) if edge in found)
    nodes: list[Node] = []
    needed = set(reached)
    for node in reversed(planned.graph.nodes):
        if any(Edge(node.path, port) in needed & found for port in planned.plans[node.path].outputs):
            nodes.insert(0, node)
            needed.update(node.edges)
    computed = {node.path for node in nodes}
    leaves = sorted(edge for edge in needed if edge.node not in computed)
    sources = tuple(edge for edge in leaves if edge in found)
    if not sources or not all(map(len, inputs.values())):
        return None
    others = tuple(edge for edge in leaves if edge not in found)
    return Paths(planned, precision_of(prepare(task)), reached, tuple(nodes), sources, others)


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the values on an edge come from: `leaf` has, for each place in one row, flat, the index in `leaves` of the
    edge that the value was moved from, and `place` the place there, flat; both are -1 where nothing was moved.
    """

    leaves: tuple[Edge, ...]
    leaf: Array
    place: Array


def origins(paths: Paths, end: Edge) -> Origins:
    """The origins of what arrives on `end`, by running the layers that move it on the numbers of the places.

    A layer whose choice depends on the values (`clip`, a plug-in that sorts) is followed as if the numbers were they.
    """
    by_path = {node.path: node for node in paths.nodes}
    inside, leaves, waiting = set[str](), list[Edge](), [end]
    while waiting:
        edge, *waiting = waiting
        node = by_path.get(edge.node)
        if node is not None and node.layer is not None and (node.layer.moves() or node.layer.keeps == "numbers"):
            inside.add(node.path)
            waiting += node.moved
        elif edge not in leaves:
            leaves.append(edge)
    sizes = [int(np.prod(paths.type(edge).shape)) for edge in leaves]
    firsts = np.cumsum([0, *sizes])
    values: dict[Edge, Any] = {}
    for edge, first, size in zip(leaves, firsts, sizes, strict=False):
        values[edge] = jnp.arange(first + 1, first + 1 + size, dtype="int32").reshape(1, *paths.type(edge).shape)
    for node in paths.nodes:
        if node.path in inside:
            assert node.layer is not None
            arrays = [
                values.get(edge, jnp.ones((1, *paths.type(edge).shape), paths.type(edge).dtype)) for edge in node.edges
            ]
            moved = node.layer.apply(Call({}), **by_slot(node, arrays)) if node.layer.moves() else values[node.moved[0]]
            result = moved if isinstance(moved, Result) else Result.of(moved)
            values.update({Edge(node.path, port): value for port, value in result.outputs.items()})
    numbers = np.asarray(jax.device_get(values[end])).astype("int64").reshape(-1) - 1
    leaf = np.searchsorted(firsts, numbers, side="right") - 1
    return Origins(tuple(leaves), np.where(numbers < 0, -1, leaf), np.where(numbers < 0, -1, numbers - firsts[leaf]))
