"""Elementwise layers: arithmetic, casts and stopped gradients; functions used as nonlinearities are activations."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need, need_floats


class Elementwise(Layer):
    """Abstract: a function of each value, of any shape; floats only."""

    masking = "pass"

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)


class Abs(Elementwise):
    """`|x|`, of any shape; the gradient at 0 is 0. Follows Keras 3 `ops.abs`."""

    keras = "ops.abs"
    torch = "abs"
    spellings = ("absolute",)
    example = "abs"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.abs(x)


class Clip(Elementwise):
    """`min(max(x, min_value), max_value)`, of any shape; the gradient is 0 beyond the bounds.

    A bound that is null does not count. Follows Keras 3 `ops.clip`, whose arguments are `x_min` and `x_max`.
    """

    keras = "ops.clip"
    torch = "clamp"
    spellings = ("clip_by_value",)
    keeps = "values"
    example = "clip: {min_value: 0, max_value: 1}"

    min_value: Annotated[Number | None, Field(description="Smallest value of the output; null for no bound.")] = None
    max_value: Annotated[Number | None, Field(description="Largest value of the output; null for no bound.")] = None

    def plan(self, x: TensorType) -> Plan:
        low, high = self.min_value, self.max_value
        help = "write for example `clip: {min_value: 0, max_value: 1}`"
        need(low is not None or high is not None, "expected `min_value` or `max_value`, got neither", help=help)
        if low is not None and high is not None:
            message = f"`min_value` {low:g} is larger than `max_value` {high:g}"
            need(low <= high, message, help="swap them", argument="min_value")
        return super().plan(x)

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.clip(x, self.min_value, self.max_value)


class Cos(Elementwise):
    """Cosine of `x` in radians, of any shape. Follows Keras 3 `ops.cos`."""

    keras = "ops.cos"
    torch = "cos"
    spellings = ("cosine",)
    example = "cos"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.cos(x)


class Log(Elementwise):
    """Natural logarithm of `x`, of any shape: minus infinity at 0 and NaN below, which stop a training.

    A `clip` before it keeps it finite. Follows Keras 3 `ops.log`.
    """

    keras = "ops.log"
    torch = "log"
    spellings = ("logarithm", "natural_log")
    example = "log"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.log(x)


class Power(Elementwise):
    """`x ** exponent`, of any shape: `power: 2` squares, `power: -1` is `1 / x`, `power: -0.5` is `1 / sqrt(x)`.

    NaN for negative values and an exponent that is not whole. Follows Keras 3 `ops.power`.
    """

    keras = "ops.power"
    torch = "pow"
    primary = "exponent"
    values_of_words: ClassVar[Mapping[str, Any]] = {"square": 2, "reciprocal": -1, "rsqrt": -0.5}
    example = "power: 2"

    exponent: Annotated[Number, Field(description="The exponent, a number or a ratio such as `1/3`.")]

    def apply(self, call: Call, x: Array) -> Array:
        # Whole exponents by multiplication: exact, and with a gradient at 0 and below.
        return x ** (int(self.exponent) if self.exponent.is_integer() else self.exponent)


class Sin(Elementwise):
    """Sine of `x` in radians, of any shape. Follows Keras 3 `ops.sin`."""

    keras = "ops.sin"
    torch = "sin"
    spellings = ("sine",)
    example = "sin"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.sin(x)


class Sqrt(Elementwise):
    """Square root of `x`, of any shape: NaN below 0, with an infinite gradient at 0, which stop a training.

    Follows Keras 3 `ops.sqrt`.
    """

    keras = "ops.sqrt"
    torch = "sqrt"
    spellings = ("square_root",)
    example = "sqrt"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.sqrt(x)


class Cast(Layer):
    """The same values as another type of number; any shape and dtype.

    Floats become integers toward zero, held at the ends of the type's range, and NaN becomes 0; what is not 0 becomes
    true. Nothing before it learns through integers and booleans. Under `precision: mixed_bfloat16` layers that compute
    take bfloat16 whatever this says. Follows Keras 3 `ops.cast`; `rescaling: 1/255` casts and scales in one.
    """

    keras = "ops.cast"
    torch = "Tensor.to"
    primary = "dtype"
    spellings = ("astype", "convert")
    masking = "pass"
    keeps = "numbers"
    exact = True
    example = "cast: float32"

    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "int8", "int16", "int32", "uint8", "uint16", "uint32", "bool"],
        Field(description="The dtype of the output."),
    ]

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x.with_dtype(self.dtype))

    def apply(self, call: Call, x: Array) -> Array:
        return x.astype(self.dtype)


class StopGradient(Layer):
    """The identity, with a gradient of 0: what comes before learns nothing from what follows. Any shape and dtype.

    This does not freeze the layers before it: weight decay, penalties, constraints and moving statistics go on.
    Follows Keras 3 `ops.stop_gradient`; in PyTorch `detach`.
    """

    keras = "ops.stop_gradient"
    torch = "Tensor.detach"
    spellings = ("no_grad",)
    masking = "pass"
    keeps = "values"
    example = "stop_gradient"

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        y: Array = jax.lax.stop_gradient(x)
        return y
