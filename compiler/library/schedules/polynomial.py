"""Decay of the learning rate along a line, or by a power of the steps that are left."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.library.base.fields import NonNegative, Positive, Size
from modelc.compiler.library.base.lazy import Array, jnp, optax
from modelc.compiler.library.schedules.warmup import WarmedUp

EndRate = Annotated[NonNegative, Field(description="The lowest learning rate, at the end of the decay.")]


class Falling(WarmedUp):
    """Abstract: a schedule from `learning_rate` down to `end_learning_rate`."""

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("alpha", "end_factor", "end_fraction"),
            "the lowest rate is a rate here: write `end_learning_rate` with {value} times `learning_rate`",
        ),
        **dict.fromkeys(("eta_min", "end_lr", "lr_end", "min_lr"), "write `end_learning_rate: {value}`"),
        "start_factor": "rates are written themselves: for a rise at the beginning `warmup_from` with {value} times "
        "`learning_rate`, and `warmup_steps`",
    }
    length = "decay_steps"

    decay_steps: Annotated[
        Size | None, Field(description="Steps from the highest to the lowest rate; by default the rest of the run.")
    ] = None
    end_learning_rate: EndRate = 0.0

    @model_validator(mode="after")
    def need_decay(self) -> Self:
        if self.end_learning_rate > self.learning_rate:
            written = "" if "end_learning_rate" in self.model_fields_set else f", {self.end_learning_rate} by default,"
            message = f"`end_learning_rate`{written} is greater than `learning_rate`: give a lower one, such as 0"
            raise PydanticCustomError("decay_up", message)
        return self


class Linear(Falling):
    """From `warmup_from` straight up to `learning_rate`, then straight down to `end_learning_rate`.

    With `t` steps since the warm-up: `learning_rate + (end_learning_rate - learning_rate) * t / decay_steps`, and constant
    once `t` has passed `decay_steps`. Formula of `optax.linear_schedule`. PyTorch's `LinearLR` rises by default, which is a
    warm-up here: `constant` with `warmup_steps`.
    """

    spellings = ("linear_decay", "linear_schedule", "linear_with_warmup", "warmup_linear")
    related = ("LinearLR",)
    example = "linear: {learning_rate: 0.001, warmup_steps: 500}"

    def after_warmup(self, steps: int) -> "optax.Schedule":
        return optax.linear_schedule(self.learning_rate, self.end_learning_rate, self.decay_steps or steps)


class Polynomial(Falling):
    """From `learning_rate` down to `end_learning_rate`, by a power of the steps that are left.

    With `t` steps since the warm-up: `end_learning_rate + (learning_rate - end_learning_rate) * (1 - t / decay_steps) **
    power`, and constant once `t` has passed `decay_steps`; or with `cycle`, from where the curve is then at the multiple of
    `decay_steps` that follows. Arguments, defaults and formula of Keras 3 `PolynomialDecay`, whose `initial_learning_rate` is
    `learning_rate`; `optax.polynomial_schedule` is the same without `cycle`. PyTorch's `PolynomialLR` ends at 0.
    """

    keras = "optimizers.schedules.PolynomialDecay"
    torch = "optim.lr_scheduler.PolynomialLR"
    spellings = ("poly", "polynomial_decay", "polynomial_schedule")
    example = "polynomial: {learning_rate: 0.01, end_learning_rate: 0.0001, power: 2}"

    end_learning_rate: EndRate = 0.0001
    power: Annotated[Positive, Field(description="The power; 1 is a line.")] = 1.0
    cycle: Annotated[bool, Field(description="Whether to begin again, lower, when `decay_steps` have passed.")] = False

    @model_validator(mode="after")
    def need_length(self) -> Self:
        if self.cycle and self.decay_steps is None:
            raise PydanticCustomError("cycle_alone", "`cycle` has no effect without `decay_steps`")
        return self

    def after_warmup(self, steps: int) -> "optax.Schedule":
        first, last, length = self.learning_rate, self.end_learning_rate, self.decay_steps or steps
        if not self.cycle:
            return optax.polynomial_schedule(first, last, self.power, length)

        def at(step: Any) -> Array:
            whole = length * jnp.maximum(-(-step // length), 1)
            return (first - last) * jnp.power(jnp.maximum(1 - step / whole, 0), self.power) + last

        return at
