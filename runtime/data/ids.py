"""Ids are checked where they arrive: what each layer with a vocabulary would look up for every row of the data, or of a
constant.
"""

from dataclasses import dataclass

import numpy as np

from modelc.compiler.binding.array_files import place_of as place_of_file
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import reachable
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.weight_rules import ArrayFile
from modelc.compiler.library.layers import kind_of
from modelc.compiler.library.layers.core.parameter import ConstantArray
from modelc.compiler.library.readers.checks import check_labels, labels_outside
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.id_paths import Paths, is_constant, origins, paths_of_constants_and_data


def check_ids(task: Task, inputs: Arrays, *, training: bool = False) -> None:
    """Raise RunError E403 for an id outside the vocabulary of a layer that it arrives at, in prediction or also in
    `training`; `inputs` by name, `[rows, ...]`.
    """
    for looked_up in arriving_ids(task):
        if looked_up.edge.node in inputs:
            check_input(looked_up, inputs)
    computed = computed_ids(task)
    with using(task.spec.plugins):
        ends = [ids.edge for ids in computed]
        for paths, given in paths_of_constants_and_data(task, ends, inputs, training=training):
            bounds = find_bounds(paths, given)
            for ids in computed:
                low, high = bounds.get(ids.edge, (0, 0))
                if low < 0 or high >= ids.room:
                    raise explain(task, paths, ids, given)


@dataclass(frozen=True, slots=True)
class Arriving:
    """Ids that arrive at `node` on `edge`, where it has `room` for so many."""

    node: Node
    edge: Edge
    room: int


def arriving_ids(task: Task) -> list[Arriving]:
    """What each layer looks up, in the order of the graph."""
    planned = task.planned
    return [
        Arriving(node, edge, room) for node in planned.graph.nodes for edge, room in planned.looked_up(node).items()
    ]


def computed_ids(task: Task) -> list[Arriving]:
    """What layers look up that comes from other layers, not straight from an input: jax is needed to know it."""
    return [ids for ids in arriving_ids(task) if ids.edge.node not in task.planned.graph.inputs]


def check_input(ids: Arriving, inputs: Arrays) -> None:
    """Raise RunError E403 for an id in an input that goes straight into a layer that has no room for it."""
    name = ids.edge.node
    try:
        check_labels(inputs[name], ids.room, name, what="id")
    except RunError as error:
        raise with_room(error, ids, int(inputs[name].min()), ("data", "inputs", name)) from None


def with_room(error: RunError, ids: Arriving, least: int, at: Path, *notes: str) -> RunError:
    """`error` with what the layer has room for, and what to do about ids from the `least` on."""
    node, room = ids.node, ids.room
    assert node.layer is not None
    looked_up = node.layer.vocabulary_size() is not None
    if least < 0:
        # More room is none for them.
        map_or_mask = "map ids that are missing to one within range", "save 0 as the id of what is missing, and mask it"
        helps = (*error.helps, map_or_mask[0] if looked_up else map_or_mask[1])
    elif looked_up:
        helps = (*error.helps, "increase it, or map ids that are rare or missing to one within range")
    else:
        # How many entries or segments there are is that of the model's arrays.
        helps = (
            f"ids count from 0, so that the last of {room:,} is {room - 1:,}: subtract 1 from ids that count from 1",
        )
    return error.replaced(notes=(f"`{node.path}` has room for {room:,} ids", *notes), helps=helps, at=at)


def find_bounds(paths: Paths, inputs: Arrays) -> dict[Edge, tuple[int, int]]:
    """The least and the greatest value on each end of `paths` in all rows."""
    bounds: dict[Edge, tuple[int, int]] = {}
    for _, arrived in paths.arrivals(inputs, paths.ends):
        for edge, values in arrived.items():
            low, high = int(values.min()), int(values.max())
            least, greatest = bounds.get(edge, (low, high))
            bounds[edge] = min(low, least), max(high, greatest)
    return bounds


@dataclass(slots=True)
class Tally:
    """Ids outside a vocabulary that have one origin: how many, the extremes, and of the first the row, the places where it
    arrives and comes from, and the value.
    """

    first: tuple[int, int, int, int]
    count: int = 0
    least: int = 0
    greatest: int = 0

    def add(self, count: int, values: Array) -> None:
        self.count += count
        self.least = min(self.least, int(values.min()))
        self.greatest = max(self.greatest, int(values.max()))


def explain(task: Task, paths: Paths, arriving: Arriving, inputs: Arrays) -> RunError:
    """The error for ids that a layer has no room for: named after the value that they were moved from, in whose ids they
    are counted.
    """
    tallies = count_outside(paths, arriving, inputs)
    edge, *others = sorted(tallies, key=lambda edge: tallies[edge].first)
    tally = tallies[edge]
    bounds = tally.least, tally.greatest
    first = tally.first[-1], where(paths, edge, tally)
    row = tally.first[0] if paths.sources else None
    error = labels_outside(tally.count, arriving.room, shown(paths, edge), "id", first, bounds, row)
    notes = [] if edge in paths.sources or constant_at(paths, edge) else [computed_by(paths, edge)]
    notes += moved_by_chance(paths, arriving)
    for other in others:
        tally = tallies[other]
        count = counted(tally.count, "id")
        which = f"the first is {tally.first[-1]} {where(paths, other, tally)}"
        notes.append(f"{shown(paths, other)} has {count} outside too, {which}")
    return with_room(error, arriving, bounds[0], place_of(task, paths, edge), *notes)


def constant_at(paths: Paths, edge: Edge) -> ConstantArray | None:
    """The constant whose values are on an edge, if it is that of one."""
    node = paths.planned.graph.node(edge.node)
    return node.layer if node is not None and is_constant(node.layer) else None


def file_of(paths: Paths, edge: Edge) -> ArrayFile | None:
    """The file that the values on an edge were read from, where it is that of a constant."""
    constant = constant_at(paths, edge)
    return None if constant is None else constant.value_initializer.array_file()


def shown(paths: Paths, edge: Edge) -> str:
    """What the values on an edge are called in a message."""
    file = file_of(paths, edge)
    return f"`{edge}`" if file is None else file.described()


def where(paths: Paths, edge: Edge, tally: Tally) -> str:
    """`in row 3`, or `at [3]` in what is the same in all rows."""
    row, _, place, _ = tally.first
    if paths.sources:
        return f"in row {row}"
    index = np.unravel_index(place, paths.type(edge).shape)
    return f"at {show_shape(tuple(map(int, index)))}"


def count_outside(paths: Paths, arriving: Arriving, inputs: Arrays) -> dict[Edge, Tally]:
    """The ids that `arriving` has no room for, by the edge that they were moved from, or its own if they were not."""
    found = origins(paths, arriving.edge)
    draw, own = np.indices((len(paths.draws), paths.size_of(arriving.edge))).reshape(2, -1)
    tallies: dict[Edge, Tally] = {}
    for start, arrays in paths.arrivals(inputs, (arriving.edge, *found.leaves)):
        by_draw = {edge: values.reshape(*values.shape[:2], -1) for edge, values in arrays.items()}
        arrived = by_draw[arriving.edge].reshape(len(by_draw[arriving.edge]), -1)
        bad = (arrived < 0) | (arrived >= arriving.room)
        if not bad.any():
            continue
        for index, edge in enumerate(found.leaves):
            at = np.nonzero(found.leaf == index)[0]
            moved = np.zeros_like(bad)
            # What is not what it would be if it were moved was computed, and is counted as it arrives.
            with np.errstate(invalid="ignore"):
                moved[:, at] = whole(by_draw[edge][:, draw[at], found.place[at]]) == arrived[:, at]
            add_to(tallies, edge, start, arrived, bad & moved, found.place)
            bad &= ~moved
        add_to(tallies, arriving.edge, start, arrived, bad, own)
    return tallies


def add_to(tallies: dict[Edge, Tally], edge: Edge, start: int, arrived: Array, bad: Array, places: Array) -> None:
    """Add the `bad` ones of `arrived` `[rows, columns]`, which have these `places` on an edge, to its tally."""
    rows, columns = np.nonzero(bad)
    if len(rows):
        column = columns[0]
        first = start + int(rows[0]), int(column), int(places[column]), int(arrived[rows[0], column])
        count = len(np.unique(rows * (1 + places.max()) + places[columns]))
        tallies.setdefault(edge, Tally(first)).add(count, arrived[bad])


def whole(values: Array) -> Array:
    """`values` as the integers that a cast makes of them."""
    return values if values.dtype.kind in "iub" else values.astype("float64").astype("int64")


def computed_by(paths: Paths, edge: Edge) -> str:
    """How the values on an edge come from the data."""
    node = paths.planned.graph.node(edge.node)
    assert node is not None and node.layer is not None
    begins = {edge.node for edge in paths.sources} | {node.path for node in paths.nodes if is_constant(node.layer)}
    names = sorted(reachable(paths.planned.graph, [edge]) & begins)
    return f"`{edge}` is what `{kind_of(node.layer)}` makes of {name_list(names)}"


def moved_by_chance(paths: Paths, arriving: Arriving) -> list[str]:
    """What is to be said of the layers on the way that bring other values in training than in prediction."""
    before = reachable(paths.planned.graph, [arriving.edge])
    names = [path for path in paths.draws[-1] if path in before]
    verb = "takes" if len(names) == 1 else "take"
    return [f"in training {name_list(names)} {verb} values from places drawn at random"] if names else []


def place_of(task: Task, paths: Paths, edge: Edge) -> Path:
    """Where an input, a layer, or the file or initializer of a constant stands in the spec."""
    node = paths.planned.graph.node(edge.node)
    if node is None:
        return "data", "inputs", edge.node
    if file_of(paths, edge):
        return place_of_file(task.spec.document, node, "value")
    drawn = [(*node.at, *kind, "value_initializer") for kind in ((), ("constant",))] if constant_at(paths, edge) else []
    return next((path for path in drawn if path in task.spec.document.values), node.at)
