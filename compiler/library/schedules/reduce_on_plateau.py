"""A learning rate that is lowered whenever the monitor has not become better for some epochs."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.library.base.fields import NonNegative, Number
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.schedules.warmup import WarmedUp

MOST_EPOCHS = 10**6


class ReduceOnPlateau(WarmedUp):
    """`learning_rate`, times `factor` each time that `train.monitor` was not better for `patience` epochs, down to `min_lr`.

    Better is what is so by more than `min_delta`, compared with the last epoch that was; after each reduction `cooldown`
    epochs are not waited for. Neither are epochs that end within the warm-up, and those whose monitor is NaN. Arguments,
    defaults and rule of Keras 3 `ReduceLROnPlateau`. PyTorch's lowers the rate one epoch later for the same `patience`, and its
    `threshold` is a fraction of the best value by default.
    """

    keras = "callbacks.ReduceLROnPlateau"
    torch = "optim.lr_scheduler.ReduceLROnPlateau"
    spellings = ("plateau", "reduce_lr_on_plateau")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("monitor", "metric", "metrics", "reduce_on_plateau_eval_metric"),
            "it goes by the `monitor` of `train`: write `monitor` there, such as `monitor: validation/loss`",
        ),
        "mode": "remove it: every value of the log knows which way is better",
        "threshold": "write `min_delta`, by how much the monitor must be better, itself and not as a fraction of it",
        "threshold_mode": "remove it: `min_delta` is by how much the monitor must be better, not a fraction of it",
        "eps": "remove it: the rate is lowered however little that is, down to `min_lr`",
    }
    example = "reduce_on_plateau: {learning_rate: 0.01, factor: 0.5, patience: 5}"

    factor: Annotated[Number, Field(gt=0, lt=1, description="What the rate is multiplied by.")] = 0.1
    patience: Annotated[
        int, Field(ge=1, le=MOST_EPOCHS, description="Epochs without a better `monitor` before the rate is lowered.")
    ] = 10
    min_delta: Annotated[
        NonNegative,
        Field(description="By how much `monitor` must be better than when it last was, to count as better."),
    ] = 0.0001
    cooldown: Annotated[
        int, Field(ge=0, le=MOST_EPOCHS, description="Epochs after a reduction that are not waited for.")
    ] = 0
    min_lr: Annotated[NonNegative, Field(description="The rate is not lowered below this.")] = 0.0

    @model_validator(mode="after")
    def need_room(self) -> Self:
        if self.min_lr >= self.learning_rate:
            raise PydanticCustomError(
                "nothing_to_lower", "`min_lr` is not below `learning_rate`, so nothing can be lowered"
            )
        return self

    @classmethod
    def from_elsewhere(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return super().from_elsewhere({name: value for name, value in arguments.items() if name != "verbose"})

    def after_warmup(self, steps: int) -> "optax.Schedule":
        return optax.constant_schedule(self.learning_rate)
