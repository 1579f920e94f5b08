"""Integers are checked where layers make floats of them: what a layer cannot hold exactly is an error, as in readers."""

from dataclasses import dataclass

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.library.layers import kind_of
from modelc.compiler.library.readers.casts import RoundedIntegers, cannot_hold, exact_ways, rounded
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.id_paths import paths_of_constants_and_data


@dataclass(frozen=True, slots=True)
class Converted:
    """Integers that arrive at `node` on `edge`, which makes floats of them, of this dtype."""

    node: Node
    edge: Edge
    dtype: str


def arriving_integers(task: Task) -> list[Converted]:
    """Where layers make floats of integers, in the order of the graph."""
    planned, found = task.planned, list[Converted]()
    for node in planned.graph.nodes:
        if node.layer is None or any(layer.keeps_integers() for layer in node.layer.layers()):
            continue
        plan = planned.plans[node.path]
        made = [type_.dtype for type_ in plan.outputs.values() if type_.is_float]
        made += [entry.dtype for entry in plan.state.values() if "float" in entry.dtype]
        for edge in sorted(set(node.edges) - planned.looked_up(node).keys()) if made else ():
            type_ = planned.type(edge)
            if type_ is not None and type_.is_integer:
                found.append(Converted(node, edge, made[0]))
    return found


def computed_integers(task: Task) -> list[Converted]:
    """Those that come from other layers, not straight from an input: jax is needed to know them."""
    return [one for one in arriving_integers(task) if one.edge.node not in task.planned.graph.inputs]


def check_integers(task: Task, inputs: Arrays, *, training: bool = False) -> None:
    """Raise RunError E402 for an integer that a layer makes another number of, in prediction or also in `training`;
    `inputs` by name, `[rows, ...]`.
    """
    for integers in arriving_integers(task):
        if integers.edge.node in inputs:
            need_exact(task, integers, inputs[integers.edge.node], 0)
    computed = computed_integers(task)
    with using(task.spec.plugins):
        ends = [integers.edge for integers in computed]
        for paths, given in paths_of_constants_and_data(task, ends, inputs, training=training):
            for start, arrived in paths.arrivals(given, paths.ends):
                for integers in computed:
                    if integers.edge in arrived:
                        need_exact(task, integers, arrived[integers.edge], start)


def need_exact(task: Task, integers: Converted, values: Array, start: int) -> None:
    """Raise RoundedIntegers for those of `values`, from row `start` on, that the layer makes other numbers of."""
    node, edge, dtype = integers.node, integers.edge, integers.dtype
    bad = rounded(values, dtype)
    if bad is None:
        return
    assert node.layer is not None
    is_input = edge.node in task.planned.graph.inputs
    binding = (task.inputs or {}).get(edge.node) if is_input else None
    ways: dict[str, str] = {}
    if binding is not None and not binding.copies_input:
        asked = exact_ways(values, dtype, binding.subject, None)
        ways |= {
            kind: f"give the input `dtype: float32`, and {asked[kind]}" for kind in ("shift", "scale") if kind in asked
        }
    way = "use layers that keep integers: `embedding`, `integer_lookup`, or `discretization` with `bin_boundaries`"
    ways["integers"] = f"or {way}" if ways else way
    error = cannot_hold(bad, values, dtype, f"`{edge}`", start, ways)
    note = f"`{node.path}` is `{kind_of(node.layer)}`, which computes with {dtype}; {error.notes[0]}"
    at = ("data", "inputs", edge.node) if is_input else node.at
    raise RoundedIntegers(error.message, note, ways, at, error.row)
