"""Depthwise convolutions."""

from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, TensorType, need_floats
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ActivationField, ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.activations.functions import Linear
from modelc.compiler.library.layers.convolutional.base import convolve, finish
from modelc.compiler.library.layers.convolutional.window_fields import (
    Dilation1,
    Dilation2,
    Directions,
    PaddingField,
    Strides1,
    Strides2,
    Window1,
    Window2,
    need_space,
    slide,
)

Multiplier = Annotated[Size, Field(description="Number of output channels per input channel.")]


class DepthwiseConv(Layer):
    """Abstract: each channel has `depth_multiplier` filters of its own, and no channel sees another."""

    primary = "kernel_size"
    dimensions: ClassVar[int]

    kernel_size: Directions
    strides: Directions
    padding: PaddingField = "valid"
    depth_multiplier: Multiplier = 1
    dilation_rate: Directions
    activation: Annotated[ActivationField, Field(description="Activation of the output.")] = Linear()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    depthwise_initializer: Annotated[InitializerField, Field(description="Initializer of the kernel.")] = (
        GlorotUniform()
    )
    bias_initializer: Annotated[InitializerField, Field(description="Initializer of the bias.")] = Zeros()
    depthwise_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the kernel.")] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the bias.")] = None
    depthwise_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="Constraint on the bias.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        need_floats(x)
        channels = x.shape[-1]
        size = slide(
            x, self.kernel_size, self.strides, self.padding, dilation=self.dilation_rate, argument="kernel_size"
        )
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        params = {"kernel": self.weight("depthwise", shape, (*(None,) * self.dimensions, "embed", None))}
        if self.use_bias:
            params["bias"] = self.weight("bias", (channels * self.depth_multiplier,), ("embed",))
        output = x.with_shape(*size, channels * self.depth_multiplier).with_mask(False)
        return Plan.of(self.activation.after(output), params)

    def apply(self, call: Call, x: Array) -> Array:
        y = convolve_channels(x, call.params["kernel"], self.strides, self.padding, self.dilation_rate)
        return finish(self, call, y)

    def split(self) -> tuple[Layer, Activation] | None:
        return self.model_copy(update={"activation": Linear()}), self.activation


def convolve_channels(x: Array, kernel: Array, strides: Directions, padding: str, dilation: Directions) -> Array:
    """The sums over each window of each channel with `kernel` `[..., channels, multiplier]`.

    The output's channels are those of the first input channel, then those of the second, and so on.
    """
    *window, channels, multiplier = kernel.shape
    one_each = kernel.reshape(*window, 1, channels * multiplier)
    return convolve(x, one_each, strides, padding, dilation, groups=channels)


class DepthwiseConv1D(DepthwiseConv):
    """Convolves each channel of a sequence with `depth_multiplier` kernels of its own, then `activation`.

    Input `[time, features]`, output `[time', features * depth_multiplier]`; `kernel` is
    `[kernel_size, features, depth_multiplier]`, `bias` is `[features * depth_multiplier]`. `same` pads with zeros to
    `ceil(time / stride)`. Follows Keras 3 `layers.DepthwiseConv1D`; in PyTorch `nn.Conv1d` with `groups=features`.
    """

    keras = "layers.DepthwiseConv1D"
    example = "depthwise_conv1d: {kernel_size: 3, padding: same}"
    dimensions = 1

    kernel_size: Window1
    strides: Strides1 = (1,)
    dilation_rate: Dilation1 = (1,)


class DepthwiseConv2D(DepthwiseConv):
    """Convolves each channel of an image with `depth_multiplier` kernels of its own, then `activation`.

    Input `[height, width, channels]`, output `[height', width', channels * depth_multiplier]`; `kernel` is
    `[*kernel_size, channels, depth_multiplier]`, `bias` is `[channels * depth_multiplier]`. `same` pads with zeros to
    `ceil(size / stride)`. Follows Keras 3 `layers.DepthwiseConv2D`; in PyTorch `nn.Conv2d` with `groups=channels`.
    """

    keras = "layers.DepthwiseConv2D"
    related = ("depthwise_convolution", "depthwise")
    example = "depthwise_conv2d: {kernel_size: 3, padding: same}"
    dimensions = 2

    kernel_size: Window2
    strides: Strides2 = (1, 1)
    dilation_rate: Dilation2 = (1, 1)
