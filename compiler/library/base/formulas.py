"""Formulas that several losses share, or a loss and a metric. No planning here.

`values` and `truth` are floats of one shape and dtype, at least float32. `EPSILON` is Keras's, so that results are too.
"""

from modelc.compiler.library.base.lazy import Array, jax, jnp

EPSILON = 1e-7
FAR = 2.0**48
"""How large, or one over how small, values are whose squares, and sums of them, float32 holds with all digits."""
FIT = 2.0**80
"""What brings float32 beyond that back, by a product or quotient that rounds nothing."""


def cosine(values: Array, truth: Array) -> Array:
    """The cosine of the angle between vectors on the last axis; 0 for a vector of zeros."""
    return jnp.sum(unit(values) * unit(truth), axis=-1)


def unit(vectors: Array) -> Array:
    """`vectors` on the last axis with the length 1; those shorter than 1e-7 are as much shorter than 1."""
    scale = fitting(jnp.max(jnp.abs(vectors), axis=-1, keepdims=True))
    scaled = vectors * scale
    squares = jnp.sum(jnp.square(scaled), axis=-1, keepdims=True)
    return scaled * jax.lax.rsqrt(jnp.maximum(squares, EPSILON**2 * scale * scale))


def fitting(greatest: Array) -> Array:
    """The power of two by which values of at most this size get squares that float32 holds: 1 unless they are extreme."""
    scale = jnp.where(greatest > FAR, 1 / FIT, jnp.where(greatest < 1 / FAR, FIT, 1.0))
    return scale.astype(greatest.dtype)


def centered(values: Array) -> Array:
    """`values` less their mean on the last axis; twice, as the mean of values far from 0 is rounded."""
    once = values - jnp.mean(values, axis=-1, keepdims=True)
    return once - jnp.mean(once, axis=-1, keepdims=True)


def divergence(log_probabilities: Array, truth: Array) -> Array:
    """`sum(truth * (log(truth) - log_probabilities))` over the last axis; a truth of 0 adds 0."""
    return jnp.sum(jax.scipy.special.xlogy(truth, truth) - truth * log_probabilities, axis=-1)


def log_odds(values: Array) -> Array:
    """`log(p / (1 - p))` of the probabilities `p = softmax(values)` over the last axis, also where they round to 0 or 1."""
    best = jnp.arange(values.shape[-1]) == jnp.argmax(values, axis=-1, keepdims=True)
    greatest = jnp.max(values, axis=-1, keepdims=True)
    others = jnp.max(jnp.where(best, -jnp.inf, values), axis=-1, keepdims=True)
    parts = jnp.exp(values - greatest)
    # For the best class the sum of the others must not be what its own part leaves of 1.
    rest = others + jnp.log(jnp.sum(jnp.where(best, 0.0, jnp.exp(values - others)), axis=-1, keepdims=True))
    against = greatest + jnp.log(jnp.sum(parts, axis=-1, keepdims=True) - parts)
    return values - jnp.where(best, rest, against)


def one_hot(target: Array, like: Array) -> Array:
    """The truth in the shape and dtype of `like` `[..., classes]`: `target` itself, or labels `[...]` as one-hot rows.

    A label that is no class gives a row of NaN: it must show, and not pass for a row without a truth.
    """
    if target.shape == like.shape:
        return target.astype(like.dtype)
    chosen = jnp.arange(like.shape[-1]) == target[..., None]
    return jnp.where(jnp.any(chosen, axis=-1, keepdims=True), chosen.astype(like.dtype), jnp.nan)


def focus(wrong: Array, gamma: float) -> Array:
    """`wrong ** gamma`, from 1e-7 on: below, the derivative may be infinite, and an answer is as right as it can be."""
    return jnp.power(jnp.maximum(wrong, EPSILON), gamma)
