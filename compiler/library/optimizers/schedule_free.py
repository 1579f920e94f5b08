"""Schedule-Free learning: averages of the weights in place of a decay of the learning rate."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jax, optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import BETAS, Beta2, Epsilon, Rate, WeightDecay
from modelc.compiler.library.optimizers.weight_decay import by_rate, decayed, descent
from modelc.compiler.library.schedules import rate_function

Interpolation = Annotated[
    Number, Field(gt=0, le=1, description="How much of the averages is in the weights at which gradients are taken.")
]


class Averaging(Optimizer):
    """Abstract: an optimizer that trains with one set of weights, and averages another, with which the model is used."""

    usual_schedule = "constant"
    is_averaging = True
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        **dict.fromkeys(("r", "weight_lr_power"), "remove it: steps count by the square of their learning rate"),
    }

    learning_rate: Rate
    beta_1: Interpolation = 0.9

    def averages(self, params: Any, state: Any) -> Any:
        kept = jax.tree.leaves(state, is_leaf=has_averages)
        for part in filter(has_averages, kept):
            params = jax.tree.map(self.average, params, part.z)
        return params

    def average(self, weight: Array, apart: Any) -> Array:
        """The average of a weight, which lies between it and the one that is `apart`; itself where that is masked."""
        if isinstance(apart, optax.MaskedNode):
            return weight
        found: Array = (weight - (1 - self.beta_1) * apart) / self.beta_1
        return found

    def averaged(self, base: "optax.GradientTransformation", total_steps: int) -> "optax.GradientTransformation":
        """The transformation that goes by `base`, which has no momentum, and averages."""
        contrib: Any = optax.contrib
        rate = rate_function(self.learning_rate, total_steps)
        found: optax.GradientTransformation = contrib.schedule_free(base, rate, b1=self.beta_1)
        return found


class ScheduleFree(Averaging):
    """AdamW with averages of the weights in place of momentum and of a decay of the learning rate (Defazio et al., 2024).

    Arguments and defaults of Keras 3 `ScheduleFreeAdamW`, formula of `optax.contrib.schedule_free_adamw`. Validation, the best
    weights and all that a trained model is used for take the averages; checkpoints have both. Averages count each step by
    the square of its learning rate, which matters in a warm-up: it is written as `constant` with `warmup_steps`, and no
    decay should follow. Keras counts all steps alike, and evaluates the weights at which it takes gradients. Biases and
    scales of normalizations do not decay.
    """

    keras = "optimizers.ScheduleFreeAdamW"
    spellings = ("adamw_schedule_free", "AdamWScheduleFree", "schedule_free_adam")
    example = "schedule_free: {learning_rate: {constant: {learning_rate: 0.0025, warmup_steps: 500}}}"

    learning_rate: Rate = 0.0025
    weight_decay: WeightDecay = 0.0
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-8

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_rms(decay=self.beta_2, eps=self.epsilon, eps_in_sqrt=False, bias_correction=True)
        rate = rate_function(self.learning_rate, total_steps)
        return self.averaged(descent(direction, self.weight_decay, rate), total_steps)


class ScheduleFreeSGD(Averaging):
    """Gradient descent with averages of the weights in place of momentum and of a decay of the learning rate (Defazio et al., 2024).

    Formula and defaults of `optax.contrib.schedule_free_sgd`; all else is as with `schedule_free`.
    """

    spellings = ("SGDScheduleFree", "sgd_schedule_free")
    example = "schedule_free_sgd: {learning_rate: {constant: {learning_rate: 1.0, warmup_steps: 500}}}"

    learning_rate: Rate = 1.0
    weight_decay: WeightDecay = 0.0

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)
        return self.averaged(optax.chain(*decayed(self.weight_decay), by_rate(rate)), total_steps)


def has_averages(part: Any) -> bool:
    """Whether a part of the state of an optimizer is that of one that averages."""
    return hasattr(part, "z") and hasattr(part, "weight_sum")
