"""The loss, the gradients, the sums and the new state of a training batch: at once, or part by part as `gradient_accumulation` says.

The parts of a batch have every so-manieth row, so that devices cut their own rows and a padded last batch is shared evenly.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from modelc.compiler.library.base.prng import derive
from modelc.compiler.lowering.lower import Model, Tree
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.objective import Whole, losses, metrics, needed_edges
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.row_state import merge_trees, per_row_entries
from modelc.runtime.training.sums import Sums, added
from modelc.runtime.training.trained import trained


class Rows(NamedTuple):
    """The rows of a batch, or of a part of it. `measured` are the targets that metrics are given; `valid` says which rows are no padding."""

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    measured: Mapping[str, Array]
    valid: Array


class Computed(NamedTuple):
    """What a batch gives: `gradients` are of the weights that are trained."""

    loss: Array
    gradients: Any
    sums: Sums
    state: Tree


def computed(
    task: PreparedTask,
    model: Model,
    placement: Placement,
    params: Tree,
    state: Tree,
    rows: Rows,
    key: Array,
    scale: Array | None = None,
) -> Computed:
    """What a batch gives, whose random numbers are drawn from the `key` of the step. Gradients are computed of the loss times its
    `scale`, if there is one, and are divided by it then.
    """
    assert task.training is not None
    parts = task.training.settings.gradient_accumulation
    way = partial(by_parts, parts=parts) if parts > 1 else at_once
    found = way(task, model, placement, params, state, rows, key, scale)
    if scale is None:
        return found
    return found._replace(gradients=jax.tree.map(lambda gradient: gradient / scale, found.gradients))


def at_once(
    task: PreparedTask,
    model: Model,
    placement: Placement,
    params: Tree,
    state: Tree,
    rows: Rows,
    key: Array,
    scale: Array | None,
    whole: Whole | None = None,
) -> Computed:
    """What rows give, all at once; of the loss of the `whole` batch what they add to it. Gradients are those of the scaled loss."""

    def objective(own: Tree) -> tuple[Array, tuple[Array, Sums, Tree]]:
        merged, edges = merge_trees(params, own), needed_edges(task)
        values = model.run(
            merged, state, rows.inputs, edges, train=True, key=key, rows=rows.valid, weights=placement.gathered
        )
        loss, sums = losses(task, merged, values, rows.targets, rows.valid, whole)
        measured = {**sums, **metrics(task, values, rows.measured, rows.valid)}
        return loss if scale is None else loss * scale, (loss, measured, values.state)

    (_, (loss, sums, new)), gradients = jax.value_and_grad(objective, has_aux=True)(trained(task, params))
    return Computed(loss, placement.constrain(gradients, trained(task, placement.params)), sums, new)


def by_parts(
    task: PreparedTask,
    model: Model,
    placement: Placement,
    params: Tree,
    state: Tree,
    rows: Rows,
    key: Array,
    scale: Array | None,
    parts: int,
) -> Computed:
    """What a batch gives, part after part: loss and gradients are those of the whole, but for rounding and random numbers. Statistics
    move once for each part.
    """

    def part(state: Tree, index: Array) -> tuple[Rows, Tree, Array]:
        own = placement.constrain(cut((rows, per_row_entries(task, state)), parts, index), placement.rows)
        return own[0], merge_trees(state, own[1]), derive(key, "part", index)

    def counting(nothing: None, index: Array) -> tuple[None, dict[str, Array]]:
        # Of all that is computed here, the compiler keeps what counts follow from: mostly masks of the data alone.
        own, before, own_key = part(state, index)
        values = model.run(
            params,
            before,
            own.inputs,
            needed_edges(task),
            train=True,
            key=own_key,
            rows=own.valid,
            weights=placement.gathered,
        )
        sums = losses(task, params, values, own.targets, own.valid)[1]
        return None, {name: one["count"] for name, one in sums.items()}

    numbers = jnp.arange(parts)
    _, counts = jax.lax.scan(counting, None, numbers)
    whole = Whole({name: jnp.sum(count) for name, count in counts.items()}, jnp.sum(rows.valid, dtype=jnp.float32))

    def adding(carry: tuple[Array, Any, Tree], index: Array) -> tuple[tuple[Array, Any, Tree], Sums]:
        loss, gradients, before = carry
        own, given, own_key = part(before, index)
        found = at_once(task, model, placement, params, given, own, own_key, scale, whole)
        handed = put(per_row_entries(task, before), per_row_entries(task, found.state), parts, index)
        after = merge_trees(found.state, placement.constrain(handed, placement.rows))
        return (loss + found.loss, jax.tree.map(jnp.add, gradients, found.gradients), after), found.sums

    zero = jax.tree.map(jnp.zeros_like, trained(task, params))
    (loss, gradients, new), sums = jax.lax.scan(adding, (jnp.float32(0), zero, state), numbers)
    return Computed(loss, gradients, added(task, sums), new)


def cut(tree: Any, parts: int, index: Array) -> Any:
    """The rows of a part."""
    return jax.tree.map(lambda array: array.reshape(-1, parts, *array.shape[1:])[:, index], tree)


def put(tree: Any, own: Any, parts: int, index: Array) -> Any:
    """`tree` with the rows of a part replaced by its `own`."""
    return jax.tree.map(
        lambda array, new: array.reshape(-1, parts, *array.shape[1:]).at[:, index].set(new).reshape(array.shape),
        tree,
        own,
    )
