"""Ids are checked where they arrive: what each layer with a vocabulary would look up for every row of the data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import reachable
from modelc.compiler.library.base.lazy import jax, jnp
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.library.layers import kind_of
from modelc.compiler.library.readers.checks import check_labels, labels_outside
from modelc.compiler.lowering.precision import Precision, precision_of
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.id_paths import Paths, find_paths, origins
from modelc.runtime.data.row_batches import row_batches

Arrays = Mapping[str, "np.ndarray[Any, Any]"]
Batch = dict[str, "np.ndarray[Any, Any]"]


def check_ids(task: Task, inputs: Arrays) -> None:
    """Raise RunError E403 for an id outside the vocabulary of a layer that it arrives at; `inputs` by name, `[rows, ...]`."""
    for looked_up in arriving_ids(task):
        if looked_up.edge.node in inputs:
            check_input(looked_up, inputs)
    computed = computed_ids(task)
    if computed and inputs and len(next(iter(inputs.values()))):
        with using(task.spec.plugins):
            check_computed(task, computed, inputs)


@dataclass(frozen=True, slots=True)
class Arriving:
    """Ids that arrive at `node` on `edge`, where it has `room` for so many."""

    node: Node
    edge: Edge
    room: int


def arriving_ids(task: Task) -> list[Arriving]:
    """What each layer looks up, in the order of the graph."""
    nodes = [(node, node.layer.vocabulary_size()) for node in task.planned.graph.nodes if node.layer is not None]
    return [Arriving(node, edge, room) for node, room in nodes if room is not None for edge in node.moved]


def computed_ids(task: Task) -> list[Arriving]:
    """What layers look up that comes from other layers, not straight from an input: jax is needed to know it."""
    return [ids for ids in arriving_ids(task) if ids.edge.node not in task.planned.graph.inputs]


def check_input(ids: Arriving, inputs: Arrays) -> None:
    """Raise RunError E403 for an id in an input that goes straight into a layer that has no room for it."""
    name = ids.edge.node
    try:
        check_labels(inputs[name], ids.room, name, what="id")
    except RunError as error:
        raise with_room(error, ids, ("data", "inputs", name)) from None


def with_room(error: RunError, ids: Arriving, at: Path, *notes: str) -> RunError:
    """`error` with what the layer has room for."""
    node, room = ids.node, ids.room
    helps = (*error.helps, "increase it, or map ids that are rare or missing to one within range")
    return RunError(
        "E403", error.message, notes=(f"`{node.path}` has room for {room:,} ids", *notes), helps=helps, at=at
    )


def check_computed(task: Task, computed: list[Arriving], inputs: Arrays) -> None:
    """Raise RunError E403 for the first layer that takes an id which it has no room for from another layer."""
    paths = find_paths(task.planned, (ids.edge for ids in computed), inputs)
    if not paths.sources:
        return
    precision = precision_of(prepare(task))
    extremes = find_extremes(paths, precision, inputs)
    for ids in computed:
        low, high = extremes.get(ids.edge, (0, 0))
        if low < 0 or high >= ids.room:
            raise explain(paths, precision, ids, inputs)


def find_extremes(paths: Paths, precision: Precision, inputs: Arrays) -> dict[Edge, tuple[int, int]]:
    """The least and the greatest value on each end of `paths` in all rows."""

    @jax.jit
    def run(batch: Any) -> Any:
        # One array of them all, which compiles several times faster than two sums for each of many.
        arrived = [value.reshape(len(value), -1) for value in paths.values(precision, batch, paths.ends)]
        joined = jnp.concatenate(arrived, axis=1)
        return joined.min(axis=0), joined.max(axis=0)

    lows, highs = zip(*(jax.device_get(run(batch)) for _, _, batch in batches(paths, inputs)), strict=True)
    bounds = np.cumsum([prod(paths.type(edge).shape) for edge in paths.ends])[:-1]
    parts = zip(np.split(np.min(lows, axis=0), bounds), np.split(np.max(highs, axis=0), bounds), strict=True)
    return {edge: (int(low.min()), int(high.max())) for edge, (low, high) in zip(paths.ends, parts, strict=True)}


def batches(paths: Paths, inputs: Arrays) -> Iterator[tuple[int, int, Batch]]:
    """All rows of the inputs that `paths` need, as `row_batches` gives them."""
    return row_batches({edge.node: inputs[edge.node] for edge in paths.sources}, paths.size())


@dataclass(slots=True)
class Tally:
    """Ids outside a vocabulary that have one origin: how many, the extremes, and the row, place and value of the first."""

    first: tuple[int, int, int]
    count: int = 0
    least: int = 0
    greatest: int = 0

    def add(self, count: int, values: "np.ndarray[Any, Any]") -> None:
        self.count += count
        self.least = min(self.least, int(values.min()))
        self.greatest = max(self.greatest, int(values.max()))


def explain(paths: Paths, precision: Precision, arriving: Arriving, inputs: Arrays) -> RunError:
    """The error for ids that a layer has no room for: named after the value that they were moved from, in whose ids they
    are counted.
    """
    tallies = count_outside(paths, precision, arriving, inputs)
    edge, *others = sorted(tallies, key=lambda edge: tallies[edge].first)
    tally = tallies[edge]
    row, _, value = tally.first
    bounds = tally.least, tally.greatest
    error = labels_outside(tally.count, arriving.room, str(edge), "id", (value, row), bounds)
    notes = [computed_by(paths, edge)] if edge not in paths.sources else []
    for other in others:
        row, _, value = tallies[other].first
        count = counted(tallies[other].count, "id")
        notes.append(f"`{other}` has {count} outside too, the first is {value} in row {row}")
    return with_room(error, arriving, place_of(paths, edge), *notes)


def count_outside(paths: Paths, precision: Precision, arriving: Arriving, inputs: Arrays) -> dict[Edge, Tally]:
    """The ids that `arriving` has no room for, by the edge that they were moved from, or its own if they were not."""
    found = origins(paths, arriving.edge)
    run = jax.jit(lambda batch: paths.values(precision, batch, (arriving.edge, *found.leaves)))
    tallies: dict[Edge, Tally] = {}
    for start, count, batch in batches(paths, inputs):
        arrived, *leaves = (np.asarray(x)[:count].reshape(count, -1) for x in jax.device_get(run(batch)))
        bad = (arrived < 0) | (arrived >= arriving.room)
        if not bad.any():
            continue
        for index, (edge, values) in enumerate(zip(found.leaves, leaves, strict=True)):
            places = np.nonzero(found.leaf == index)[0]
            # What is not what it would be if it were moved was computed, and is counted as it arrives.
            with np.errstate(invalid="ignore"):
                moved = bad[:, places] & (whole(values[:, found.place[places]]) == arrived[:, places])
            bad[:, places] &= ~moved
            _, once = np.unique(found.place[places], return_index=True)
            add_to(tallies, edge, start, arrived[:, places], moved, int(moved[:, once].sum()), places)
        add_to(tallies, arriving.edge, start, arrived, bad, int(bad.sum()), np.arange(arrived.shape[1]))
    return tallies


def add_to(
    tallies: dict[Edge, Tally],
    edge: Edge,
    start: int,
    arrived: "np.ndarray[Any, Any]",
    bad: "np.ndarray[Any, Any]",
    count: int,
    places: "np.ndarray[Any, Any]",
) -> None:
    """Add the `bad` ones of `arrived` `[rows, places]` to the tally of an edge; `count` of them are different values."""
    if count:
        row = int(np.argmax(bad.any(axis=1)))
        column = int(np.argmax(bad[row]))
        first = start + row, int(places[column]), int(arrived[row, column])
        tallies.setdefault(edge, Tally(first)).add(count, arrived[bad])


def whole(values: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """`values` as the integers that a cast makes of them."""
    return values if values.dtype.kind in "iub" else values.astype("float64").astype("int64")


def computed_by(paths: Paths, edge: Edge) -> str:
    """How the values on an edge come from the data."""
    node = paths.planned.graph.node(edge.node)
    assert node is not None and node.layer is not None
    names = sorted(reachable(paths.planned.graph, [edge]) & set(paths.planned.graph.inputs))
    return f"`{edge}` is what `{kind_of(node.layer)}` makes of {name_list(names)}"


def place_of(paths: Paths, edge: Edge) -> Path:
    """Where an input or a layer stands in the spec."""
    node = paths.planned.graph.node(edge.node)
    return ("data", "inputs", edge.node) if node is None else node.at
