"""The layer that casts values to another dtype."""

from typing import Annotated, Literal

from pydantic import Field

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Layer, Plan


class Cast(Layer):
    """The same values as another type of number; any shape and dtype.

    Floats become integers toward zero, held at the ends of the type's range, and NaN becomes 0; what is not 0 becomes
    true. Nothing before it learns through integers and booleans. Under `precision: mixed_bfloat16` floats between
    layers are bfloat16 whatever this says. Follows Keras 3 `ops.cast`; `rescaling: 1/255` casts and scales in one.
    """

    keras = "ops.cast"
    torch = "Tensor.to"
    primary = "dtype"
    spellings = ("astype", "convert")
    masking = "pass"
    keeps = "values"
    example = "cast: float32"

    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "int8", "int16", "int32", "uint8", "uint16", "uint32", "bool"],
        Field(description="The dtype of the output."),
    ]

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x.with_dtype(self.dtype))

    def apply(self, call: Call, x: Array) -> Array:
        return x.astype(self.dtype)
