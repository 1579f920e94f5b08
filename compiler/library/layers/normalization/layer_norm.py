"""The layers that normalize each example separately: by mean and variance, or by the root mean square."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.fields import Axes, Positive
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Weight
from modelc.compiler.library.initializers.constant import Ones
from modelc.compiler.library.layers.normalization.base import Affine, along, need_axes, sizes_along, standardized


class LayerNorm(Affine):
    """`y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with mean and variance over `axis` of each example.

    The shape is kept; `gamma` and `beta` have the sizes of the axes. Statistics are in float32. Ba et al. 2016; follows
    Keras 3 `layers.LayerNormalization`, whose `epsilon` is 1e-3 where PyTorch has 1e-5.
    """

    keras = "layers.LayerNormalization"
    torch = "nn.LayerNorm"
    spellings = ("ln",)
    masking = "pass"
    example = "layer_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="Added to the variance, for numerical stability.")] = 1e-3

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        return Plan.of(x, self.affine_weights(*sizes_along(self.axis, x)))

    def apply(self, call: Call, x: Array) -> Array:
        y = standardized(x.astype(jnp.promote_types(x.dtype, "float32")), self.axis, self.epsilon)
        return self.affine(call, y, self.axis).astype(x.dtype)


class RMSNorm(Layer):
    """`y = x / sqrt(mean(x**2) + epsilon) * scale`, with the mean over `axis` of each example.

    The shape is kept; `scale` has the sizes of the axes and starts at 1. Statistics are in float32. Zhang and Sennrich
    2019; follows Keras 3 `layers.RMSNormalization`; `torch.nn.RMSNorm` has the machine's epsilon.
    """

    keras = "layers.RMSNormalization"
    torch = "nn.RMSNorm"
    spellings = ("root_mean_square_norm",)
    masking = "pass"
    example = "rms_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="Added to the mean of squares, for numerical stability.")] = 1e-6

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        shape, names = sizes_along(self.axis, x)
        return Plan.of(x, {"scale": Weight(shape, Ones(), names)})

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axis=self.axis, keepdims=True) + self.epsilon)
        return (y * along(self.axis, call.params["scale"], y)).astype(x.dtype)
