"""Cosine decay of the learning rate, after a linear warm-up."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.fields import NonNegative, Number, Positive, Size
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.contracts.optimizer import Schedule

KERAS_RATES = ("initial_learning_rate", "warmup_target")


class Cosine(Schedule):
    """From `warmup_from` straight up to `learning_rate`, then down a half cosine to `alpha * learning_rate`.

    With `t` steps since the warm-up: `learning_rate * (alpha + (1 - alpha) * (1 + cos(pi * t / decay_steps)) / 2)`, and
    constant once `t` has passed `decay_steps`. Follows Keras 3 `CosineDecay` (whose `warmup_target` is `learning_rate`
    and whose `initial_learning_rate` is `warmup_from`) and Loshchilov and Hutter, 2017.
    """

    keras = "optimizers.schedules.CosineDecay"
    torch = "optim.lr_scheduler.CosineAnnealingLR"
    primary = "learning_rate"
    spellings = ("cosine_annealing", "warmup_cosine")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "initial_learning_rate": "beside `warmup_target` write `warmup_from: {value}`, without it `learning_rate: {value}`",
        "warmup_target": "the highest rate is `learning_rate` here: write `learning_rate: {value}`",
        "warmup_epochs": "the warm-up is counted in steps: an epoch has as many as there are batches of training rows, "
        "so write `warmup_steps` with {value} times that",
        "warmup_ratio": "the warm-up is counted in steps: write `warmup_steps` with that part of all steps",
        "decay_epochs": "the decay is counted in steps: leave it out, and it lasts to the end of the run",
        "T_max": "the decay is counted in steps: leave it out, and it lasts to the end of the run",
        "eta_min": "the lowest rate is a fraction of the highest here: write `alpha` with {value} divided by `learning_rate`",
    }
    example = "cosine: {learning_rate: 0.1, warmup_steps: 500}"

    learning_rate: Annotated[Positive, Field(description="The highest learning rate, at the end of the warm-up.")]
    decay_steps: Annotated[
        Size | None, Field(description="Steps from the highest to the lowest rate; by default the rest of the run.")
    ] = None
    alpha: Annotated[Number, Field(ge=0, le=1, description="The lowest rate, as a fraction of the highest.")] = 0.0
    warmup_steps: Annotated[int, Field(ge=0, lt=2**31, description="Steps of the warm-up.")] = 0
    warmup_from: Annotated[NonNegative, Field(description="Learning rate at the first step of the warm-up.")] = 0.0

    @classmethod
    def foreign_argument(cls, name: str, beside: Collection[str] = ()) -> str:
        text = super().foreign_argument(name, beside)
        if fold(name) != "initiallearningrate" or not beside:
            return text
        return "write `warmup_from: {value}`" if "warmup_target" in beside else "write `learning_rate: {value}`"

    @classmethod
    def from_elsewhere(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        first, highest = arguments.get("initial_learning_rate"), arguments.get("warmup_target")
        rates = {"learning_rate": first} if highest is None else {"learning_rate": highest, "warmup_from": first}
        if first is None:
            return arguments
        # Keras's `name` is for its own messages.
        others = {name: value for name, value in arguments.items() if name not in (*KERAS_RATES, "name")}
        return {**{name: value for name, value in rates.items() if value != 0}, **others}

    @model_validator(mode="after")
    def need_warmup(self) -> Self:
        if self.warmup_from and not self.warmup_steps:
            raise PydanticCustomError("warmup_alone", "`warmup_from` has no effect without `warmup_steps`")
        if self.warmup_from > self.learning_rate:
            raise PydanticCustomError(
                "warmup_down", "`warmup_from` is greater than `learning_rate`, but a warm-up increases the rate"
            )
        return self

    def caution(self, total_steps: int) -> PlanError | None:
        if self.warmup_steps < total_steps:
            return None
        message = f"the warm-up takes {self.warmup_steps:,} steps, the whole run {total_steps:,}"
        help = f"give `warmup_steps` below {total_steps:,}, such as {max(total_steps // 10, 1):,}, or train longer"
        return PlanError(message, help=help, argument="warmup_steps", code="W917")

    def function(self, total_steps: int) -> "optax.Schedule":
        decay_steps = self.decay_steps or max(total_steps - self.warmup_steps, 1)
        decay = optax.cosine_decay_schedule(self.learning_rate, decay_steps, self.alpha)
        if not self.warmup_steps:
            return decay
        warmup = optax.linear_schedule(self.warmup_from, self.learning_rate, self.warmup_steps)
        return optax.join_schedules([warmup, decay], [self.warmup_steps])
