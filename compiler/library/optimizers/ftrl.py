"""Follow the regularized leader."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from modelc.compiler.library.base.fields import Field, NonNegative, Number
from modelc.compiler.library.base.lazy import Array, jax, jnp, optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Rate
from modelc.compiler.library.schedules import rate_function

Strength = Annotated[NonNegative, Field()]


class FtrlState(NamedTuple):
    """Sums of squared gradients, and what the weights are computed of."""

    step: Array
    accumulator: Any
    linear: Any


class Ftrl(Optimizer):
    """Follow the regularized leader: weights are computed anew from all gradients, many of them 0 (McMahan et al., 2013).

    Arguments, defaults and formula of Keras 3 `Ftrl`; optax has none. For linear models of many columns that are mostly 0, of which
    `l1_regularization_strength` keeps few. A weight begins to count once its first gradient has come: before that it is what
    the optimizer makes of none, so that what weights were at first is soon forgotten.
    """

    keras = "optimizers.Ftrl"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("l1", "lambda1"), "write `l1_regularization_strength: {value}`"),
        **dict.fromkeys(("l2", "lambda2"), "write `l2_regularization_strength: {value}`"),
    }
    example = "ftrl: {learning_rate: 0.1, l1_regularization_strength: 0.001}"

    learning_rate: Rate = 0.001
    learning_rate_power: Annotated[
        Number,
        Field(le=0, description="How the learning rate falls with the sum of squared gradients; 0 for not at all."),
    ] = -0.5
    initial_accumulator_value: Annotated[NonNegative, Field(description="What the sum of squares begins with.")] = 0.1
    l1_regularization_strength: Annotated[Strength, Field(description="Penalty on the sizes of weights.")] = 0.0
    l2_regularization_strength: Annotated[Strength, Field(description="Penalty on the squares of weights.")] = 0.0
    l2_shrinkage_regularization_strength: Annotated[
        Strength, Field(description="Penalty on the squares of weights, as a part of the gradient.")
    ] = 0.0
    beta: Annotated[NonNegative, Field(description="Beta of the paper, added to the root of the sum of squares.")] = 0.0

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)

        def init(params: Any) -> FtrlState:
            first = jax.tree.map(lambda weight: jnp.full_like(weight, self.initial_accumulator_value), params)
            return FtrlState(jnp.zeros([], jnp.int32), first, jax.tree.map(jnp.zeros_like, params))

        def update(updates: Any, state: Any, params: Any = None) -> Any:
            here = rate(state.step) if callable(rate) else rate
            sums = jax.tree.map(lambda total, gradient: total + gradient**2, state.accumulator, updates)
            linear = jax.tree.map(
                lambda *arrays: self.linear(here, *arrays), state.linear, updates, state.accumulator, sums, params
            )
            changes = jax.tree.map(lambda *arrays: self.solved(here, *arrays) - arrays[2], linear, sums, params)
            return changes, FtrlState(state.step + 1, sums, linear)

        return optax.GradientTransformation(init, update)

    def linear(self, rate: Any, linear: Array, gradient: Array, before: Array, after: Array, weight: Array) -> Array:
        """The linear part after a step, in which the sum of squares goes from `before` to `after`."""
        power = -self.learning_rate_power
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * weight
        found: Array = linear + shrunk - (after**power - before**power) / rate * weight
        return found

    def solved(self, rate: Any, linear: Array, sums: Array, weight: Array) -> Array:
        """The weight that is best for the linear part and the penalties."""
        strength = self.l1_regularization_strength
        l2 = self.l2_regularization_strength + self.beta / (2 * rate)
        quadratic = sums**-self.learning_rate_power / rate + 2 * l2
        found: Array = (jnp.clip(linear, -strength, strength) - linear) / quadratic
        return found
