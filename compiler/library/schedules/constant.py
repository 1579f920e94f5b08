"""The constant learning rate."""

from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.schedules.warmup import WarmedUp


class Constant(WarmedUp):
    """The same learning rate at every step: what a bare number means, in the notation of schedules.

    With a warm-up, it is the rate after it.
    """

    spellings = ("constant_schedule", "constant_with_warmup", "ConstantLR", "fixed")
    example = "constant: {learning_rate: 0.1, warmup_steps: 500}"

    def after_warmup(self, steps: int) -> "optax.Schedule":
        return optax.constant_schedule(self.learning_rate)
