"""The fully connected layer."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, TensorType, need, need_floats
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ActivationField, ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.activations.functions import Linear


class Dense(Layer):
    """Affine map of the last axis: `y = activation(x @ kernel + bias)`.

    Input `[..., features]`, output `[..., units]`; `kernel` is `[features, units]`, `bias` is `[units]`.
    Follows Keras 3 `layers.Dense`; `torch.nn.Linear` keeps the transposed kernel.
    """

    keras = "layers.Dense"
    torch = "nn.Linear"
    primary = "units"
    spellings = ("fc", "fully_connected")
    masking = "pass"
    example = "dense: {units: 10, activation: relu}"

    units: Annotated[Size, Field(description="Size of the last axis of the output.")]
    activation: Annotated[ActivationField, Field(description="Activation of the output.")] = Linear()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    kernel_initializer: Annotated[InitializerField, Field(description="Initializer of the kernel.")] = GlorotUniform()
    bias_initializer: Annotated[InitializerField, Field(description="Initializer of the bias.")] = Zeros()
    kernel_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the kernel.")] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the bias.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="Constraint on the bias.")] = None

    def plan(self, x: TensorType) -> Plan:
        advice = (
            "ids need `embedding` before it" if x.is_integer else "for a vector of one value add `flatten` before it"
        )
        need(x.rank >= 1, "expected at least one axis, got a single number", help=advice)
        need_floats(x)
        params = {"kernel": self.weight("kernel", (x.shape[-1], self.units), ("embed", "mlp"))}
        if self.use_bias:
            params["bias"] = self.weight("bias", (self.units,), ("mlp",))
        return Plan.of(self.activation.after(x.with_shape(*x.shape[:-1], self.units)), params)

    def apply(self, call: Call, x: Array) -> Array:
        y = x @ call.params["kernel"].astype(x.dtype)
        if self.use_bias:
            y = y + call.params["bias"].astype(x.dtype)
        return self.activation.function(y)

    def split(self) -> tuple[Layer, Activation] | None:
        return self.model_copy(update={"activation": Linear()}), self.activation
