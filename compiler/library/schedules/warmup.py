"""What schedules share: a highest learning rate, and a linear warm-up before it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.fields import Count, NonNegative, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Schedule


class Rated(Schedule):
    """Abstract: a schedule with a highest learning rate."""

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("warmup_target", "max_lr", "peak_value"),
            "the highest rate is `learning_rate` here: write `learning_rate: {value}`",
        ),
        **dict.fromkeys(
            ("initial_learning_rate", "init_value", "base_lr"),
            "the rate is `learning_rate`: write `learning_rate: {value}`",
        ),
        **dict.fromkeys(
            ("last_epoch", "verbose"),
            "remove it: a run that goes on knows its step, and the rate follows from the step",
        ),
    }

    learning_rate: Annotated[Positive, Field(description="The highest learning rate, at the end of the warm-up.")]


class WarmUp(Schedule):
    """Abstract: a schedule that rises along a line at first."""

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "warmup_epochs": "the warm-up is counted in steps: an epoch has as many as there are batches of training rows, "
        "so write `warmup_steps` with {value} times that",
        **dict.fromkeys(
            ("warmup_fraction", "warmup_ratio"),
            "the warm-up is counted in steps: write `warmup_steps` with {value} of all steps",
        ),
        **dict.fromkeys(
            ("total_iters", "T_max", "decay_epochs", "max_epochs", "num_training_steps"),
            "the decay is counted in steps: leave it out, and it lasts to the end of the run",
        ),
    }

    warmup_steps: Annotated[Count, Field(description="Steps of the warm-up.")] = 0
    warmup_from: Annotated[NonNegative, Field(description="Learning rate at the first step of the warm-up.")] = 0.0

    def highest(self) -> tuple[str, float]:
        """The learning rate at the end of the warm-up, with the argument that says it."""
        raise NotImplementedError

    def after_warmup(self, steps: int) -> "optax.Schedule":
        """The learning rate as a function of the step since the warm-up, where `steps` of the run are left then."""
        raise NotImplementedError

    @model_validator(mode="after")
    def need_warmup(self) -> Self:
        argument, highest = self.highest()
        if self.warmup_from and not self.warmup_steps:
            raise PydanticCustomError("warmup_alone", "`warmup_from` has no effect without `warmup_steps`")
        if self.warmup_from > highest:
            message = f"`warmup_from` is greater than {argument}, but a warm-up increases the rate"
            raise PydanticCustomError("warmup_down", message)
        return self

    def caution(self, total_steps: int) -> PlanError | None:
        if self.warmup_steps < total_steps:
            return None
        message = f"the warm-up takes {self.warmup_steps:,} steps, the whole run {total_steps:,}"
        help = f"give `warmup_steps` below {total_steps:,}, such as {max(total_steps // 10, 1):,}, or train longer"
        return PlanError(message, help=help, argument="warmup_steps", code="W917")

    def function(self, total_steps: int) -> "optax.Schedule":
        after = self.after_warmup(max(total_steps - self.warmup_steps, 1))
        if not self.warmup_steps:
            return after
        warmup = optax.linear_schedule(self.warmup_from, self.highest()[1], self.warmup_steps)
        return optax.join_schedules([warmup, after], [self.warmup_steps])


class WarmedUp(WarmUp, Rated):
    """Abstract: a schedule that rises to its highest learning rate, and goes on from there."""

    primary = "learning_rate"

    @classmethod
    def from_elsewhere(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        # Keras's `name` is for its own messages.
        return {
            "learning_rate" if key == "initial_learning_rate" else key: value
            for key, value in arguments.items()
            if key != "name"
        }

    def highest(self) -> tuple[str, float]:
        return "`learning_rate`", self.learning_rate
