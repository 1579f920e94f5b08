"""Learning rates for parts of a training."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.fields import Positive, Size, read_axes, read_numbers
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.schedules.warmup import WarmUp

Boundaries = Annotated[tuple[Size, ...], BeforeValidator(read_axes), Field(min_length=1)]
Rates = Annotated[tuple[Positive, ...], BeforeValidator(read_numbers), Field(min_length=2)]


class Piecewise(WarmUp):
    """The first of `values` up to the first of `boundaries`, the second up to the second, and so on; the last to the end.

    Arguments and steps of Keras 3 `PiecewiseConstantDecay`: steps are counted from 0, and the one with the number of a boundary
    still has the rate before it. In `optax.piecewise_constant_schedule` and PyTorch's `MultiStepLR` it has the one after
    it. With a warm-up the first rate is that at its end; boundaries are counted from the beginning of the run.
    """

    keras = "optimizers.schedules.PiecewiseConstantDecay"
    torch = "optim.lr_scheduler.MultiStepLR"
    spellings = ("multi_step", "piecewise_constant", "piecewise_constant_decay")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "milestones": "write `boundaries` in steps: with the number of each epoch times the batches of an epoch, less one",
        **dict.fromkeys(
            ("factor", "gamma"), "rates are written themselves: write `values`, each {value} times that before it"
        ),
        **dict.fromkeys(
            ("initial_learning_rate", "learning_rate"), "rates are written themselves: {value} is the first of `values`"
        ),
    }
    example = "piecewise: {boundaries: [30000, 60000], values: [0.1, 0.01, 0.001]}"

    boundaries: Annotated[Boundaries, Field(description="The last step of each rate but the last, counted from 0.")]
    values: Annotated[Rates, Field(description="The rates, one more than there are boundaries.")]

    @model_validator(mode="after")
    def need_order(self) -> Self:
        if len(self.values) != len(self.boundaries) + 1:
            raise PydanticCustomError(
                "wrong_count",
                "`values` has {values} rates and `boundaries` {boundaries}, but there is one rate more than boundaries",
                {"values": len(self.values), "boundaries": len(self.boundaries)},
            )
        if any(later <= earlier for earlier, later in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise PydanticCustomError("wrong_order", "each of `boundaries` must be greater than the one before it")
        if self.boundaries[0] < self.warmup_steps:
            message = "the first of `boundaries` lies in the warm-up, but is counted from the beginning of the run"
            raise PydanticCustomError("boundary_in_warmup", message)
        return self

    def highest(self) -> tuple[str, float]:
        return "the first of `values`", self.values[0]

    def caution(self, total_steps: int) -> PlanError | None:
        if (caution := super().caution(total_steps)) is not None:
            return caution
        late = next((place for place, step in enumerate(self.boundaries) if step >= total_steps - 1), None)
        if late is None:
            return None
        message = (
            f"the rate {self.values[late + 1]} begins after step {self.boundaries[late]:,}, the run has {total_steps:,}"
        )
        help = "give `boundaries` within the run, or train longer; steps are counted, and an epoch has many"
        return PlanError(message, help=help, argument="boundaries", code="W924")

    def after_warmup(self, steps: int) -> "optax.Schedule":
        begins = [step + 1 - self.warmup_steps for step in self.boundaries]
        return optax.join_schedules([optax.constant_schedule(rate) for rate in self.values], begins)
