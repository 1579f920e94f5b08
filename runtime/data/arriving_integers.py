"""Integers are checked where layers make floats of them: what a layer cannot hold exactly is an error, as in readers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.library.base.lazy import jax
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.library.layers import kind_of
from modelc.compiler.library.readers.casts import RoundedIntegers, cannot_hold, exact_ways, rounded
from modelc.compiler.lowering.precision import precision_of
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.id_paths import find_paths, given
from modelc.runtime.data.ids import batches

Arrays = Mapping[str, "np.ndarray[Any, Any]"]
Arriving = tuple[Node, Edge, str]
"""A node, an edge of integers into it, and the float dtype that it makes of them."""


def arriving_integers(task: Task) -> list[Arriving]:
    """Where layers make floats of integers, in the order of the graph."""
    planned, found = task.planned, list[Arriving]()
    for node in planned.graph.nodes:
        if node.layer is None or any(layer.keeps_integers() for layer in node.layer.layers()):
            continue
        plan = planned.plans[node.path]
        made = [type_.dtype for type_ in plan.outputs.values() if type_.is_float]
        made += [entry.dtype for entry in plan.state.values() if "float" in entry.dtype]
        for edge in sorted(given(node)) if made else ():
            type_ = planned.type(edge)
            if type_ is not None and type_.is_integer:
                found.append((node, edge, made[0]))
    return found


def computed_integers(task: Task) -> list[Arriving]:
    """Those that come from other layers, not straight from an input: jax is needed to know them."""
    return [one for one in arriving_integers(task) if one[1].node not in task.planned.graph.inputs]


def check_integers(task: Task, inputs: Arrays) -> None:
    """Raise RunError E402 for an integer that a layer makes another number of; `inputs` by name, `[rows, ...]`."""
    for node, edge, dtype in arriving_integers(task):
        if edge.node in inputs:
            refuse(task, (node, edge, dtype), inputs[edge.node], 0, task.planned.graph.inputs)
    computed = computed_integers(task)
    if computed and inputs and len(next(iter(inputs.values()))):
        with using(task.spec.plugins):
            check_computed(task, computed, inputs)


def check_computed(task: Task, computed: list[Arriving], inputs: Arrays) -> None:
    """Raise RunError E402 for the first batch with integers from other layers that a layer makes other numbers of."""
    paths = find_paths(task.planned, (edge for _, edge, _ in computed), inputs)
    if not paths.sources:
        return
    precision, ends = precision_of(prepare(task)), paths.ends
    run = jax.jit(lambda batch: paths.values(precision, batch, ends))
    for start, count, batch in batches(paths, inputs):
        arrived = dict(zip(ends, jax.device_get(run(batch)), strict=True))
        for one in computed:
            if one[1] in arrived:
                refuse(task, one, np.asarray(arrived[one[1]])[:count], start, ())


def refuse(task: Task, arriving: Arriving, values: "np.ndarray[Any, Any]", start: int, inputs: Any) -> None:
    """Raise RoundedIntegers for those of `values`, from row `start` on, that the layer makes other numbers of."""
    node, edge, dtype = arriving
    bad = rounded(values, dtype)
    if bad is None:
        return
    assert node.layer is not None
    binding = (task.inputs or {}).get(edge.node) if edge.node in inputs else None
    ways: dict[str, str] = {}
    if binding is not None and not binding.copies_input:
        asked = exact_ways(values, dtype, binding.subject, None)
        ways |= {
            kind: f"give the input `dtype: float32`, and {asked[kind]}" for kind in ("shift", "scale") if kind in asked
        }
    ways["integers"] = (
        "or use layers that keep integers: `embedding`, `integer_lookup`, or `discretization` with `bin_boundaries`"
    )
    error = cannot_hold(bad, values, dtype, f"`{edge}`", start, ways)
    note = f"`{node.path}` is `{kind_of(node.layer)}`, which computes with {dtype}; {error.notes[0]}"
    place = node.at if edge.node not in inputs else ("data", "inputs", edge.node)
    found = RoundedIntegers(error.message, note, ways)
    found.at = place
    raise found
