"""The ways that ids take through a model: which values are functions of the data and of constants alone, and where each comes
from.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeGuard

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import TypedGraph, by_slot, reachable
from modelc.compiler.library.base.lazy import jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result
from modelc.compiler.library.contracts.weight_rules import ReadValues
from modelc.compiler.library.layers.core.parameter import ConstantArray
from modelc.compiler.lowering.lower import Run
from modelc.compiler.lowering.precision import Precision, precision_of
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.drawn_constants import with_drawn_constants
from modelc.runtime.data.row_batches import row_batches


@dataclass(frozen=True, slots=True)
class Paths:
    """What is computed to know the values on `ends`.

    `nodes` are computed in order. `sources` are the inputs of the model among what they take, `others` the values that
    weights, fitted state or missing inputs have a part in: 0 stands for them. `draws` has what is followed of the nodes
    that move values by chance: the numbers of their draws in training, or none at all in prediction, by path.
    """

    planned: TypedGraph
    precision: Precision
    ends: tuple[Edge, ...]
    nodes: tuple[Node, ...]
    sources: tuple[Edge, ...]
    others: tuple[Edge, ...]
    draws: tuple[Mapping[str, int], ...]

    def type(self, edge: Edge) -> TensorType:
        known = self.planned.type(edge)
        assert known is not None, "a task without errors has no holes"
        return known

    def arrivals(self, inputs: Arrays, wanted: Sequence[Edge]) -> Iterator[tuple[int, dict[Edge, Array]]]:
        """The arrays on `wanted` edges for all rows of the inputs by name, in batches `[rows of the batch, draws, ...]`, with
        the first row of each.
        """
        run = jax.jit(lambda batch, draw: self.values(batch, wanted, draw))
        sources = {edge.node: inputs[edge.node] for edge in self.sources}
        largest = max(self.size(), len(self.draws) * max(map(self.size_of, wanted)))
        # What constants alone bring is the same in every row.
        for start, count, batch in row_batches(sources, largest) if sources else ((0, 1, {}),):
            found = [jax.device_get(run(batch, draw)) for draw in self.draws]
            arrays = (np.stack(each, axis=1)[:count] for each in zip(*found, strict=True))
            yield start, dict(zip(wanted, arrays, strict=True))

    def values(self, inputs: Mapping[str, Any], wanted: Iterable[Edge], draw: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arrays `[rows, ...]` on `wanted` edges for a batch of inputs by name, by the numbers of a `draw`."""
        run = Run(self.planned.plans, self.precision, None, False)
        rows = len(next(iter(inputs.values()))) if inputs else 1
        for edge in self.sources:
            run.values[edge] = jnp.asarray(inputs[edge.node])
        for edge in self.others:
            known = self.type(edge)
            run.values[edge] = jnp.zeros((rows, *known.shape), known.dtype)
            run.masks[edge] = jnp.ones((rows, *known.shape[:1]), bool) if known.mask else None
        for node in self.nodes:
            run.node(node, {}, read_state(self.planned.plans[node.path]), None)
            if node.path in draw:
                run.values[Edge(node.path)] = drawn(node, run.values, draw)
        return tuple(run.values[edge] for edge in wanted)

    def size(self) -> int:
        """The number of values in one row of the largest array that is computed at once."""
        edges = [
            *self.sources,
            *self.others,
            *(Edge(node.path, port) for node in self.nodes for port in self.ports(node)),
        ]
        return max(map(self.size_of, edges))

    def size_of(self, edge: Edge) -> int:
        return prod(self.type(edge).shape)

    def ports(self, node: Node) -> Iterable[str]:
        return self.planned.plans[node.path].outputs


def drawn(node: Node, values: Mapping[Edge, Any], draw: Mapping[str, Any]) -> Any:
    """The output in training of a node that moves values by chance."""
    assert node.layer is not None
    return node.layer.drawn(values[node.moved[0]], draw[node.path])


def find_paths(task: Task, ends: Iterable[Edge], inputs: Arrays, *, training: bool) -> Paths | None:
    """The paths to those of `ends` that `inputs` by name, `[rows, ...]`, or constants have a part in: through any layers
    without weights and other state, and beside other values through layers that only move or cast them. None if there is no
    such end, or no row.

    In `training`, what layers move by chance is followed too, in so many combinations of their draws that each brings all
    that it may.
    """
    planned = task.planned
    known, partly = followed(planned, inputs)
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
    if not reached or not all(map(len, inputs.values())):
        return None
    others = tuple(edge for edge in leaves if edge not in found)
    draws = ({}, *(all_draws(planned, nodes) if training else ()))
    return Paths(planned, precision_of(prepare(task)), reached, tuple(nodes), sources, others, draws)


def paths_of_constants_and_data(
    task: Task, ends: Iterable[Edge], inputs: Arrays, *, training: bool
) -> Iterator[tuple[Paths, Arrays]]:
    """The paths to those of `ends` that constants have a part in, without any inputs, then those that `inputs` have, each
    with its inputs; what constants alone bring is not computed for every row again.
    """
    wanted = tuple(ends)
    task = with_drawn_constants(task, reachable(task.planned.graph, list(wanted)))
    constant, _ = followed(task.planned, ())
    varying = (edge for edge in wanted if edge not in constant)
    for chosen, given in ((wanted, {}), (varying, inputs)):
        paths = find_paths(task, chosen, given, training=training)
        if paths is not None:
            yield paths, given


def followed(planned: TypedGraph, inputs: Iterable[str]) -> tuple[set[Edge], set[Edge]]:
    """The edges whose values are known by constants and these inputs of the model alone, and those that such values are
    moved to beside others.
    """
    known = {Edge(name) for name in inputs}
    partly: set[Edge] = set()
    for node in planned.graph.nodes:
        plan = planned.plans[node.path]
        ports = {Edge(node.path, port) for port in plan.outputs}
        if plan.params or node.layer is None or len(read_state(plan)) < len(plan.state):
            continue
        if known.issuperset(node.edges) or is_constant(node.layer):
            known |= ports
        elif keeps_numbers(node.layer) and not known.union(partly).isdisjoint(node.moved):
            partly |= ports
    return known, partly


def read_state(plan: Plan) -> dict[str, Any]:
    """The state of a layer that is known and that nothing changes, by name."""
    entries = plan.state.items()
    return {
        name: entry.initializer.values
        for name, entry in entries
        if entry.fixed and isinstance(entry.initializer, ReadValues)
    }


def is_constant(layer: Layer | None) -> TypeGuard[ConstantArray]:
    """Whether the output of a layer is an array of its own, whatever comes in."""
    return isinstance(layer, ConstantArray)


def keeps_numbers(layer: Layer) -> bool:
    """Whether every number that it gives is one that it was given, or a constant."""
    return layer.moves() or layer.keeps == "numbers"


def all_draws(planned: TypedGraph, nodes: Iterable[Node]) -> Iterator[Mapping[str, int]]:
    """The combinations of the draws of those `nodes` that move values by chance; none where no node does."""
    types = {node.path: (node.layer, planned.type(node.first)) for node in nodes}
    counts = {path: layer.draws(type_) for path, (layer, type_) in types.items() if layer and type_}
    drawing = [path for path, count in counts.items() if count]
    for numbers in product(*(range(counts[path]) for path in drawing)) if drawing else ():
        yield dict(zip(drawing, numbers, strict=True))


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the values on an edge come from: `leaf` has, for each draw and place in one row, flat, the index in `leaves` of
    the edge that the value was moved from, and `place` the place there, flat; both are -1 where nothing was moved.
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
        if node is not None and node.layer is not None and keeps_numbers(node.layer):
            inside.add(node.path)
            waiting += node.moved
        elif edge not in leaves:
            leaves.append(edge)
    sizes = [paths.size_of(edge) for edge in leaves]
    firsts = np.cumsum([0, *sizes])
    places: dict[Edge, Any] = {}
    for edge, first, size in zip(leaves, firsts, sizes, strict=False):
        places[edge] = jnp.arange(first + 1, first + 1 + size, dtype="int32").reshape(1, *paths.type(edge).shape)
    moving = [node for node in paths.nodes if node.path in inside]
    arrived = [jax.device_get(moved(paths, moving, places, draw)[end]).reshape(-1) for draw in paths.draws]
    numbers = np.concatenate(arrived).astype("int64") - 1
    leaf = np.searchsorted(firsts, numbers, side="right") - 1
    return Origins(tuple(leaves), np.where(numbers < 0, -1, leaf), np.where(numbers < 0, -1, numbers - firsts[leaf]))


def moved(paths: Paths, nodes: Iterable[Node], values: Mapping[Edge, Any], draw: Mapping[str, Any]) -> dict[Edge, Any]:
    """`values` of one row by edge, with those that the `nodes` move them to, by the numbers of a `draw`."""
    found = dict(values)
    for node in nodes:
        assert node.layer is not None
        if node.path in draw:
            result: Any = drawn(node, found, draw)
        elif node.layer.moves():
            types = [paths.type(edge) for edge in node.edges]
            others = [jnp.ones((1, *type_.shape), type_.dtype) for type_ in types]
            arrays = [found.get(edge, other) for edge, other in zip(node.edges, others, strict=True)]
            result = node.layer.apply(Call({}), **by_slot(node, arrays))
        else:
            result = found[node.moved[0]]
        outputs = Result.given(result).outputs
        found.update({Edge(node.path, port): value for port, value in outputs.items()})
    return found
