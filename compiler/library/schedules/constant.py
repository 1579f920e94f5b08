"""The constant learning rate."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Schedule


class Constant(Schedule):
    """The same learning rate at every step: what a bare number means, in the notation of schedules."""

    primary = "learning_rate"
    spellings = ("constant_schedule", "ConstantLR", "fixed")
    example = "constant: 0.1"

    learning_rate: Annotated[Positive, Field(description="The learning rate.")]

    def function(self, total_steps: int) -> "optax.Schedule":
        return optax.constant_schedule(self.learning_rate)
