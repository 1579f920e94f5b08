"""The layer that scales each vector to length one."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.fields import Axes
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan
from modelc.compiler.library.layers.normalization.base import need_axes

SHORTEST = 1e-12
"""Vectors shorter than this are divided by it, not by their length."""


class UnitNorm(Layer):
    """`y = x / sqrt(sum(x**2))`, with the sum over `axis` of each example: vectors of length 1.

    The shape is kept; no weights. Vectors shorter than 1e-12 are divided by that; their gradient is as of a number.
    Follows Keras 3 `layers.UnitNormalization`.
    """

    keras = "layers.UnitNormalization"
    primary = "axis"
    spellings = ("l2_normalize", "l2_norm")
    masking = "pass"
    example = "unit_norm"

    axis: Annotated[Axes, Field(description="The axis or axes of a vector, counted from the end.")] = (-1,)

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        return scale_to_one(wide, self.axis).astype(x.dtype)


def scale_to_one(x: Array, axes: tuple[int, ...], shortest: float = SHORTEST) -> Array:
    """`x` over its length along `axes`, or over `shortest` where it is shorter. Keras 3 `ops.normalize`."""
    square = jnp.sum(jnp.square(x), axis=axes, keepdims=True)
    long = square > shortest**2
    # The root is not taken of what is not used: at 0 it would make the gradient NaN.
    return x * jnp.where(long, lax.rsqrt(jnp.where(long, square, 1)), 1 / shortest)
