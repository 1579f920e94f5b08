"""Penalties on the size of weights: the sums of their magnitudes and of their squares."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, NonNegative
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.weight_rules import Regularizer


class L1(Regularizer):
    """`l1 * sum(|w|)`, which draws weights to exactly zero. Tibshirani 1996; as Keras 3 `regularizers.L1`."""

    keras = "regularizers.L1"
    primary = "l1"
    spellings = ("lasso",)
    example = "l1: 0.01"

    l1: Annotated[NonNegative, Field(description="Factor of the sum of magnitudes.")] = 0.01

    def penalty(self, weight: Array) -> Array:
        return sums(weight, self.l1, 0.0)


class L2(Regularizer):
    """`l2 * sum(w^2)`, without a half. Hoerl and Kennard 1970; as Keras 3 `regularizers.L2`."""

    keras = "regularizers.L2"
    primary = "l2"
    spellings = ("ridge",)
    related = ("weight_decay",)
    example = "l2: 0.01"

    l2: Annotated[NonNegative, Field(description="Factor of the sum of squares.")] = 0.01

    def penalty(self, weight: Array) -> Array:
        return sums(weight, 0.0, self.l2)


class L1L2(Regularizer):
    """`l1 * sum(|w|) + l2 * sum(w^2)`. Zou and Hastie 2005; as Keras 3 `regularizers.L1L2`, but with Keras's factors of
    `l1` and `l2` as defaults, since Keras's own defaults of 0 regularize nothing."""

    keras = "regularizers.L1L2"
    spellings = ("elastic_net",)
    example = "l1_l2: {l1: 0.001, l2: 0.01}"

    l1: Annotated[NonNegative, Field(description="Factor of the sum of magnitudes.")] = 0.01
    l2: Annotated[NonNegative, Field(description="Factor of the sum of squares.")] = 0.01

    def penalty(self, weight: Array) -> Array:
        return sums(weight, self.l1, self.l2)


def sums(weight: Array, l1: float, l2: float) -> Array:
    """`l1` times the sum of magnitudes, and `l2` times that of squares, in at least float32."""
    wide = weight.astype(jnp.promote_types(weight.dtype, jnp.float32))
    total = jnp.zeros((), wide.dtype)
    if l1:
        total = total + l1 * jnp.sum(jnp.abs(wide))
    if l2:
        total = total + l2 * jnp.sum(jnp.square(wide))
    return total
