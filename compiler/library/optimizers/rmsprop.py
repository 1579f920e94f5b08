"""RMSprop."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Fraction, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Momentum, Rate
from modelc.compiler.library.schedules import rate_function


class RMSProp(Optimizer):
    """Steps divided by the root of a running mean of squared gradients (Tieleman and Hinton, 2012).

    Arguments, defaults and formula of Keras 3 `RMSprop`, which is `optax.rmsprop` with `epsilon` inside the root;
    `centered` divides by an estimate of the standard deviation instead.
    """

    keras = "optimizers.RMSprop"
    torch = "optim.RMSprop"
    primary = "learning_rate"
    example = "rmsprop: {learning_rate: 0.001, rho: 0.9}"

    learning_rate: Rate = 0.001
    rho: Annotated[
        Fraction,
        Field(description="What the running mean of squared gradients keeps of itself per step."),
    ] = 0.9
    momentum: Momentum = 0.0
    epsilon: Annotated[Positive, Field(description="Added inside the square root of the denominator.")] = 1e-7
    centered: Annotated[bool, Field(description="Whether to subtract the mean gradient first.")] = False

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.rmsprop(
            rate_function(self.learning_rate, total_steps),
            decay=self.rho,
            eps=self.epsilon,
            centered=self.centered,
            momentum=self.momentum or None,
        )
