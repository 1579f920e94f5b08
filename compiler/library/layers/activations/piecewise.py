"""The activations that are put together from straight or square pieces, with Keras 3's formulas and default arguments."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Axis, NonNegative, Number
from modelc.compiler.library.base.lazy import Array, jax, jnp, lax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis
from modelc.compiler.library.contracts.layer import Activation, Plan


class HardSilu(Activation):
    """`x * relu6(x + 3) / 6`, of any shape; also called hard swish. Howard et al. 2019."""

    keras: ClassVar[str] = "activations.hard_silu"
    torch: ClassVar[str] = "nn.Hardswish"
    example: ClassVar[str] = "hard_silu"

    def function(self, x: Array) -> Array:
        return jax.nn.hard_silu(x)


class HardTanh(Activation):
    """`x` between -1 and 1, the nearer of them elsewhere, of any shape."""

    keras: ClassVar[str] = "activations.hard_tanh"
    torch: ClassVar[str] = "nn.Hardtanh"
    example: ClassVar[str] = "hard_tanh"

    def function(self, x: Array) -> Array:
        return jax.nn.hard_tanh(x)


class HardShrink(Activation):
    """`x` where its size is above `threshold`, 0 elsewhere, of any shape."""

    keras: ClassVar[str] = "activations.hard_shrink"
    torch: ClassVar[str] = "nn.Hardshrink"
    primary: ClassVar[str | None] = "threshold"
    example: ClassVar[str] = "hard_shrink: 0.5"

    threshold: Annotated[NonNegative, Field(description="Largest size that becomes 0.")] = 0.5

    def function(self, x: Array) -> Array:
        return jnp.where(jnp.abs(x) > self.threshold, x, 0)


class SoftShrink(Activation):
    """`x` moved towards 0 by `threshold`, 0 where it is nearer than that, of any shape."""

    keras: ClassVar[str] = "activations.soft_shrink"
    torch: ClassVar[str] = "nn.Softshrink"
    primary: ClassVar[str | None] = "threshold"
    example: ClassVar[str] = "soft_shrink: 0.5"

    threshold: Annotated[NonNegative, Field(description="How far values are moved.")] = 0.5

    def function(self, x: Array) -> Array:
        return jnp.where(x > self.threshold, x - self.threshold, jnp.where(x < -self.threshold, x + self.threshold, 0))


class Threshold(Activation):
    """`x` where it is above `threshold`, `default_value` elsewhere, of any shape."""

    keras: ClassVar[str] = "activations.threshold"
    torch: ClassVar[str] = "nn.Threshold"
    example: ClassVar[str] = "threshold: {threshold: 0.5, default_value: 0}"

    threshold: Annotated[Number, Field(description="Largest value that is replaced.")]
    default_value: Annotated[Number, Field(description="What it is replaced by.")]

    def function(self, x: Array) -> Array:
        return jnp.where(x > self.threshold, x, self.default_value)


class SparsePlus(Activation):
    """0 up to -1, `(x + 1)**2 / 4` up to 1, `x` above, of any shape: a softplus that reaches 0."""

    keras: ClassVar[str] = "activations.sparse_plus"
    example: ClassVar[str] = "sparse_plus"

    def function(self, x: Array) -> Array:
        return jax.nn.sparse_plus(x)


class SparseSigmoid(Activation):
    """0 up to -1, `(x + 1) / 2` up to 1, 1 above, of any shape: the slope of `sparse_plus`."""

    keras: ClassVar[str] = "activations.sparse_sigmoid"
    example: ClassVar[str] = "sparse_sigmoid"

    def function(self, x: Array) -> Array:
        return jax.nn.sparse_sigmoid(x)


class Sparsemax(Activation):
    """`max(x - tau, 0)` along `axis`, with the `tau` that makes it sum to one, for any shape that has it.

    The nearest point to `x` among all probabilities of exclusive classes: unlike softmax it reaches 0. Martins and
    Astudillo 2016, algorithm 1. Keras 3 `activations.sparsemax` means the same, but up to 3.15 takes the wrong `tau`
    where two values or more are above 0, and does not sum to one. No loss undoes it: `cross_entropy` wants softmax.
    """

    keras: ClassVar[str] = "activations.sparsemax"
    primary: ClassVar[str | None] = "axis"
    example: ClassVar[str] = "sparsemax"

    axis: Annotated[Axis, Field(description="The axis that sums to one, counted from the end.")] = -1

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        return super().plan(x)

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
