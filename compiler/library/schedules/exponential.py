"""Decay of the learning rate by a factor for so many steps, and by their inverse."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Positive, Size
from modelc.compiler.library.base.lazy import Array, jnp, optax
from modelc.compiler.library.schedules.warmup import WarmedUp

Staircase = Annotated[bool, Field(description="Whether the rate changes only every `decay_steps`, and then at once.")]


IN_STEPS = "the decay is counted in steps: write `decay_steps` with {value} times the batches of an epoch"
"""For an argument that is counted in epochs elsewhere."""


class Exponential(WarmedUp):
    """From `learning_rate` on, times `decay_rate` for every `decay_steps`, gradually or with `staircase` at once.

    With `t` steps since the warm-up: `learning_rate * decay_rate ** (t / decay_steps)`, with `staircase` by how many times
    `decay_steps` has passed in full. Arguments and formula of Keras 3 `ExponentialDecay`, whose
    `initial_learning_rate` is `learning_rate`, and of `optax.exponential_decay`. What PyTorch's `ExponentialLR` and `StepLR`
    count are mostly epochs: an epoch has as many steps as there are batches of training rows.
    """

    keras = "optimizers.schedules.ExponentialDecay"
    torch = "optim.lr_scheduler.ExponentialLR"
    spellings = ("exponential_decay",)
    values_of_words: ClassVar[Mapping[str, Any]] = {
        word: {"staircase": True} for word in ("staircase", "step", "step_decay", "StepLR")
    }
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("decay_epochs", "decay_every"), IN_STEPS),
        "gamma": "write `decay_rate: {value}`, and `decay_steps` with the steps after which the rate is that much lower; an "
        "epoch has as many as there are batches of training rows",
        "step_size": "the decay is counted in steps: write `decay_steps` with {value} times the batches of an epoch, and "
        "`staircase: true`",
    }
    example = "exponential: {learning_rate: 0.1, decay_steps: 10000, decay_rate: 0.96}"

    decay_steps: Annotated[Size, Field(description="Steps in which the rate falls by `decay_rate`.")]
    decay_rate: Annotated[Positive, Field(description="What the rate is multiplied by in `decay_steps`.")]
    staircase: Staircase = False

    def after_warmup(self, steps: int) -> "optax.Schedule":
        return optax.exponential_decay(self.learning_rate, self.decay_steps, self.decay_rate, staircase=self.staircase)


class InverseTime(WarmedUp):
    """From `learning_rate` on, divided by a number that grows by `decay_rate` every `decay_steps`.

    With `t` steps since the warm-up: `learning_rate / (1 + decay_rate * t / decay_steps)`, with `staircase` by how many times
    `decay_steps` has passed in full. Arguments and formula of Keras 3 `InverseTimeDecay`, whose
    `initial_learning_rate` is `learning_rate`.
    """

    keras = "optimizers.schedules.InverseTimeDecay"
    spellings = ("inverse_time_decay",)
    foreign_arguments: ClassVar[Mapping[str, str]] = dict.fromkeys(("decay_epochs", "decay_every"), IN_STEPS)
    example = "inverse_time: {learning_rate: 0.1, decay_steps: 1000, decay_rate: 0.5}"

    decay_steps: Annotated[Size, Field(description="Steps in which the divisor grows by `decay_rate`.")]
    decay_rate: Annotated[Positive, Field(description="What the divisor grows by in `decay_steps`.")]
    staircase: Staircase = False

    def after_warmup(self, steps: int) -> "optax.Schedule":
        def at(step: Any) -> Array:
            part = step / self.decay_steps
            return self.learning_rate / (1 + self.decay_rate * (jnp.floor(part) if self.staircase else part))

        return at
