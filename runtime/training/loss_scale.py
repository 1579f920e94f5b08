"""The scale of the loss under `precision: mixed_float16`: found as training goes, so that gradients neither overflow nor vanish.

As in Keras's `LossScaleOptimizer`: it begins at 2^15, is halved where a gradient overflows, and doubled after 2,000 steps in
which none does.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from modelc.compiler.lowering.prepared_task import PreparedTask

FIRST, LEAST, MOST = 2.0**15, 1.0, 2.0**24
PATIENCE = 2000
"""Steps without an overflow after which the scale is doubled."""


class LossScale(NamedTuple):
    """The `scale` of the loss, the steps since it was changed, and the updates that were made; all scalars."""

    scale: Array
    steady: Array
    updates: Array


def first_scale(task: PreparedTask) -> LossScale | tuple[()]:
    """The scale before the first step; nothing where the loss is not scaled."""
    if task.half != "float16":
        return ()
    return LossScale(jnp.float32(FIRST), jnp.int32(0), jnp.int32(0))


def after_update(scale: LossScale) -> LossScale:
    """The scale after a step whose gradients were finite."""
    steady = scale.steady + 1
    grows = steady >= PATIENCE
    larger = jnp.where(grows, jnp.minimum(scale.scale * 2, MOST), scale.scale)
    return LossScale(larger, jnp.where(grows, 0, steady), scale.updates + 1)


def after_overflow(scale: LossScale) -> LossScale:
    """The scale after a step whose gradients overflowed, so that there was no update."""
    return LossScale(jnp.maximum(scale.scale / 2, LEAST), jnp.zeros_like(scale.steady), scale.updates)


def can_be_halved(scale: LossScale) -> Array:
    """Whether an overflow may come from the scale alone."""
    return scale.scale > LEAST
