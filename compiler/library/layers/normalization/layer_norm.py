"""The layer that normalizes each example by its own statistics."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Axes, Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Plan
from modelc.compiler.library.layers.normalization.base import Affine, need_axes, sizes_along, standardized


class LayerNorm(Affine):
    """`y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with mean and variance over `axis` of each example.

    The shape is kept; `gamma` and `beta` have the sizes of the axes. Statistics are in float32. Ba et al. 2016; follows
    Keras 3 `layers.LayerNormalization`, whose `epsilon` is 1e-3 where PyTorch has 1e-5.
    """

    keras: ClassVar[str] = "layers.LayerNormalization"
    torch: ClassVar[str] = "nn.LayerNorm"
    spellings: ClassVar[tuple[str, ...]] = ("ln",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "layer_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="What is added to the variance.")] = 1e-3

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        return Plan.of(x, self.affine_weights(*sizes_along(self.axis, x)))

    def apply(self, call: Call, x: Array) -> Array:
        y = standardized(x.astype(jnp.promote_types(x.dtype, "float32")), self.axis, self.epsilon)
        return self.affine(call, y, self.axis).astype(x.dtype)
