"""Adam."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Fraction, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.schedules import LearningRate, rate_function


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma and Ba, 2015, algorithm 1).

    Arguments and defaults of Keras 3 `Adam`, formula of `optax.adam`: `epsilon` is added to the root of the *corrected*
    second moment, as in the paper. Keras adds it before the correction, which matters only for tiny gradients.
    """

    keras: ClassVar[str] = "optimizers.Adam"
    torch: ClassVar[str] = "optim.Adam"
    primary: ClassVar[str | None] = "learning_rate"
    example: ClassVar[str] = "adam: {learning_rate: 0.001}"

    learning_rate: Annotated[LearningRate, Field(description="Size of a step, or a schedule of it.")] = 0.001
    beta_1: Annotated[Fraction, Field(description="Decay of the running mean of gradients.")] = 0.9
    beta_2: Annotated[Fraction, Field(description="Decay of the running mean of squared gradients.")] = 0.999
    epsilon: Annotated[Positive, Field(description="Added to the denominator.")] = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)
        return optax.adam(rate, b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)
