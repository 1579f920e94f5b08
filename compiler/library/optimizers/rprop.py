"""Resilient backpropagation."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.library.base.fields import Field, Fraction, Number, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer


class Rprop(Optimizer):
    """Steps of a size of their own for each weight, which grows while its gradient keeps its sign (Riedmiller and Braun, 1993).

    Arguments and defaults of PyTorch's `Rprop`, whose `etas` and `step_sizes` are two arguments each here; formula of `optax.rprop`.
    Keras has none. It goes by signs alone, so that it wants the gradient of all rows: a `batch_size` of as many as there are. The
    `learning_rate_factor` of a group is one of the first step alone.
    """

    torch = "optim.Rprop"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "etas": "they are two arguments here, `eta_minus` and `eta_plus`",
        "step_sizes": "they are two arguments here, `min_step_size` and `max_step_size`",
    }
    example = "rprop: {learning_rate: 0.01}"

    learning_rate: Annotated[Positive, Field(description="The size of the first step of each weight.")] = 0.01
    eta_minus: Annotated[Fraction, Field(description="What a size is multiplied by where the sign changes.")] = 0.5
    eta_plus: Annotated[Number, Field(gt=1, description="What a size is multiplied by where the sign stays.")] = 1.2
    min_step_size: Annotated[Positive, Field(description="The smallest step.")] = 1e-6
    max_step_size: Annotated[Positive, Field(description="The largest step.")] = 50.0

    @model_validator(mode="after")
    def need_range(self) -> Self:
        if not self.min_step_size <= self.learning_rate <= self.max_step_size:
            message = "`learning_rate` must lie between `min_step_size` and `max_step_size`"
            raise PydanticCustomError("step_size_out_of_range", message)
        return self

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.rprop(self.learning_rate, self.eta_minus, self.eta_plus, self.min_step_size, self.max_step_size)
