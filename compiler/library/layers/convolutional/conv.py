"""`conv1d`, `conv2d` and `conv3d`: their arguments and kernels. The shape of the output is in `base`."""

from typing import Annotated, Literal

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, PlanError, Weight, need
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.convolutional.base import Convolution, convolve
from modelc.compiler.library.layers.convolutional.window_fields import Windowed1D, Windowed2D, Windowed3D


class Conv(Convolution):
    """Abstract: each filter has a weight for each cell of the window and each channel of its group."""

    groups: Annotated[
        Size,
        Field(
            description="Number of groups into which channels and filters are split; each group is convolved separately."
        ),
    ] = 1
    kernel_initializer: Annotated[InitializerField, Field(description="Initializer of the kernel.")] = GlorotUniform()
    kernel_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the kernel.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel.")] = None

    def kernels(self, channels: int) -> dict[str, Weight]:
        if channels % self.groups:
            message = f"{channels} input channels cannot be divided into {self.groups} groups"
            help = f"`groups` must divide the channels: {divisors(channels)}"
            raise PlanError(message, help=help, argument="groups")
        message = f"{self.filters} filters cannot be divided into {self.groups} groups"
        help = f"make `filters` a multiple of {self.groups}"
        need(self.filters % self.groups == 0, message, help=help, argument="filters")
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        return {"kernel": self.weight("kernel", shape, (*(None,) * self.dimensions, "embed", "mlp"))}

    def sums(self, call: Call, x: Array) -> Array:
        return convolve(x, call.params["kernel"], self.strides, self.padding, self.dilation_rate, self.groups)


class Conv1D(Windowed1D, Conv):
    """`filters` weighted sums over a window that slides over the sequence, then `activation`.

    Input `[time, features]`, output `[time', filters]`; `kernel` is `[kernel_size, features / groups, filters]`, `bias`
    is `[filters]`. `same` pads with zeros to `ceil(time / stride)`, the odd one at the end; `causal` pads to the same
    length at the start only, so that no output depends on later steps (van den Oord et al. 2016, WaveNet). Follows
    Keras 3 `layers.Conv1D`; `torch.nn.Conv1d` has channels first and kernels `[filters, channels, width]`.
    """

    keras = "layers.Conv1D"
    torch = "nn.Conv1d"
    spellings = ("Convolution1D", "temporal_convolution")
    example = "conv1d: {filters: 32, kernel_size: 3, padding: causal, activation: relu}"

    padding: Annotated[
        Literal["valid", "same", "causal"],
        Field(
            description="`valid`: only complete windows; `same`: zero padding, so that stride 1 keeps the size; "
            "`causal`: zero padding before, so that no output depends on later steps."
        ),
    ] = "valid"


class Conv2D(Windowed2D, Conv):
    """`filters` weighted sums over a window that slides over the image, then `activation`.

    Input `[height, width, channels]`, output `[height', width', filters]`; `kernel` is
    `[*kernel_size, channels / groups, filters]`, `bias` is `[filters]`. `same` pads with zeros to
    `ceil(size / stride)`, the odd one at the bottom and right. Follows Keras 3 `layers.Conv2D` (channels last);
    `torch.nn.Conv2d` has channels first and kernels `[filters, channels, height, width]`.
    """

    keras = "layers.Conv2D"
    torch = "nn.Conv2d"
    spellings = ("Convolution2D",)
    related = ("conv", "convolution")
    example = "conv2d: {filters: 32, kernel_size: 3, padding: same, activation: relu}"


class Conv3D(Windowed3D, Conv):
    """`filters` weighted sums over a window that slides over the volume, then `activation`.

    Input `[depth, height, width, channels]`, output `[depth', height', width', filters]`; `kernel` is
    `[*kernel_size, channels / groups, filters]`, `bias` is `[filters]`. `same` pads with zeros to
    `ceil(size / stride)`, the odd one at the end. Follows Keras 3 `layers.Conv3D` (channels last); `torch.nn.Conv3d`
    has channels first and kernels `[filters, channels, depth, height, width]`.
    """

    keras = "layers.Conv3D"
    torch = "nn.Conv3d"
    spellings = ("Convolution3D",)
    example = "conv3d: {filters: 16, kernel_size: 3, padding: same, activation: relu}"


def divisors(number: int) -> str:
    """The divisors of `number` that are small enough to be meant, as a message lists them."""
    return ", ".join(str(size) for size in range(1, min(number, 512) + 1) if number % size == 0)
