"""Adagrad, and Adadelta, which forgets."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Fraction, NonNegative, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Rate
from modelc.compiler.library.schedules import rate_function


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far (Duchi et al., 2011).

    Arguments, defaults and formula of Keras 3 `Adagrad`, which is `optax.adagrad`: `epsilon` is added inside the root. PyTorch
    begins with a sum of 0.
    """

    keras = "optimizers.Adagrad"
    torch = "optim.Adagrad"
    primary = "learning_rate"
    example = "adagrad: {learning_rate: 0.01}"

    learning_rate: Rate = 0.001
    initial_accumulator_value: Annotated[NonNegative, Field(description="What the sum begins with.")] = 0.1
    epsilon: Annotated[Positive, Field(description="Added inside the square root of the denominator.")] = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)
        return optax.adagrad(rate, self.initial_accumulator_value, self.epsilon)


class Adadelta(Optimizer):
    """Steps as large as the running mean of steps, divided by that of gradients (Zeiler, 2012).

    Arguments, defaults and formula of Keras 3 `Adadelta`, which is `optax.adadelta`. In the paper the learning rate is 1, which
    is PyTorch's default; with the 0.001 of Keras steps are very small.
    """

    keras = "optimizers.Adadelta"
    torch = "optim.Adadelta"
    primary = "learning_rate"
    example = "adadelta: {learning_rate: 1.0}"

    learning_rate: Rate = 0.001
    rho: Annotated[Fraction, Field(description="What both running means of squares keep of themselves per step.")] = (
        0.95
    )
    epsilon: Annotated[Positive, Field(description="Added inside both square roots.")] = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.adadelta(rate_function(self.learning_rate, total_steps), rho=self.rho, eps=self.epsilon)
