"""A loss between cross-entropy and absolute error, for labels of which some are wrong (Zhang and Sabuncu 2018,
https://arxiv.org/abs/1805.07836)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.losses.class_loss import ClassLoss, expected


class GeneralizedCrossEntropy(ClassLoss):
    """Cross-entropy that gives little to labels the model is sure are wrong: `sum(t * (1 - p ** q) / q)`.

    `p = softmax(output)` over the last axis, output `[..., classes]`. A target of shape `[...]` holds integer labels,
    one of shape `[..., classes]` distributions. The elements have shape `[...]`, and the loss is their mean. Near `q = 0`
    it is `cross_entropy`, at 1 half the absolute error. `class_weight` is that of `cross_entropy`. Follows Keras 3
    `CategoricalGeneralizedCrossEntropy`, which takes labels and probabilities only.
    """

    keras: ClassVar[str] = "losses.CategoricalGeneralizedCrossEntropy"
    primary: ClassVar[str | None] = "q"
    spellings: ClassVar[tuple[str, ...]] = ("gce", "categorical_generalized_cross_entropy")
    example: ClassVar[str] = "generalized_cross_entropy: 0.7"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"

    q: Annotated[Positive, Field(le=1, description="Above 0 and up to 1; larger forgives more wrong labels.")] = 0.5

    def compare(self, values: Array, target: Array) -> Array:
        return -expected(jnp.expm1(self.q * jax.nn.log_softmax(values)) / self.q, target)
