"""Regression losses, elementwise."""

from math import inf
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.losses.elementwise import NumberLoss


class MeanSquaredError(NumberLoss):
    """`(output - target) ** 2`, value by value; shapes must be equal.

    The loss is the mean over all values. Follows Keras 3 `MeanSquaredError`.
    """

    keras = "losses.MeanSquaredError"
    torch = "nn.MSELoss"
    spellings = ("mse", "l2", "l2_loss", "squared_error")
    example = "mean_squared_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return jnp.square(values - truth)


class MeanAbsoluteError(NumberLoss):
    """`|output - target|`, value by value; shapes must be equal.

    The loss is the mean over all values. Follows Keras 3 `MeanAbsoluteError`.
    """

    keras = "losses.MeanAbsoluteError"
    torch = "nn.L1Loss"
    spellings = ("mae", "l1", "absolute_error")
    example = "mean_absolute_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return jnp.abs(values - truth)


class MeanAbsolutePercentageError(NumberLoss):
    """`100 * |output - target| / max(|target|, 1e-7)`, value by value; shapes must be equal.

    The loss is the mean over all values. A target of 0 makes it huge: choose another loss where there are any. Follows
    Keras 3 `MeanAbsolutePercentageError`.
    """

    keras = "losses.MeanAbsolutePercentageError"
    spellings = ("mape", "percentage_error")
    example = "mean_absolute_percentage_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return 100.0 * jnp.abs(values - truth) / jnp.maximum(jnp.abs(truth), EPSILON)


class SymmetricMeanAbsolutePercentageError(NumberLoss):
    """`200 * |output - target| / max(|output| + |target|, 1e-7)`, value by value, from 0 to 200; shapes must be equal.

    The loss is the mean over all values. It is 200 for each output of another sign than its target, without a gradient there. Source:
    Makridakis 1993 (https://doi.org/10.1016/0169-2070(93)90079-3) as the M4 competition has it; sktime and others give half of
    it, or a hundredth.
    """

    spellings = ("smape", "symmetric_mape", "symmetric_percentage_error")
    example = "symmetric_mean_absolute_percentage_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return 200.0 * jnp.abs(values - truth) / jnp.maximum(jnp.abs(values) + jnp.abs(truth), EPSILON)


class MeanSquaredLogarithmicError(NumberLoss):
    """`(log(1 + output) - log(1 + target)) ** 2`, value by value; shapes must be equal.

    Outputs below 1e-7 are taken for 1e-7, so that an output below 0 has no gradient: a target below 0, which no output
    could reach, is error E403. Keras takes such targets for 1e-7 too, in silence; scikit-learn refuses them from -1 on.
    The loss is the mean over all values. Follows Keras 3 `MeanSquaredLogarithmicError`.
    """

    keras = "losses.MeanSquaredLogarithmicError"
    spellings = ("msle", "squared_log_error", "mean_squared_log_error")
    example = "mean_squared_logarithmic_error"
    limits = (0.0, inf)

    def compare(self, values: Array, truth: Array) -> Array:
        output, target = jnp.maximum(values, EPSILON), jnp.maximum(truth, EPSILON)
        relative = (output - target) / (1.0 + target)
        near = jnp.abs(relative) < 0.5
        # Two forms, because a difference of logarithms has few digits where they are nearly equal.
        small = jnp.log1p(jnp.where(near, relative, 0.0))
        return jnp.square(jnp.where(near, small, jnp.log1p(output) - jnp.log1p(target)))


class Huber(NumberLoss):
    """Squared for small errors, straight for large ones: `e ** 2 / 2` up to `delta`, then `delta * (|e| - delta / 2)`.

    `e = output - target`, value by value; shapes must be equal. The loss is the mean over all values. Follows Keras 3
    `Huber`; PyTorch's `SmoothL1Loss` with `beta` is this divided by `delta`.
    """

    keras = "losses.Huber"
    torch = "nn.HuberLoss"
    primary = "delta"
    spellings = ("smooth_l1", "SmoothL1Loss")
    example = "huber: 1.0"

    delta: Annotated[Positive, Field(description="The error above which the loss is linear.")] = 1.0

    def compare(self, values: Array, truth: Array) -> Array:
        size = jnp.abs(values - truth)
        return jnp.where(size <= self.delta, 0.5 * jnp.square(size), self.delta * (size - 0.5 * self.delta))


class LogCosh(NumberLoss):
    """`log(cosh(output - target))`, value by value; shapes must be equal.

    Half the squared error where that is small, the absolute error less log 2 where it is large. The loss is the mean
    over all values. Follows Keras 3 `LogCosh`.
    """

    keras = "losses.LogCosh"
    spellings = ("log_cosh_error",)
    example = "log_cosh"

    def compare(self, values: Array, truth: Array) -> Array:
        error = values - truth
        size = jnp.abs(error)
        # Two forms, because the one that bears large errors is a difference of nearly equal numbers where they are small.
        small = 0.5 * jnp.log1p(jnp.square(jnp.sinh(jnp.clip(error, -1.0, 1.0))))
        large = size + jnp.log1p(jnp.exp(-2.0 * size)) - jnp.log(2.0).astype(size.dtype)
        return jnp.where(size < 1.0, small, large)


class Poisson(NumberLoss):
    """`output - target * log(output + 1e-7)`, value by value; shapes must be equal.

    The output is the expected count and must be above 0: end the model in `softplus` or `exponential`. It is the
    negative log-likelihood of a Poisson distribution without what depends on the target alone. The loss is the mean
    over all values. Follows Keras 3 `Poisson`.
    """

    keras = "losses.Poisson"
    torch = "nn.PoissonNLLLoss"
    related = ("poisson_nll", "PoissonNLLLoss")
    example = "poisson"
    limits = (0.0, inf)

    def compare(self, values: Array, truth: Array) -> Array:
        return values - truth * jnp.log(values + EPSILON)
