"""Separable convolutions: depthwise, then pointwise."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, Weight
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.convolutional.base import Convolution
from modelc.compiler.library.layers.convolutional.depthwise_conv import convolve_channels
from modelc.compiler.library.layers.convolutional.window_fields import PaddingField, Windowed1D, Windowed2D


class SeparableConv(Convolution):
    """Abstract: a convolution of each channel on its own, then one of window size 1 over all channels."""

    depth_multiplier: Annotated[Size, Field(description="Number of depthwise output channels per input channel.")] = 1
    depthwise_initializer: Annotated[InitializerField, Field(description="Initializer of the depthwise kernel.")] = (
        GlorotUniform()
    )
    depthwise_regularizer: Annotated[
        RegularizerField, Field(description="Regularizer of the kernel over the window.")
    ] = None
    depthwise_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel over the window.")] = (
        None
    )
    pointwise_initializer: Annotated[
        InitializerField, Field(description="Initializer of the kernel over the channels.")
    ] = GlorotUniform()
    pointwise_regularizer: Annotated[
        RegularizerField, Field(description="Regularizer of the kernel over the channels.")
    ] = None
    pointwise_constraint: Annotated[
        ConstraintField, Field(description="Constraint on the kernel over the channels.")
    ] = None

    def kernels(self, channels: int) -> dict[str, Weight]:
        window = (None,) * self.dimensions
        wide, mixed = (*self.kernel_size, channels, self.depth_multiplier), channels * self.depth_multiplier
        return {
            "depthwise_kernel": self.weight("depthwise", wide, (*window, "embed", None)),
            "pointwise_kernel": self.weight(
                "pointwise", (*(1,) * self.dimensions, mixed, self.filters), (*window, "embed", "mlp")
            ),
        }

    def sums(self, call: Call, x: Array) -> Array:
        y = convolve_channels(x, call.params["depthwise_kernel"], self.strides, self.padding, self.dilation_rate)
        mixing = call.params["pointwise_kernel"].reshape(y.shape[-1], self.filters)
        return y @ mixing.astype(x.dtype)


class SeparableConv1D(Windowed1D, SeparableConv):
    """`depthwise_conv1d`, then a dense map of the channels at each step: few weights for a wide window. Chollet 2017.

    Input `[time, features]`, output `[time', filters]`; `depthwise_kernel` is
    `[kernel_size, features, depth_multiplier]`, `pointwise_kernel` is `[1, features * depth_multiplier, filters]`,
    `bias` is `[filters]`; between the two there is neither bias nor activation. Follows Keras 3
    `layers.SeparableConv1D`; in PyTorch two `nn.Conv1d`.
    """

    keras = "layers.SeparableConv1D"
    spellings = ("SeparableConvolution1D",)
    example = "separable_conv1d: {filters: 32, kernel_size: 3, padding: same, activation: relu}"

    padding: PaddingField = "valid"


class SeparableConv2D(Windowed2D, SeparableConv):
    """`depthwise_conv2d`, then a dense map of the channels at each place: few weights for a wide window. Chollet 2017.

    Input `[height, width, channels]`, output `[height', width', filters]`; `depthwise_kernel` is
    `[*kernel_size, channels, depth_multiplier]`, `pointwise_kernel` is `[1, 1, channels * depth_multiplier, filters]`,
    `bias` is `[filters]`; between the two there is neither bias nor activation. Follows Keras 3
    `layers.SeparableConv2D`; in PyTorch two `nn.Conv2d`.
    """

    keras = "layers.SeparableConv2D"
    spellings = ("SeparableConvolution2D",)
    example = "separable_conv2d: {filters: 32, kernel_size: 3, padding: same, activation: relu}"
