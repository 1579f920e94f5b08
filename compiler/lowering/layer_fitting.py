"""Fits layers to the training rows: computes the inputs of each layer that has a `fit`, and calls it. Trains nothing.

`type_inference` has seen to it that nothing before such a layer is trained, so that what it learns stays true.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.layer_errors import display_name
from modelc.compiler.graph.typed_graph import TypedGraph, needed_part, reachable
from modelc.compiler.library.base.lazy import NumpyArray, jax, np
from modelc.compiler.library.contracts.layer import Batch
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.lowering.lower import Tree, lower
from modelc.compiler.lowering.prepared_task import PreparedTask

Arrays = Mapping[str, NumpyArray]
"""Arrays by name, of one row for each example; or the state entries of one node."""

ROWS = 1024
VALUES = 2**22
"""A batch has at most as many rows, and no array in it as many values where two rows have less."""


def fit_layers(task: PreparedTask, inputs: Arrays, known: Mapping[str, Arrays] = {}) -> Iterator[tuple[Node, Arrays]]:
    """Each fitted layer of `task`, in canonical order, and its new state from `inputs`, the training rows by name; without those
    whose state is `known` by path.

    Layers before one are computed as in prediction, with what was learnt before it.
    Raises RunError E403 if there are no unmasked values, or if the new state is not finite.
    """
    learnt: dict[str, Arrays] = {}
    for node in task.planned.graph.nodes:
        wanted = task.planned.plans[node.path].fitted
        if not wanted or node.owner != node.path:
            continue
        if wanted.keys() <= known.get(node.path, {}).keys():
            learnt[node.path] = known[node.path]
            continue
        edge = node.first
        assert node.layer is not None and edge is not None, "a task without errors has no holes"
        given = need_unmasked(node, batches(task, edge, learnt, inputs))
        entries = dict(node.layer.fit(given))
        found = {name: (array.shape, str(array.dtype)) for name, array in entries.items()}
        if found != {name: (entry.shape, entry.dtype) for name, entry in wanted.items()}:
            raise TypeError(f"`fit` of `{LAYERS.name_of(node.layer)}` gives {found}, `plan` says {dict(wanted)}")
        check_finite(node, entries)
        learnt[node.path] = entries
        yield node, entries


def batches(task: PreparedTask, edge: Edge, learnt: Mapping[str, Arrays], inputs: Arrays) -> Iterator[Batch]:
    """The values on `edge` for all rows of `inputs`; those of a model input unchanged."""
    graph = task.planned.graph
    if edge.node in graph.inputs:
        values = inputs[edge.node]
        size = rows_at_once(task.planned)
        for start in range(0, len(values), size):
            yield Batch(values[start : start + size])
        return

    before = needed_part(task.planned, [edge])
    run = lower(replace(task, planned=before, rolls=()), (edge,)).run

    @jax.jit
    def compute(state: Tree, inputs: Any, valid: Any) -> Any:
        values = run({}, state, inputs, (edge,), rows=valid)
        return values.edges[edge], values.masks[edge]

    used = reachable(graph, [edge])
    needed = {name: array for name, array in inputs.items() if name in used}
    rows = len(next(iter(needed.values())))
    size = min(rows, rows_at_once(before))
    for start in range(0, rows, size):
        places = np.arange(start, start + size)
        # A smaller last batch is filled up with its last row, so that one compilation does for all.
        chosen = {name: array[np.minimum(places, rows - 1)] for name, array in needed.items()}
        values, mask = jax.device_get(compute(learnt, chosen, places < rows))
        count = min(size, rows - start)
        yield Batch(values[:count], None if mask is None else mask[:count])


def rows_at_once(planned: TypedGraph) -> int:
    """How many rows are computed together, so that the largest intermediate array stays small."""
    types = [type_ for type_ in planned.graph.inputs.values() if type_ is not None]
    types += [out for node in planned.graph.nodes for out in planned.plans[node.path].outputs.values()]
    return min(ROWS, max(1, VALUES // max(prod(type_.shape) for type_ in types)))


def need_unmasked(node: Node, given: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches. Raises RunError E403 at their end if all steps of all rows were masked."""
    any_step = False
    for batch in given:
        any_step = any_step or batch.mask is None or bool(batch.mask.any())
        yield batch
    if not any_step:
        raise nothing_to_learn(node, "every step of every training row is masked", "leave some steps unmasked")


def check_finite(node: Node, entries: Arrays) -> None:
    """Raise RunError E403 if the fitted state of a layer is NaN or infinite."""
    for name, array in entries.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            help = "look for values in the layers before it that are NaN, infinite or masked in every row"
            raise nothing_to_learn(node, f"its `{name}` is not finite", help)


def nothing_to_learn(node: Node, reason: str, advice: str) -> RunError:
    message = f"{display_name(node)} cannot be fitted to the training rows: {reason}"
    return RunError("E403", message, helps=(advice,), at=node.at)
