"""Stochastic gradient descent, and the same with decoupled weight decay."""

from collections.abc import Mapping
from typing import Any, ClassVar

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Momentum, Nesterov, Rate, WeightDecay
from modelc.compiler.library.optimizers.weight_decay import descent
from modelc.compiler.library.schedules import rate_function


class WithMomentum(Optimizer):
    """Abstract: the gradient, or a velocity of gradients."""

    primary = "learning_rate"

    learning_rate: Rate = 0.01
    momentum: Momentum = 0.0
    nesterov: Nesterov = False

    def caution(self) -> PlanError | None:
        if not self.nesterov or self.momentum:
            return None
        message, help = "`nesterov` has no effect without `momentum`", "give a `momentum`, such as 0.9"
        return PlanError(message, help=help, argument="nesterov", code="W912")


class SGD(WithMomentum):
    """`velocity = momentum * velocity + gradient; weight -= learning_rate * velocity`, plain when momentum is 0.

    Arguments and defaults of Keras 3 `SGD`, formula of `optax.sgd`. Keras keeps the learning rate inside the velocity:
    the two agree for a constant rate and differ slightly under a schedule. `nesterov` of a momentum of 0 changes
    nothing, which is a warning; PyTorch refuses it.
    """

    keras = "optimizers.SGD"
    torch = "optim.SGD"
    spellings = ("gradient_descent",)
    values_of_words: ClassVar[Mapping[str, Any]] = {"momentum": {"momentum": 0.9}}
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "dampening": "remove it: it is 0 here, the whole gradient goes into the velocity",
        "weight_decay": "`sgdw` is this with the decay of Keras's `SGD`: write `sgdw` for `sgd`; what PyTorch adds to the gradient, which "
        "counts in the momentum too, is the penalty of half of it in each layer, `kernel_regularizer: {l2: ...}` with half of {value}",
    }
    example = "sgd: {learning_rate: 0.01, momentum: 0.9}"

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.sgd(rate_function(self.learning_rate, total_steps), self.momentum or None, self.nesterov)


class SGDW(WithMomentum):
    """`sgd`, and each weight shrinks by `learning_rate * weight_decay` of itself per step (Loshchilov and Hutter, 2019).

    That is Keras 3 `SGD` with its `weight_decay`, which decays biases and scales too; they do not decay here. The decay is no part of the
    velocity, as it is in PyTorch's `SGD`: there a momentum of 0.9 makes ten times as much of it.
    """

    spellings = ("sgdw_momentum",)
    example = "sgdw: {learning_rate: 0.01, momentum: 0.9, weight_decay: 0.005}"

    weight_decay: WeightDecay = 0.004

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        velocity = optax.trace(self.momentum, self.nesterov) if self.momentum else optax.identity()
        return descent(velocity, self.weight_decay, rate_function(self.learning_rate, total_steps))
