"""The layer that applies the activation in its argument, for blocks with a parameter for it."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan
from modelc.compiler.library.layers import ActivationField
from modelc.compiler.library.layers.activations.functions import Linear


class ActivationLayer(Layer):
    """Applies `function`: `activation: relu` is `relu`. Input and output have the same shape, any shape.

    Follows Keras 3 `layers.Activation`.
    """

    keras = "layers.Activation"
    primary = "function"
    spellings = ("nonlinearity",)
    masking = "pass"
    example = "activation: relu"

    function: Annotated[ActivationField, Field(description="The activation to apply.")]

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(self.function.after(x, "function"))

    def apply(self, call: Call, x: Array) -> Array:
        return self.function.function(x)

    def split(self) -> tuple[Layer, Activation] | None:
        return Linear(), self.function
