"""The layer that scales and shifts by fixed numbers."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.layer import Call, Layer, Plan
from modelc.compiler.numbers import Number
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Rescaling(Layer):
    """`y = x * scale + offset` as float32; any shape and dtype, so it is also the way from integers to floats.

    Follows Keras 3 `layers.Rescaling`. `scale` takes a ratio: `1/255` maps bytes to [0, 1].
    """

    primary: ClassVar[str | None] = "scale"
    spellings: ClassVar[tuple[str, ...]] = ("rescale", "scale", "cast", "to_float")
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "rescaling: 1/255"

    scale: Annotated[Number, Field(description="Factor, a number or a ratio such as `1/255`.")]
    offset: Annotated[Number, Field(description="What is added after scaling.")] = 0.0

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x.with_dtype("float32"))

    def apply(self, call: Call, x: "Array") -> "Array":
        return x.astype("float32") * self.scale + self.offset
