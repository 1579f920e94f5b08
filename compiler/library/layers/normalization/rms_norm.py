"""The layer that scales each example to a root mean square of one."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Axes, Positive
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Weight
from modelc.compiler.library.initializers.constant import Ones
from modelc.compiler.library.layers.normalization.base import along, need_axes, sizes_along


class RMSNorm(Layer):
    """`y = x / sqrt(mean(x**2) + epsilon) * scale`, with the mean over `axis` of each example.

    The shape is kept; `scale` has the sizes of the axes and starts at 1. Statistics are in float32. Zhang and Sennrich
    2019; follows Keras 3 `layers.RMSNormalization`; `torch.nn.RMSNorm` has the machine's epsilon.
    """

    keras: ClassVar[str] = "layers.RMSNormalization"
    torch: ClassVar[str] = "nn.RMSNorm"
    spellings: ClassVar[tuple[str, ...]] = ("root_mean_square_norm",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "rms_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="What is added to the mean of squares.")] = 1e-6

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        shape, names = sizes_along(self.axis, x)
        return Plan.of(x, {"scale": Weight(shape, Ones(), names)})

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axis=self.axis, keepdims=True) + self.epsilon)
        return (y * along(self.axis, call.params["scale"], y)).astype(x.dtype)
