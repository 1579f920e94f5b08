"""Optimizers for large batches: the size of the step of a weight follows from the norm of the weight."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, NonNegative, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import (
    BETAS,
    Beta1,
    Beta2,
    Epsilon,
    Momentum,
    Nesterov,
    Rate,
    WeightDecay,
)
from modelc.compiler.library.optimizers.per_weight import per_weight
from modelc.compiler.library.optimizers.weight_decay import by_rate, decayed
from modelc.compiler.library.schedules import rate_function


class Lamb(Optimizer):
    """Adam whose step of each weight is as long as the weight itself, times the learning rate (You et al., 2020).

    Arguments and defaults of Keras 3 `Lamb`, formula of `optax.lamb`: the step of `adam`, with `weight_decay` times the weight added
    to it, times the norm of the weight divided by that of the step; 1 where one of them is 0. With `weight_decay` 0 that is
    Keras's; there the decay is no part of the step. Biases and scales of normalizations do not decay.
    """

    keras = "optimizers.Lamb"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = BETAS
    example = "lamb: {learning_rate: 0.002, weight_decay: 0.01}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.chain(
            optax.scale_by_adam(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon),
            *decayed(self.weight_decay),
            per_weight(lambda is_decaying: optax.scale_by_trust_ratio()),
            by_rate(rate_function(self.learning_rate, total_steps)),
        )


class Lars(Optimizer):
    """Momentum whose step of each weight is in proportion to the weight itself (You et al., 2017).

    Formula and defaults of `optax.lars`: the gradient, with `weight_decay` times the weight added to it, times
    `trust_coefficient` times the norm of the weight divided by that of the gradient; this times the learning rate goes into the
    velocity. Biases, scales of normalizations and other weights of one axis neither decay nor are scaled so, as is usual.
    Keras has none.
    """

    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("eta", "trust_coef"), "write `trust_coefficient: {value}`"),
        **dict.fromkeys(
            ("exclude_bias_n_norm", "exclude_from_layer_adaptation"),
            "remove it: biases and scales of normalizations are excluded always",
        ),
    }
    example = "lars: {learning_rate: 1.0, weight_decay: 0.0001}"

    learning_rate: Rate
    weight_decay: Annotated[
        NonNegative,
        Field(description="What of weights that decay is added to the gradient: not of biases, nor of scales."),
    ] = 0.0
    momentum: Momentum = 0.9
    nesterov: Nesterov = False
    trust_coefficient: Annotated[Positive, Field(description="The size of a step, in parts of the weight.")] = 0.001
    epsilon: Annotated[NonNegative, Field(description="Added to the norm of the gradient.")] = 0.0

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        def scaled(is_decaying: bool) -> Any:
            ratio = optax.scale_by_trust_ratio(trust_coefficient=self.trust_coefficient, eps=self.epsilon)
            return ratio if is_decaying else optax.identity()

        return optax.chain(
            *decayed(self.weight_decay),
            per_weight(scaled),
            by_rate(rate_function(self.learning_rate, total_steps)),
            optax.trace(decay=self.momentum, nesterov=self.nesterov),
        )


class NovoGrad(Optimizer):
    """Momentum of gradients that are divided by the running norm of those of their weight (Ginsburg et al., 2019).

    Formula and defaults of `optax.novograd`, names of the arguments of Keras's `Adam`; `weight_decay` times the weight is added to
    the divided gradient of weights that decay, not of biases and scales. Keeps one array for each weight, and a number.
    """

    primary = "learning_rate"
    spellings = ("novo_grad",)
    foreign_arguments: ClassVar[Mapping[str, str]] = BETAS
    example = "novograd: {learning_rate: 0.01, weight_decay: 0.001}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Annotated[Beta2, Field(description="What the running squared norm keeps of itself per step.")] = 0.25
    epsilon: Epsilon = 1e-6

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        def of_one(is_decaying: bool) -> Any:
            decay = self.weight_decay if is_decaying else 0.0
            return optax.scale_by_novograd(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon, weight_decay=decay)

        rate = rate_function(self.learning_rate, total_steps)
        return optax.chain(per_weight(of_one), by_rate(rate))
