"""The layer that convolves images."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from modelc.compiler.activation import Activation
from modelc.compiler.errors import need
from modelc.compiler.initializers import InitializerField
from modelc.compiler.initializers.constant import Zeros
from modelc.compiler.initializers.scaled import GlorotUniform
from modelc.compiler.layer import Call, Layer, Plan, Weight
from modelc.compiler.layers import ActivationField
from modelc.compiler.layers.activations import Linear
from modelc.compiler.layers.windows import Padding, need_image, slide
from modelc.compiler.numbers import Size, Sizes2
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Conv2D(Layer):
    """`filters` weighted sums over a window that slides over the image, then `activation`.

    Input `[height, width, channels]`, output `[height', width', filters]`; `kernel` is
    `[*kernel_size, channels / groups, filters]`, `bias` is `[filters]`. `same` pads with zeros to `ceil(size / stride)`,
    the odd one at the bottom and right. Follows Keras 3 `layers.Conv2D` (channels last); `torch.nn.Conv2d` has channels
    first and kernels `[filters, channels, height, width]`.
    """

    primary: ClassVar[str | None] = "filters"
    spellings: ClassVar[tuple[str, ...]] = ("Convolution2D", "conv", "convolution")
    loop_safe: ClassVar[bool] = False
    example: ClassVar[str] = "conv2d: {filters: 32, kernel_size: 3, padding: same, activation: relu}"

    filters: Annotated[Size, Field(description="Number of output channels.")]
    kernel_size: Annotated[Sizes2, Field(description="Height and width of the window; one number for both.")]
    strides: Annotated[Sizes2, Field(description="Step of the window; one number for both directions.")] = (1, 1)
    padding: Annotated[
        Padding,
        Field(description="`valid`: only whole windows; `same`: zeros around, so that stride 1 keeps the size."),
    ] = "valid"
    dilation_rate: Annotated[Sizes2, Field(description="Distance between neighbours in the window.")] = (1, 1)
    groups: Annotated[Size, Field(description="Parts into which channels and filters are split, each on its own.")] = 1
    activation: Annotated[ActivationField, Field(description="Function applied to the sums.")] = Linear()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    kernel_initializer: Annotated[InitializerField, Field(description="First values of the kernel.")] = GlorotUniform()
    bias_initializer: Annotated[InitializerField, Field(description="First values of the bias.")] = Zeros()

    def plan(self, x: TensorType) -> Plan:
        need_image(x)
        channels = x.shape[-1]
        need(
            channels % self.groups == 0,
            f"{channels} input channels cannot be split into {self.groups} groups",
            help=f"`groups` must divide the channels: {divisors(channels)}",
            argument="groups",
        )
        need(
            self.filters % self.groups == 0,
            f"{self.filters} filters cannot be split into {self.groups} groups",
            help=f"make `filters` a multiple of {self.groups}",
            argument="filters",
        )
        size = slide(
            x, self.kernel_size, self.strides, self.padding, dilation=self.dilation_rate, argument="kernel_size"
        )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        params = {"kernel": Weight(shape, self.kernel_initializer, (None, None, "embed", "mlp"))}
        if self.use_bias:
            params["bias"] = Weight((self.filters,), self.bias_initializer, ("mlp",))
        output = x.with_shape(*size, self.filters).with_mask(False)
        return Plan.of(self.activation.after(output), params)

    def apply(self, call: Call, x: "Array") -> "Array":
        from jax import lax

        y = lax.conv_general_dilated(
            x,
            call.params["kernel"].astype(x.dtype),
            window_strides=self.strides,
            padding=self.padding.upper(),
            rhs_dilation=self.dilation_rate,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=self.groups,
        )
        if self.use_bias:
            y = y + call.params["bias"].astype(x.dtype)
        return self.activation.function(y)

    def split(self) -> tuple[Layer, Activation] | None:
        return self.model_copy(update={"activation": Linear()}), self.activation


def divisors(number: int) -> str:
    """The divisors of `number` that are small enough to be meant, as a message lists them."""
    return ", ".join(str(size) for size in range(1, min(number, 512) + 1) if number % size == 0)
