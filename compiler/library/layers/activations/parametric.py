"""The activations with arguments, with Keras 3's formulas and default arguments (`keras.activations`)."""

from typing import Annotated

from modelc.compiler.library.base.fields import Axis, Field, NonNegative, Number, Positive
from modelc.compiler.library.base.lazy import Array, jax, jnp, lax
from modelc.compiler.library.contracts.layer import Activation, Plan, TensorType, need_axis


class Relu(Activation):
    """Rectified linear unit, `max(x, 0)`, of any shape.

    In general `min(x, max_value)` above `threshold` and `negative_slope * (x - threshold)` below it, as Keras 3's `relu`.
    """

    keras = "activations.relu"
    torch = "nn.ReLU"
    spellings = ("rectifier",)
    foreign_value = bool, "the memory of values that nothing needs any more is used again anyway"
    example = "relu"

    negative_slope: Annotated[NonNegative, Field(description="Slope below the threshold.")] = 0.0
    max_value: Annotated[NonNegative | None, Field(description="Largest value of the output; null for no bound.")] = (
        None
    )
    threshold: Annotated[NonNegative, Field(description="Value up to which the input counts as negative.")] = 0.0

    def moves(self) -> bool:
        return self.negative_slope == 0

    def function(self, x: Array) -> Array:
        if self.threshold == 0 and self.max_value is None:
            # Not the sum below: at 0 it would have the gradient 0, where Keras and PyTorch have the slope.
            return jax.nn.leaky_relu(x, self.negative_slope) if self.negative_slope else jax.nn.relu(x)
        y = jnp.where(x > self.threshold, x, 0) if self.threshold else jax.nn.relu(x)
        if self.max_value is not None:
            y = jnp.minimum(y, self.max_value)
        return y - self.negative_slope * jax.nn.relu(self.threshold - x) if self.negative_slope else y


class LeakyRelu(Activation):
    """`x` where positive, `negative_slope * x` elsewhere, of any shape.

    The slope is that of Keras 3's function (0.2), not of its layer (0.3) or of PyTorch (0.01).
    """

    keras = "activations.leaky_relu"
    torch = "nn.LeakyReLU"
    primary = "negative_slope"
    spellings = ("lrelu",)
    example = "leaky_relu: 0.1"

    negative_slope: Annotated[NonNegative, Field(description="Slope below zero.")] = 0.2

    def function(self, x: Array) -> Array:
        return jax.nn.leaky_relu(x, self.negative_slope)


class Elu(Activation):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere, of any shape. Clevert et al. 2016."""

    keras = "activations.elu"
    torch = "nn.ELU"
    primary = "alpha"
    example = "elu"

    alpha: Annotated[Number, Field(description="Minus the value far below zero.")] = 1.0

    def function(self, x: Array) -> Array:
        return jax.nn.elu(x, self.alpha)


class Celu(Activation):
    """`max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)`, of any shape: an elu that is smooth. Barron 2017."""

    keras = "activations.celu"
    torch = "nn.CELU"
    primary = "alpha"
    example = "celu"

    alpha: Annotated[Positive, Field(description="Minus the value far below zero.")] = 1.0

    def function(self, x: Array) -> Array:
        return jax.nn.celu(x, self.alpha)


class Gelu(Activation):
    """`x * Phi(x)` with the normal distribution function Phi, of any shape. Hendrycks and Gimpel 2016.

    Exact by default as in Keras 3 and PyTorch; `approximate` is the tanh formula of GPT-2.
    """

    keras = "activations.gelu"
    torch = "nn.GELU"
    primary = "approximate"
    example = "gelu"

    approximate: Annotated[bool, Field(description="Whether the tanh formula stands for the exact one.")] = False

    def function(self, x: Array) -> Array:
        return jax.nn.gelu(x, approximate=self.approximate)


class Squareplus(Activation):
    """`(x + sqrt(x**2 + b)) / 2`, of any shape: a softplus without exponentials. Barron 2021."""

    keras = "activations.squareplus"
    primary = "b"
    example = "squareplus"

    b: Annotated[NonNegative, Field(description="Smoothness of the corner at zero.")] = 4.0

    def function(self, x: Array) -> Array:
        return jax.nn.squareplus(x, self.b)


class HardShrink(Activation):
    """`x` where its size is above `threshold`, 0 elsewhere, of any shape."""

    keras = "activations.hard_shrink"
    torch = "nn.Hardshrink"
    primary = "threshold"
    example = "hard_shrink: 0.5"

    threshold: Annotated[NonNegative, Field(description="Largest size that becomes 0.")] = 0.5

    def moves(self) -> bool:
        return True

    def function(self, x: Array) -> Array:
        return jnp.where(jnp.abs(x) > self.threshold, x, 0)


class SoftShrink(Activation):
    """`x` moved towards 0 by `threshold`, 0 where it is nearer than that, of any shape."""

    keras = "activations.soft_shrink"
    torch = "nn.Softshrink"
    primary = "threshold"
    example = "soft_shrink: 0.5"

    threshold: Annotated[NonNegative, Field(description="Distance by which values are moved towards zero.")] = 0.5

    def function(self, x: Array) -> Array:
        return jnp.where(x > self.threshold, x - self.threshold, jnp.where(x < -self.threshold, x + self.threshold, 0))


class Threshold(Activation):
    """`x` where it is above `threshold`, `default_value` elsewhere, of any shape."""

    keras = "activations.threshold"
    torch = "nn.Threshold"
    example = "threshold: {threshold: 0.5, default_value: 0}"

    threshold: Annotated[Number, Field(description="Largest value that is replaced.")]
    default_value: Annotated[Number, Field(description="The value that replaces it.")]

    def moves(self) -> bool:
        return True

    def function(self, x: Array) -> Array:
        return jnp.where(x > self.threshold, x, self.default_value)


class AlongAxis(Activation):
    """Abstract: a function of all values along `axis`."""

    primary = "axis"

    axis: int

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        return super().plan(x)


class Softmax(AlongAxis):
    """`exp(x) / sum(exp(x))` along `axis`, for any shape that has it: probabilities of exclusive classes."""

    keras = "activations.softmax"
    torch = "nn.Softmax"
    gives_probabilities = True
    example = "dense: {units: 10, activation: softmax}"

    axis: Annotated[Axis, Field(description="The axis that sums to one, counted from the end.")] = -1

    def function(self, x: Array) -> Array:
        return jax.nn.softmax(x, axis=self.axis)


class LogSoftmax(AlongAxis):
    """`x - log(sum(exp(x)))` along `axis`, for any shape that has it: logarithms of softmax."""

    keras = "activations.log_softmax"
    torch = "nn.LogSoftmax"
    gives_probabilities = True
    example = "log_softmax"

    axis: Annotated[Axis, Field(description="The axis whose exponentials sum to one, counted from the end.")] = -1

    def function(self, x: Array) -> Array:
        return jax.nn.log_softmax(x, axis=self.axis)


class Sparsemax(AlongAxis):
    """`max(x - tau, 0)` along `axis`, with the `tau` that makes it sum to one, for any shape that has it.

    The nearest point to `x` among all probabilities of exclusive classes: unlike softmax it reaches 0. Martins and
    Astudillo 2016, algorithm 1. Keras 3 `activations.sparsemax` means the same, but up to 3.15 takes the wrong `tau`
    where two values or more are above 0, and does not sum to one. No loss undoes it: `cross_entropy` wants softmax.
    """

    keras = "activations.sparsemax"
    gives_probabilities = True
    example = "sparsemax"

    axis: Annotated[Axis, Field(description="The axis that sums to one, counted from the end.")] = -1

    def function(self, x: Array) -> Array:
        wide = jnp.moveaxis(x, self.axis, -1).astype(jnp.promote_types(x.dtype, "float32"))
        # What is added to all changes nothing; far from 0 the one that all sum to would be lost beside it.
        wide = wide - lax.stop_gradient(jnp.max(wide, axis=-1, keepdims=True))
        ordered = jnp.sort(wide, axis=-1, descending=True)
        sums = jnp.cumsum(ordered, axis=-1)
        support = 1 + jnp.arange(1, x.shape[self.axis] + 1) * ordered > sums
        count = jnp.sum(support, axis=-1, keepdims=True)
        tau = (jnp.sum(jnp.where(support, ordered, 0), axis=-1, keepdims=True) - 1) / count
        return jnp.moveaxis(jnp.where(wide > tau, wide - tau, 0), -1, self.axis).astype(x.dtype)
