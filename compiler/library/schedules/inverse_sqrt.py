"""Decay of the learning rate with the root of the step."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Size
from modelc.compiler.library.base.lazy import Array, jnp, optax
from modelc.compiler.library.schedules.warmup import WarmedUp


class InverseSqrt(WarmedUp):
    """From `warmup_from` straight up to `learning_rate`, then down with the inverse of the root of the step.

    With `t` steps since the warm-up: `learning_rate * sqrt(timescale / (t + timescale))`. With the `timescale` that is the
    default, `t + timescale` is the step itself: the schedule of Vaswani et al., 2017, whose highest rate is
    `(d_model * warmup_steps) ** -0.5`. It is that of `get_inverse_sqrt_schedule` in the library transformers.
    """

    spellings = ("noam", "rsqrt", "inverse_square_root")
    foreign_arguments: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("d_model", "factor", "model_size", "scale"),
        "the highest rate is written itself: write `learning_rate` with `factor * (d_model * warmup_steps) ** -0.5`",
    )
    example = "inverse_sqrt: {learning_rate: 0.001, warmup_steps: 4000}"

    timescale: Annotated[
        Size | None,
        Field(description="Steps that count as done where the decay begins; by default `warmup_steps`, or 10,000."),
    ] = None

    def after_warmup(self, steps: int) -> "optax.Schedule":
        timescale = self.timescale or self.warmup_steps or 10_000

        def at(step: Any) -> Array:
            return self.learning_rate * jnp.sqrt(timescale / (jnp.maximum(step, 0) + timescale))

        return at
