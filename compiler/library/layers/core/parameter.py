"""The layer that outputs a trainable array, whatever its input."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.fields import Shape
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.constraints import ConstraintField
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.regularizers import RegularizerField


class Parameter(Layer):
    """The learned array `value`, the same for every example: to be joined with what depends on the data.

    Output and `value` are `shape`, in float32. The input, of any shape and dtype, only says how many examples there
    are: `queries: {from: image, parameter: [16, 64]}`. What it holds and its mask change nothing.

    Keras 3 and torch have no such layer, but `Layer.add_weight`, whose first values these are, and
    `torch.nn.Parameter`.
    """

    torch = "nn.Parameter"
    primary = "shape"
    spellings = ("learned", "variable", "weight")
    masking = "use"
    example = "parameter: {shape: [16, 64], value_initializer: zeros}"

    shape: Annotated[Shape, Field(description="Shape of the array, without the batch axis.")]
    value_initializer: Annotated[InitializerField, Field(description="Initializer of the array.")] = GlorotUniform()
    value_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the array.")] = None
    value_constraint: Annotated[ConstraintField, Field(description="Constraint on the array.")] = None

    def plan(self, x: TensorType) -> Plan:
        axes = tuple("embed" if axis == len(self.shape) - 1 else None for axis in range(len(self.shape)))
        return Plan.of(TensorType(self.shape), {"value": self.weight("value", self.shape, axes)})

    def apply(self, call: Call, x: Array) -> Result:
        return Result.of(jnp.broadcast_to(call.params["value"], (x.shape[0], *self.shape)))
