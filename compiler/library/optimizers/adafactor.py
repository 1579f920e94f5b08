"""Adafactor."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Number, Positive
from modelc.compiler.library.base.lazy import Array, jnp, optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Rate, WeightDecay
from modelc.compiler.library.optimizers.per_weight import per_weight
from modelc.compiler.library.optimizers.weight_decay import by_rate, decayed
from modelc.compiler.library.schedules import rate_function


class Adafactor(Optimizer):
    """Adam without momentum that keeps of the mean square of a matrix one mean for each row and column (Shazeer and Stern, 2018).

    Arguments and defaults of Keras 3 `Adafactor`, formula of `optax.adafactor` with all weights of two axes or more factored:
    `beta_2` is `1 - step ** beta_2_decay`; the step is bounded by `clip_threshold`, its root mean square, and is in proportion to that
    of the weight. Of weights of three axes or more the two longest are factored, in Keras the last two. Keeps
    hardly more than the weights themselves. With `relative_step` the learning rate is at most `1 / sqrt(step)`, and so is that of a
    group of weights, whose `learning_rate_factor` counts for nothing once its rate is above that. `weight_decay` is that of `adamw`,
    in optax it is not multiplied by the learning rate.
    """

    keras = "optimizers.Adafactor"
    torch = "optim.Adafactor"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("decay_rate", "beta2_decay"), "write `beta_2_decay`, which is negative"),
        **dict.fromkeys(("clipping_threshold", "d"), "write `clip_threshold: {value}`"),
        **dict.fromkeys(("eps", "epsilon"), "they are two arguments here, `epsilon_1` and `epsilon_2`"),
        **dict.fromkeys(("beta1", "beta_1", "momentum"), "remove it: there is no momentum"),
        **dict.fromkeys(
            ("multiply_by_parameter_scale", "scale_parameter"),
            "remove it: steps are in proportion to the weight always",
        ),
        "warmup_init": "a warm-up is part of the learning rate: write `learning_rate: {constant: {learning_rate: ..., "
        "warmup_steps: ...}}`",
        "min_dim_size_to_factor": "remove it: all weights of two axes or more are factored",
    }
    example = "adafactor: {learning_rate: 0.01}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_2_decay: Annotated[Number, Field(lt=0, description="How fast the running means become long ones.")] = -0.8
    epsilon_1: Annotated[Positive, Field(description="Added to squared gradients.")] = 1e-30
    epsilon_2: Annotated[Positive, Field(description="The least size that a weight counts as.")] = 1e-3
    clip_threshold: Annotated[Positive, Field(description="The greatest root mean square of a step, unscaled.")] = 1.0
    relative_step: Annotated[bool, Field(description="Whether the learning rate is at most `1 / sqrt(step)`.")] = True

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)

        def bounded(count: Any) -> Array:
            here = jnp.asarray(rate(count) if callable(rate) else rate, jnp.float32)
            return jnp.minimum(here, 1 / jnp.sqrt(count + 1.0))

        def of_one(is_decaying: bool) -> Any:
            return optax.chain(
                optax.scale_by_factored_rms(
                    decay_rate=-self.beta_2_decay, min_dim_size_to_factor=1, epsilon=self.epsilon_1
                ),
                optax.clip_by_block_rms(self.clip_threshold),
                optax.scale_by_param_block_rms(self.epsilon_2),
            )

        return optax.chain(
            per_weight(of_one),
            *decayed(self.weight_decay),
            by_rate(bounded if self.relative_step else rate),
        )
