"""The activations: one small class each, with Keras 3's formulas and default arguments (`keras.activations`)."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Axis, NonNegative, Number, Positive
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis
from modelc.compiler.library.contracts.layer import Activation, Plan


class Linear(Activation):
    """The identity, `x`, of any shape: for where an activation is expected and none is wanted."""

    keras: ClassVar[str] = "activations.linear"
    torch: ClassVar[str] = "nn.Identity"
    spellings: ClassVar[tuple[str, ...]] = ("none",)
    example: ClassVar[str] = "dense: {units: 1, activation: linear}"

    def function(self, x: Array) -> Array:
        return x


class Relu(Activation):
    """Rectified linear unit, `max(x, 0)`, of any shape.

    In general `min(x, max_value)` above `threshold` and `negative_slope * (x - threshold)` below it, as Keras 3's `relu`.
    """

    keras: ClassVar[str] = "activations.relu"
    torch: ClassVar[str] = "nn.ReLU"
    spellings: ClassVar[tuple[str, ...]] = ("rectifier",)
    example: ClassVar[str] = "relu"

    negative_slope: Annotated[NonNegative, Field(description="Slope below the threshold.")] = 0.0
    max_value: Annotated[NonNegative | None, Field(description="Largest value of the output; null for no bound.")] = (
        None
    )
    threshold: Annotated[NonNegative, Field(description="Value up to which the input counts as negative.")] = 0.0

    def function(self, x: Array) -> Array:
        if self.threshold == 0 and self.max_value is None:
            # Not the sum below: at 0 it would have the gradient 0, where Keras and PyTorch have the slope.
            return jax.nn.leaky_relu(x, self.negative_slope) if self.negative_slope else jax.nn.relu(x)
        y = jnp.where(x > self.threshold, x, 0) if self.threshold else jax.nn.relu(x)
        if self.max_value is not None:
            y = jnp.minimum(y, self.max_value)
        return y - self.negative_slope * jax.nn.relu(self.threshold - x) if self.negative_slope else y


class Relu6(Activation):
    """`min(max(x, 0), 6)`, of any shape. Krizhevsky 2010."""

    keras: ClassVar[str] = "activations.relu6"
    torch: ClassVar[str] = "nn.ReLU6"
    example: ClassVar[str] = "relu6"

    def function(self, x: Array) -> Array:
        return jax.nn.relu6(x)


class LeakyRelu(Activation):
    """`x` where positive, `negative_slope * x` elsewhere, of any shape.

    The slope is that of Keras 3's function (0.2), not of its layer (0.3) or of PyTorch (0.01).
    """

    keras: ClassVar[str] = "activations.leaky_relu"
    torch: ClassVar[str] = "nn.LeakyReLU"
    primary: ClassVar[str | None] = "negative_slope"
    spellings: ClassVar[tuple[str, ...]] = ("lrelu",)
    example: ClassVar[str] = "leaky_relu: 0.1"

    negative_slope: Annotated[NonNegative, Field(description="Slope below zero.")] = 0.2

    def function(self, x: Array) -> Array:
        return jax.nn.leaky_relu(x, self.negative_slope)


class Elu(Activation):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere, of any shape. Clevert et al. 2016."""

    keras: ClassVar[str] = "activations.elu"
    torch: ClassVar[str] = "nn.ELU"
    primary: ClassVar[str | None] = "alpha"
    example: ClassVar[str] = "elu"

    alpha: Annotated[Number, Field(description="Minus the value far below zero.")] = 1.0

    def function(self, x: Array) -> Array:
        return jax.nn.elu(x, self.alpha)


class Selu(Activation):
    """`1.0507 * elu(x)` with `alpha` 1.6733, of any shape; keeps mean 0 and variance 1. Klambauer et al. 2017."""

    keras: ClassVar[str] = "activations.selu"
    torch: ClassVar[str] = "nn.SELU"
    example: ClassVar[str] = "dense: {units: 64, activation: selu, kernel_initializer: lecun_normal}"

    def function(self, x: Array) -> Array:
        return jax.nn.selu(x)


class Gelu(Activation):
    """`x * Phi(x)` with the normal distribution function Phi, of any shape. Hendrycks and Gimpel 2016.

    Exact by default as in Keras 3 and PyTorch; `approximate` is the tanh formula of GPT-2.
    """

    keras: ClassVar[str] = "activations.gelu"
    torch: ClassVar[str] = "nn.GELU"
    primary: ClassVar[str | None] = "approximate"
    example: ClassVar[str] = "gelu"

    approximate: Annotated[bool, Field(description="Whether the tanh formula stands for the exact one.")] = False

    def function(self, x: Array) -> Array:
        return jax.nn.gelu(x, approximate=self.approximate)


class Silu(Activation):
    """`x * sigmoid(x)`, of any shape; also called swish. Elfwing et al. 2017."""

    keras: ClassVar[str] = "activations.silu"
    torch: ClassVar[str] = "nn.SiLU"
    spellings: ClassVar[tuple[str, ...]] = ("swish",)
    example: ClassVar[str] = "silu"

    def function(self, x: Array) -> Array:
        return jax.nn.silu(x)


class Sigmoid(Activation):
    """`1 / (1 + exp(-x))`, of any shape: a probability of yes for each value."""

    keras: ClassVar[str] = "activations.sigmoid"
    torch: ClassVar[str] = "nn.Sigmoid"
    spellings: ClassVar[tuple[str, ...]] = ("logistic",)
    example: ClassVar[str] = "dense: {units: 1, activation: sigmoid}"

    def function(self, x: Array) -> Array:
        return jax.nn.sigmoid(x)


class HardSigmoid(Activation):
    """`relu6(x + 3) / 6`, of any shape, as Keras 3 and PyTorch; Keras 2 had another slope."""

    keras: ClassVar[str] = "activations.hard_sigmoid"
    torch: ClassVar[str] = "nn.Hardsigmoid"
    example: ClassVar[str] = "hard_sigmoid"

    def function(self, x: Array) -> Array:
        return jax.nn.hard_sigmoid(x)


class Tanh(Activation):
    """Hyperbolic tangent, of any shape."""

    keras: ClassVar[str] = "activations.tanh"
    torch: ClassVar[str] = "nn.Tanh"
    example: ClassVar[str] = "tanh"

    def function(self, x: Array) -> Array:
        return jnp.tanh(x)


class Softplus(Activation):
    """`log(1 + exp(x))`, of any shape: a smooth relu, always positive."""

    keras: ClassVar[str] = "activations.softplus"
    torch: ClassVar[str] = "nn.Softplus"
    example: ClassVar[str] = "softplus"

    def function(self, x: Array) -> Array:
        return jax.nn.softplus(x)


class Softsign(Activation):
    """`x / (1 + |x|)`, of any shape."""

    keras: ClassVar[str] = "activations.softsign"
    torch: ClassVar[str] = "nn.Softsign"
    example: ClassVar[str] = "softsign"

    def function(self, x: Array) -> Array:
        return jax.nn.soft_sign(x)


class Exponential(Activation):
    """`exp(x)`, of any shape."""

    keras: ClassVar[str] = "activations.exponential"
    spellings: ClassVar[tuple[str, ...]] = ("exp",)
    example: ClassVar[str] = "exponential"

    def function(self, x: Array) -> Array:
        return jnp.exp(x)


class Softmax(Activation):
    """`exp(x) / sum(exp(x))` along `axis`, for any shape that has it: probabilities of exclusive classes."""

    keras: ClassVar[str] = "activations.softmax"
    torch: ClassVar[str] = "nn.Softmax"
    primary: ClassVar[str | None] = "axis"
    example: ClassVar[str] = "dense: {units: 10, activation: softmax}"

    axis: Annotated[Axis, Field(description="The axis that sums to one, counted from the end.")] = -1

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        return super().plan(x)

    def function(self, x: Array) -> Array:
        return jax.nn.softmax(x, axis=self.axis)


class LogSoftmax(Activation):
    """`x - log(sum(exp(x)))` along `axis`, for any shape that has it: logarithms of softmax."""

    keras: ClassVar[str] = "activations.log_softmax"
    torch: ClassVar[str] = "nn.LogSoftmax"
    primary: ClassVar[str | None] = "axis"
    example: ClassVar[str] = "log_softmax"

    axis: Annotated[Axis, Field(description="The axis whose exponentials sum to one, counted from the end.")] = -1

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        return super().plan(x)

    def function(self, x: Array) -> Array:
        return jax.nn.log_softmax(x, axis=self.axis)


class Celu(Activation):
    """`max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)`, of any shape: an elu that is smooth. Barron 2017."""

    keras: ClassVar[str] = "activations.celu"
    torch: ClassVar[str] = "nn.CELU"
    primary: ClassVar[str | None] = "alpha"
    example: ClassVar[str] = "celu"

    alpha: Annotated[Positive, Field(description="Minus the value far below zero.")] = 1.0

    def function(self, x: Array) -> Array:
        return jax.nn.celu(x, self.alpha)


class Mish(Activation):
    """`x * tanh(softplus(x))`, of any shape. Misra 2019."""

    keras: ClassVar[str] = "activations.mish"
    torch: ClassVar[str] = "nn.Mish"
    example: ClassVar[str] = "mish"

    def function(self, x: Array) -> Array:
        return jax.nn.mish(x)


class LogSigmoid(Activation):
    """`log(1 / (1 + exp(-x)))`, of any shape: logarithms of sigmoid."""

    keras: ClassVar[str] = "activations.log_sigmoid"
    torch: ClassVar[str] = "nn.LogSigmoid"
    example: ClassVar[str] = "log_sigmoid"

    def function(self, x: Array) -> Array:
        return jax.nn.log_sigmoid(x)


class Squareplus(Activation):
    """`(x + sqrt(x**2 + b)) / 2`, of any shape: a softplus without exponentials. Barron 2021."""

    keras: ClassVar[str] = "activations.squareplus"
    primary: ClassVar[str | None] = "b"
    example: ClassVar[str] = "squareplus"

    b: Annotated[NonNegative, Field(description="How smooth the corner at zero is.")] = 4.0

    def function(self, x: Array) -> Array:
        return jax.nn.squareplus(x, self.b)


class TanhShrink(Activation):
    """`x - tanh(x)`, of any shape."""

    keras: ClassVar[str] = "activations.tanh_shrink"
    torch: ClassVar[str] = "nn.Tanhshrink"
    example: ClassVar[str] = "tanh_shrink"

    def function(self, x: Array) -> Array:
        return x - jnp.tanh(x)
