"""Transposed convolutions: from the output size of a convolution to its input size."""

from typing import Annotated

from modelc.compiler.library.base.fields import Counts1, Counts2, Counts3, Field
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, TensorType, Weight, need
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.convolutional import cpu_convolution
from modelc.compiler.library.layers.convolutional.base import Convolution
from modelc.compiler.library.layers.convolutional.window_fields import (
    Directions,
    PaddingField,
    Windowed1D,
    Windowed2D,
    Windowed3D,
    reach_of,
    show_sizes,
)
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding, fast_forms

EXTRA = "Added to the smallest size of the output, less than `strides`; null for Keras's default size."


class ConvTranspose(Convolution):
    """Abstract: the gradient of a convolution by its input, as a layer. Zeiler et al. 2010.

    Along each direction, with reach `r = (kernel_size - 1) * dilation_rate + 1`, the size of the output is
    `(size - 1) * strides + max(r, strides)` under `valid` and `size * strides` under `same`; with `output_padding` it
    is `(size - 1) * strides + r + output_padding` and `(size - 1) * strides + r % 2 + output_padding`.
    """

    output_padding: Directions | None = None
    kernel_initializer: Annotated[InitializerField, Field(description="Initializer of the kernel.")] = GlorotUniform()
    kernel_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the kernel.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel.")] = None

    def kernels(self, channels: int) -> dict[str, Weight]:
        shape = (*self.kernel_size, self.filters, channels)
        return {"kernel": self.weight("kernel", shape, (*(None,) * self.dimensions, "mlp", "embed"))}

    def size(self, x: TensorType) -> Directions:
        if self.output_padding is not None:
            extra, steps = show_sizes(self.output_padding), show_sizes(self.strides)
            need(
                all(extra < step for extra, step in zip(self.output_padding, self.strides, strict=True)),
                f"`output_padding` {extra} is not less than `strides` {steps}",
                help="make it smaller in each direction, or omit it",
                argument="output_padding",
            )
        reach = reach_of(self.kernel_size, self.dilation_rate)
        size = tuple(
            (whole - 1) * step + before + after - ours + 2
            for whole, step, ours, (before, after) in zip(x.shape, self.strides, reach, self.margins(), strict=False)
        )
        help = "make `output_padding` larger, or omit it for `size * strides`"
        need(min(size) >= 1, f"the output would have the size {show_sizes(size)}", help=help, argument="output_padding")
        return size

    def margins(self) -> list[tuple[int, int]]:
        """Zeros before and after the spread input, along each direction: Keras 3's rule for its JAX backend."""
        reach = reach_of(self.kernel_size, self.dilation_rate)
        extras = self.output_padding or (None,) * self.dimensions
        return [
            margin(ours, step, self.padding, extra)
            for ours, step, extra in zip(reach, self.strides, extras, strict=True)
        ]

    def sums(self, call: Call, x: Array) -> Array:
        reach = reach_of(self.kernel_size, self.dilation_rate)
        around = [
            (ours - 1 - before, ours - 1 - after) for ours, (before, after) in zip(reach, self.margins(), strict=True)
        ]
        size = tuple(
            (whole - 1) * step + ours - before - after
            for whole, step, ours, (before, after) in zip(x.shape[1:-1], self.strides, reach, around, strict=True)
        )
        sliding = Sliding(size, self.kernel_size, self.strides, self.dilation_rate, tuple(around))
        form = cpu_convolution.transpose if fast_forms() else cpu_convolution.by_input
        return form(x, call.params["kernel"].astype(x.dtype), sliding)


def margin(reach: int, step: int, padding: str, extra: int | None) -> tuple[int, int]:
    """Zeros before and after the spread input along one direction."""
    if padding == "valid":
        return reach - 1, reach - 1 + (max(step - reach, 0) if extra is None else extra)
    total = step + reach - 2 if extra is None else reach + reach % 2 - 2 + extra
    before = min(total - total // 2, reach - 1)
    return before, total - before


class Conv1DTranspose(Windowed1D, ConvTranspose):
    """The gradient of `conv1d` by its input, as a layer: makes sequences longer by `strides`.

    Input `[time, features]`, output `[time', filters]`; `kernel` is `[kernel_size, filters, features]`, `bias`
    `[filters]`. With reach `r = (kernel_size - 1) * dilation_rate + 1`, `time'` is
    `(time - 1) * strides + max(r, strides)` under `valid`, `time * strides` under `same`; with `output_padding` p,
    `(time - 1) * strides + r + p` and `(time - 1) * strides + r % 2 + p`. Zeiler et al. 2010; follows Keras 3
    `layers.Conv1DTranspose`; `torch.nn.ConvTranspose1d` cuts padding off both ends alike.
    """

    keras = "layers.Conv1DTranspose"
    torch = "nn.ConvTranspose1d"
    spellings = ("Convolution1DTranspose", "deconv1d")
    example = "conv1d_transpose: {filters: 16, kernel_size: 4, strides: 2, padding: same}"

    padding: PaddingField = "valid"
    output_padding: Annotated[Counts1 | None, Field(description=EXTRA)] = None


class Conv2DTranspose(Windowed2D, ConvTranspose):
    """The gradient of `conv2d` by its input, as a layer: makes images larger by `strides`.

    Input `[height, width, channels]`, output `[height', width', filters]`; `kernel` is
    `[*kernel_size, filters, channels]`, `bias` is `[filters]`. With reach `r = (kernel_size - 1) * dilation_rate + 1`,
    each size becomes `(size - 1) * strides + max(r, strides)` under `valid`, `size * strides` under `same`; with
    `output_padding` p, `(size - 1) * strides + r + p` and `(size - 1) * strides + r % 2 + p`. Zeiler et al. 2010;
    follows Keras 3 `layers.Conv2DTranspose`; `torch.nn.ConvTranspose2d` cuts padding off both sides alike.
    """

    keras = "layers.Conv2DTranspose"
    torch = "nn.ConvTranspose2d"
    spellings = ("Convolution2DTranspose", "deconv2d")
    related = ("deconvolution",)
    example = "conv2d_transpose: {filters: 16, kernel_size: 4, strides: 2, padding: same}"

    output_padding: Annotated[Counts2 | None, Field(description=EXTRA)] = None


class Conv3DTranspose(Windowed3D, ConvTranspose):
    """The gradient of `conv3d` by its input, as a layer: makes volumes larger by `strides`.

    Input `[depth, height, width, channels]`, output `[depth', height', width', filters]`; `kernel` is
    `[*kernel_size, filters, channels]`, `bias` is `[filters]`. With reach `r = (kernel_size - 1) * dilation_rate + 1`,
    each size becomes `(size - 1) * strides + max(r, strides)` under `valid`, `size * strides` under `same`; with
    `output_padding` p, `(size - 1) * strides + r + p` and `(size - 1) * strides + r % 2 + p`. Zeiler et al. 2010;
    follows Keras 3 `layers.Conv3DTranspose`; `torch.nn.ConvTranspose3d` cuts padding off both sides alike.
    """

    keras = "layers.Conv3DTranspose"
    torch = "nn.ConvTranspose3d"
    spellings = ("Convolution3DTranspose", "deconv3d")
    example = "conv3d_transpose: {filters: 8, kernel_size: 2, strides: 2}"

    output_padding: Annotated[Counts3 | None, Field(description=EXTRA)] = None
