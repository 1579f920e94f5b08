"""Computes one batch again, value by value: what goes into each layer and comes out of it, its gradients, and the weights.

It is another program than the compiled step, so the last digits may be others. `diagnosis` reads the result.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.lowering.lower import Incoming, Tree, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import to_named
from modelc.runtime.finite import not_finite
from modelc.runtime.training.augmenting import augmented
from modelc.runtime.training.objective import Whole, elements_of, losses, needed_edges
from modelc.runtime.training.row_state import merge_trees
from modelc.runtime.training.trained import trained

Spot = Edge | Incoming
"""Where a value is: what comes out of a node, or is an input of the model, and what goes into a node."""


class Summary(NamedTuple):
    """What the numbers of one array are: which of its rows `[rows]` have one that is NaN or infinite, whether there is a
    NaN and whether an infinite one, and the least and greatest of those that are finite, infinity and minus infinity where none is.
    """

    bad: Any
    nan: Any
    infinite: Any
    low: Any
    high: Any

    @property
    def is_finite(self) -> bool:
        return not np.any(self.bad)


class Examined(NamedTuple):
    """One batch, examined. `weights` and `weight_gradients` are by node path and name, whose `bad` is of the whole array;
    `terms` are the elements of each loss, and `losses` their sums, of the penalty too. Without training no gradients. `state` is that
    behind the batch, by node path and name.
    """

    weights: Mapping[tuple[str, str], Summary]
    values: Mapping[Spot, Summary]
    terms: Mapping[str, Summary]
    losses: Mapping[str, float]
    gradients: Mapping[Spot, Summary]
    weight_gradients: Mapping[tuple[str, str], Summary]
    state: Tree

    @property
    def is_finite(self) -> bool:
        """Whether the loss is, and the gradients of all weights that are trained: what a step asks for before it is applied."""
        gradients = self.weight_gradients.values()
        return all(map(np.isfinite, self.losses.values())) and all(one.is_finite for one in gradients)


class Batch(NamedTuple):
    """Rows of a part, of which the first `valid` are valid; `indices` are their places in it."""

    inputs: Mapping[str, Any]
    targets: Mapping[str, Any]
    indices: Any
    valid: int


def examine(
    task: PreparedTask, params: Tree, state: Tree, batch: Batch, key: Array | None, whole: Whole | None = None
) -> Examined:
    """Compute `batch` as a step does that has the random `key`, or as in prediction where there is none; or as a part of a `whole` one.

    `params` and `state` are as the model of `task` holds them.
    """
    flat, by_name = replace(task, rolls=()), (to_named(task.rolls, params), to_named(task.rolls, state))
    weights = {spot: of_array(array) for tree in by_name for spot, array in entries(tree)}
    spots, computed = jax.device_get(compute(flat, *by_name, batch, key, whole))
    summaries, terms, sums, after, gradients, weight_gradients = computed
    return Examined(
        jax.device_get(weights),
        dict(zip(spots, summaries, strict=True)),
        terms,
        {name: float(total) for name, total in sums.items()},
        {spot: found for spot, found in zip(spots, gradients, strict=True) if found is not None} if gradients else {},
        dict(entries(weight_gradients)),
        after,
    )


def compute(
    task: PreparedTask, params: Tree, state: Tree, batch: Batch, key: Array | None, whole: Whole | None
) -> tuple[list[Spot], Any]:
    """The spots of all values in the order of computation, and in that order what is found of each."""
    model = lower(task)
    spots: list[Spot] = []

    def objective(own: Tree, probes: Any, rest: Any) -> tuple[Array, Any]:
        params, state, inputs, targets, valid, key, whole = rest
        params = merge_trees(params, own)
        rows = jnp.arange(len(batch.indices)) < valid
        if key is not None:
            inputs, targets = augmented(task, key, inputs, targets, rows)
        spots.clear()
        found: list[Summary] = []
        shapes: list[Any] = []

        def tap(spot: Spot, value: Array, mask: Array | None) -> Array:
            if probes is not None and probes[len(found)] is not None:
                value = value + probes[len(found)]
            spots.append(spot)
            found.append(of_rows(value, mask, rows))
            shapes.append(jnp.zeros_like(value) if jnp.issubdtype(value.dtype, jnp.floating) else None)
            return value

        # What the model is given is a value like any other.
        given = {name: tap(Edge(name), value, None) for name, value in inputs.items()}
        values = model.run(params, state, given, needed_edges(task), train=key is not None, key=key, rows=rows, tap=tap)
        loss, parts = losses(task, params, values, targets, rows, whole)
        terms = {}
        for term in task.terms:
            if not isinstance(term.loss, NoLoss):
                elements, counts, _ = elements_of(term, values, targets, rows)
                terms[term.name] = of_rows(jnp.where(counts, elements, 0.0), None, rows)
        return loss, (found, terms, {name: part["total"] for name, part in parts.items()}, values.state, shapes)

    own = trained(task, params)
    rest = (params, state, batch.inputs, batch.targets, np.int32(batch.valid), key, whole)
    shapes = jax.eval_shape(objective, own, None, rest)[1][-1]

    @jax.jit
    def run(own: Tree, rest: Any) -> Any:
        if key is None:
            return *objective(own, None, rest)[1][:-1], None, {}
        probes = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
        ((_, (*found, _)), (given, of_probes)) = jax.value_and_grad(objective, (0, 1), has_aux=True)(own, probes, rest)
        rows = jnp.arange(len(batch.indices)) < rest[4]
        gradients = [None if one is None else of_rows(one, None, rows) for one in of_probes]
        return *found, gradients, jax.tree.map(of_array, given)

    return spots, run(own, rest)


def of_rows(value: Array, mask: Array | None, rows: Array) -> Summary:
    """What the values `[rows, ...]` are in the valid `rows`, where `mask` counts."""
    if not jnp.issubdtype(value.dtype, jnp.floating):
        value = value.astype(jnp.float32)
    bad = not_finite(value, mask) & rows
    return summarized(value, bad)


def of_array(value: Array) -> Summary:
    """What the numbers of a weight are."""
    if not jnp.issubdtype(value.dtype, jnp.floating):
        value = value.astype(jnp.float32)
    return summarized(value, ~jnp.all(jnp.isfinite(value)))


def summarized(value: Array, bad: Array) -> Summary:
    finite = jnp.isfinite(value)
    low = jnp.min(value, where=finite, initial=jnp.inf)
    high = jnp.max(value, where=finite, initial=-jnp.inf)
    return Summary(bad, jnp.any(jnp.isnan(value)), jnp.any(jnp.isinf(value)), low, high)


def entries(tree: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The entries of a tree of weights by path and name."""
    for path, weights in tree.items():
        for name, value in weights.items():
            yield (path, name), value
