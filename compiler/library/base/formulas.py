"""Formulas that compare values with their truth: what a loss and a metric of the same name share. No planning here.

`values` and `truth` are floats of one shape and dtype, at least float32. `EPSILON` is Keras's, so that results are too.
"""

from modelc.compiler.library.base.lazy import Array, jax, jnp

EPSILON = 1e-7


def percentage_errors(values: Array, truth: Array) -> Array:
    """`100 * |values - truth| / max(|truth|, 1e-7)`."""
    return 100.0 * jnp.abs(values - truth) / jnp.maximum(jnp.abs(truth), EPSILON)


def squared_logarithmic_errors(values: Array, truth: Array) -> Array:
    """`(log(1 + values) - log(1 + truth)) ** 2`; what is below 1e-7 is taken for 1e-7."""
    return jnp.square(jnp.log1p(jnp.maximum(values, EPSILON)) - jnp.log1p(jnp.maximum(truth, EPSILON)))


def log_cosh(values: Array, truth: Array) -> Array:
    """`log(cosh(values - truth))`."""
    error = values - truth
    size = jnp.abs(error)
    # Two forms, because the one that bears large errors is a difference of nearly equal numbers where they are small.
    small = 0.5 * jnp.log1p(jnp.square(jnp.sinh(jnp.clip(error, -1.0, 1.0))))
    large = size + jnp.log1p(jnp.exp(-2.0 * size)) - jnp.log(2.0).astype(size.dtype)
    return jnp.where(size < 1.0, small, large)


def poisson(values: Array, truth: Array) -> Array:
    """`values - truth * log(values + 1e-7)`."""
    return values - truth * jnp.log(values + EPSILON)


def hinge(values: Array, truth: Array) -> Array:
    """`max(1 - truth * values, 0)`, where a truth of 0 stands for -1."""
    return jnp.maximum(1.0 - jnp.where(truth == 0, -1.0, truth) * values, 0.0)


def categorical_hinge(values: Array, truth: Array) -> Array:
    """`max(max((1 - truth) * values) - sum(truth * values) + 1, 0)` over the last axis."""
    right = jnp.sum(truth * values, axis=-1)
    wrong = jnp.max((1.0 - truth) * values, axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0.0)


def cosine(values: Array, truth: Array) -> Array:
    """The cosine of the angle between vectors on the last axis; 0 for a vector of zeros."""

    def unit(vector: Array) -> Array:
        squares = jnp.sum(jnp.square(vector), axis=-1, keepdims=True)
        return vector * jax.lax.rsqrt(jnp.maximum(squares, EPSILON**2))

    return jnp.sum(unit(values) * unit(truth), axis=-1)


def divergence(log_probabilities: Array, truth: Array) -> Array:
    """`sum(truth * (log(truth) - log_probabilities))` over the last axis; a truth of 0 adds 0."""
    return jnp.sum(jax.scipy.special.xlogy(truth, truth) - truth * log_probabilities, axis=-1)


def one_hot(target: Array, like: Array) -> Array:
    """The truth in the shape and dtype of `like` `[..., classes]`: `target` itself, or labels `[...]` as one-hot rows.

    A label that is no class gives a row of NaN: it must show, and not pass for a row without a truth.
    """
    if target.shape == like.shape:
        return target.astype(like.dtype)
    chosen = jnp.arange(like.shape[-1]) == target[..., None]
    return jnp.where(jnp.any(chosen, axis=-1, keepdims=True), chosen.astype(like.dtype), jnp.nan)
