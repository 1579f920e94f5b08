"""One rise and one fall of the learning rate."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Number, Size
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.schedules.warmup import Rated

Factor = Annotated[Number, Field(ge=1)]


class OneCycle(Rated):
    """Up from `learning_rate / div_factor` to `learning_rate`, then down to the first rate divided by `final_div_factor`.

    The rise takes the part `pct_start` of `total_steps`, and is the warm-up; both go along half a cosine, or a line. Formula
    of `optax.cosine_onecycle_schedule`, arguments and defaults of PyTorch's `OneCycleLR`, which reaches the highest rate
    a step earlier and the lowest at the last step; it also moves the momentum, which stays what it is here. Smith and Topin,
    2018.
    """

    torch = "optim.lr_scheduler.OneCycleLR"
    primary = "learning_rate"
    spellings = ("1cycle", "cosine_onecycle", "super_convergence")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("cycle_momentum", "base_momentum", "max_momentum"),
            "remove it: the momentum is the one number that the optimizer has",
        ),
        **dict.fromkeys(
            ("epochs", "steps_per_epoch"), "leave it out: the cycle takes the whole run, or `total_steps` of it"
        ),
        "three_phase": "remove it: there are two phases, the rise and the fall",
        **dict.fromkeys(
            ("warmup_steps", "warmup_ratio", "warmup_epochs"),
            "the rise is the warm-up: write `pct_start` with the part of all steps that it takes",
        ),
        "warmup_from": "write `div_factor` with `learning_rate` divided by {value}",
    }
    length = "total_steps"
    example = "one_cycle: {learning_rate: 0.01, pct_start: 0.25}"

    total_steps: Annotated[Size | None, Field(description="Steps of the cycle; by default those of the run.")] = None
    pct_start: Annotated[Number, Field(gt=0, lt=1, description="The part of `total_steps` that the rise takes.")] = 0.3
    div_factor: Annotated[Factor, Field(description="What the highest rate is divided by for the first.")] = 25.0
    final_div_factor: Annotated[Factor, Field(description="What the first rate is divided by for the last.")] = 1e4
    anneal_strategy: Annotated[
        Literal["cos", "linear"], Field(description="Whether both go along half a `cos`ine, or along a line.")
    ] = "cos"

    def function(self, total_steps: int) -> "optax.Schedule":
        total = max(self.total_steps or total_steps, 2)
        top = min(max(int(self.pct_start * total), 1), total - 1)
        return optax.piecewise_interpolate_schedule(
            "cosine" if self.anneal_strategy == "cos" else "linear",
            self.learning_rate / self.div_factor,
            {top: self.div_factor, total: 1 / (self.div_factor * self.final_div_factor)},
        )
