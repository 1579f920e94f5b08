"""What the gradients of a step make of the weights: clipping, the optimizer, constraints, averages, in this order."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from modelc.compiler.binding.task import Training
from modelc.compiler.language.settings import Clipping
from modelc.compiler.library.base.stacked_weights import is_stacked
from modelc.compiler.lowering.lower import Tree
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.groups import in_groups
from modelc.runtime.training.objective import apply_constraints
from modelc.runtime.training.plateau import plateau_schedule, with_factor


def transformation(task: PreparedTask, total_steps: int) -> optax.GradientTransformation:
    """The optax transformation of a task, for a run of `total_steps`: from gradients to what is added to the weights. Where the
    learning rate goes by the monitor, `update` is given its `factor`.
    """
    if plateau_schedule(task.training) is None:
        return at_rates_of_steps(task, total_steps)

    def update(updates: Any, state: Any, params: Any = None, *, factor: Array) -> Any:
        return at_rates_of_steps(with_factor(task, factor), total_steps).update(updates, state, params)

    with_extra: Any = update
    return optax.GradientTransformationExtraArgs(at_rates_of_steps(task, total_steps).init, with_extra)


def at_rates_of_steps(task: PreparedTask, total_steps: int) -> optax.GradientTransformation:
    """The same where the learning rate follows from the step alone."""
    assert task.training is not None
    optimizer = in_groups(task, total_steps)
    clipping = task.training.settings.clip_gradients
    return optimizer if clipping is None else clipped(optimizer, clipping)


def clipped(optimizer: optax.GradientTransformation, clipping: Clipping) -> optax.GradientTransformation:
    """An optimizer that is given clipped gradients. Its state is the same."""

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        return optimizer.update(clip(clipping, updates), state, params)

    return optax.GradientTransformation(optimizer.init, update)


def clip(clipping: Clipping, gradients: Any) -> Any:
    """The gradients, by path and name, clipped. Of copies that are held stacked each is a weight by itself."""
    ball: Any = optax.projections.projection_l2_ball  # type: ignore[attr-defined]  # optax exports it without saying so
    if clipping.of == "global_norm":
        return ball(gradients, clipping.most)
    if clipping.of == "value":
        return jax.tree.map(lambda gradient: jnp.clip(gradient, -clipping.most, clipping.most), gradients)

    def one(way: tuple[Any, ...], gradient: Array) -> Array:
        each = jax.vmap(ball, (0, None)) if is_stacked(str(way[0].key)) else ball
        found: Array = each(gradient, clipping.most)
        return found

    return jax.tree_util.tree_map_with_path(one, gradients)


def updated(
    task: PreparedTask, transform: Any, params: Tree, gradients: Any, optimizer: Any, rate: Mapping[str, Array]
) -> tuple[Tree, Any]:
    """The weights and the state of the optimizer after one update by `gradients`, with every constraint applied; `rate` has the
    factor of the learning rate, where it goes by the monitor.
    """
    updates, new = transform.update(gradients, optimizer, params, **rate)
    return apply_constraints(task, optax.apply_updates(params, updates)), new


def first_averages(task: PreparedTask, params: Tree) -> Tree:
    """The averages of the weights before the first step; none where weights are not averaged."""
    assert task.training is not None
    return jax.tree.map(jnp.copy, params) if keeps_averages(task.training) else {}


def keeps_averages(training: Training) -> bool:
    """Whether a training averages weights, by itself or by its optimizer."""
    return training.settings.weight_averaging is not None or training.optimizer.is_averaging


def averaged(task: PreparedTask, averages: Tree, params: Tree, optimizer: Any, updates: Array) -> Tree:
    """The averages after one more update than so many `updates`, which made `params` and the state of the `optimizer`: as in Keras,
    those after the first are these.
    """
    assert task.training is not None
    if task.training.optimizer.is_averaging:
        own: Tree = task.training.optimizer.averages(params, optimizer)
        return own
    if not keeps_averages(task.training):
        return averages
    kept = jnp.where(updates > 0, jnp.float32(task.training.settings.weight_averaging), 0.0)
    found: Any = optax.incremental_update(params, averages, 1.0 - kept)
    return dict(found)
