"""The base of convolutions: their arguments, the shape of the output (`plan`), the sum over a window, then bias
and activation. The arithmetic of shapes is in `window_fields`.
"""

from typing import Annotated, Protocol

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, TensorType, Weight, need_floats
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.layers import ActivationField, ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.activations.functions import Linear
from modelc.compiler.library.layers.convolutional import cpu_convolution
from modelc.compiler.library.layers.convolutional.cpu_convolution import plain
from modelc.compiler.library.layers.convolutional.window_fields import Directions, Filters, Windowed, need_space, slide
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding, fast_forms


class Convolution(Windowed, Filters):
    """Abstract: `filters` weighted sums over windows, plus `bias`, then `activation`.

    A subclass says which sums: `kernels` are their weights, `sums` computes them.
    """

    activation: Annotated[ActivationField, Field(description="Activation of the output.")] = Linear()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    bias_initializer: Annotated[InitializerField, Field(description="Initializer of the bias.")] = Zeros()
    bias_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the bias.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="Constraint on the bias.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        need_floats(x)
        params = self.kernels(x.shape[-1])
        if self.use_bias:
            params["bias"] = self.weight("bias", (self.filters,), ("mlp",))
        output = x.with_shape(*self.size(x), self.filters).with_mask(False)
        return Plan.of(self.activation.after(output), params)

    def apply(self, call: Call, x: Array) -> Array:
        return finish(self, call, self.sums(call, x))

    def split(self) -> tuple[Layer, Activation] | None:
        return self.model_copy(update={"activation": Linear()}), self.activation

    def kernels(self, channels: int) -> dict[str, Weight]:
        """The weights of the sums, for an input of so many channels. Raises PlanError where these do not fit."""
        raise NotImplementedError

    def size(self, x: TensorType) -> Directions:
        """The sizes of the output but for its channels. Raises PlanError where there is no output."""
        return slide(
            x, self.kernel_size, self.strides, self.padding, dilation=self.dilation_rate, argument="kernel_size"
        )

    def sums(self, call: Call, x: Array) -> Array:
        """The output before bias and activation."""
        raise NotImplementedError


class Finished(Protocol):
    """A layer that ends in a bias and an activation."""

    @property
    def use_bias(self) -> bool: ...
    @property
    def activation(self) -> Activation: ...


def finish(layer: Finished, call: Call, y: Array) -> Array:
    """`y` with the bias and the activation of `layer`."""
    if layer.use_bias:
        y = y + call.params["bias"].astype(y.dtype)
    return layer.activation.function(y)


def convolve(
    x: Array, kernel: Array, strides: Directions, padding: str, dilation: Directions, groups: int = 1
) -> Array:
    """The sum over each window of `x` `[batch, ..., channels]` with `kernel` `[..., channels / groups, filters]`.

    `causal` puts all zeros before the first step, so that no output depends on later steps.
    """
    window = kernel.shape[:-2]
    sliding = Sliding.over(x.shape[1:-1], window, strides, padding, dilation)
    form = cpu_convolution.convolve if fast_forms() else plain
    return form(x, kernel.astype(x.dtype), sliding, groups)
