"""Stochastic gradient descent."""

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Momentum, Nesterov, Rate
from modelc.compiler.library.schedules import rate_function


class SGD(Optimizer):
    """`velocity = momentum * velocity + gradient; weight -= learning_rate * velocity`, plain when momentum is 0.

    Arguments and defaults of Keras 3 `SGD`, formula of `optax.sgd`. Keras keeps the learning rate inside the velocity:
    the two agree for a constant rate and differ slightly under a schedule. `nesterov` of a momentum of 0 changes
    nothing, which is a warning; PyTorch refuses it.
    """

    keras = "optimizers.SGD"
    torch = "optim.SGD"
    primary = "learning_rate"
    spellings = ("gradient_descent",)
    related = ("momentum",)
    example = "sgd: {learning_rate: 0.01, momentum: 0.9}"

    learning_rate: Rate = 0.01
    momentum: Momentum = 0.0
    nesterov: Nesterov = False

    def caution(self) -> PlanError | None:
        if not self.nesterov or self.momentum:
            return None
        message, help = "`nesterov` has no effect without `momentum`", "give a `momentum`, such as 0.9"
        return PlanError(message, help=help, argument="nesterov", code="W912")

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.sgd(rate_function(self.learning_rate, total_steps), self.momentum or None, self.nesterov)
