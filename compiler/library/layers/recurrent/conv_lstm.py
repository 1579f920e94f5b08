"""Convolutional LSTMs over sequences of sequences, images and volumes."""

from dataclasses import dataclass
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import batch_help
from modelc.compiler.library.contracts.layer import Call, TensorType, Weight, need, need_floats, show_shape
from modelc.compiler.library.layers.convolutional.base import convolve
from modelc.compiler.library.layers.convolutional.window_fields import (
    SPACES,
    Directions,
    Filters,
    PaddingField,
    Windowed,
    Windowed1D,
    Windowed2D,
    Windowed3D,
    slide,
)
from modelc.compiler.library.layers.recurrent.base import mask_of
from modelc.compiler.library.layers.recurrent.lstm import LongShortTerm


@dataclass(frozen=True, slots=True)
class ConvRecur:
    """What a state `[batch, ..., filters]` adds to the gates: its sums over windows, of its own size.

    `kernel` is `[*kernel_size, filters, 4 filters]`; `dropped` has factors on h for each gate, or is None.
    """

    kernel: Array
    dropped: list[Array] | None = None

    def __call__(self, h: Array) -> Array:
        ones = (1,) * (h.ndim - 2)
        return convolve_gates(h, self.kernel, self.dropped, ones, "same", ones)


class ConvLSTM(LongShortTerm, Windowed, Filters):
    """Abstract: an LSTM whose state has parts `[..., filters]` and whose products are convolutions."""

    sized = "filters"

    filters: Annotated[Size, Field(description="Number of channels of the output and of the state.")]

    def state_type(self, x: TensorType) -> TensorType:
        noun, _, axes = SPACES[self.dimensions].partition(" [")
        if self.dimensions == 1:
            axes = "width, channels]"
        got = f"expected a sequence of {noun.split()[1]}s [time, {axes}, got {show_shape(x.shape)}"
        if x.rank == self.dimensions + 1:
            advice = f"without a channel axis, add it: `reshape: {show_shape((*x.shape, 1))}`"
        else:
            advice = f"`reshape` to {self.dimensions + 2} axes{batch_help(x, self.dimensions + 2)}"
        need(x.rank == self.dimensions + 2, got, help=advice)
        need_floats(x)
        size = slide(
            x.with_shape(*x.shape[1:]),
            self.kernel_size,
            self.strides,
            self.padding,
            dilation=self.dilation_rate,
            argument="kernel_size",
        )
        return TensorType((*size, self.filters), x.dtype)

    def kernels(self, x: TensorType) -> dict[str, Weight]:
        axes = (*(None,) * self.dimensions, "embed", "mlp")
        columns = self.gates * self.filters
        return {
            "kernel": self.weight("kernel", (*self.kernel_size, x.shape[-1], columns), axes),
            "recurrent_kernel": self.weight("recurrent", (*self.kernel_size, self.filters, columns), axes),
        }

    def project(self, call: Call, x: Array) -> tuple[Array, None]:
        batch, time, *frame = x.shape
        kept = self.dropped(call, "dropout", self.dropout, x[:, 0])
        if kept is not None:
            kept = [one[:, None].repeat(time, 1).reshape(batch * time, *frame) for one in kept]
        y = convolve_gates(
            x.reshape(batch * time, *frame), call.params["kernel"], kept, self.strides, self.padding, self.dilation_rate
        )
        return y.reshape(batch, time, *y.shape[1:]), None

    def recur(self, call: Call, x: Array, state: Array, bias: Array | None) -> ConvRecur:
        dropped = self.dropped(call, "recurrent_dropout", self.recurrent_dropout, state)
        return ConvRecur(call.params["recurrent_kernel"].astype(x.dtype), dropped)

    def dropped(self, call: Call, purpose: str, rate: float, like: Array) -> list[Array] | None:
        """Dropout factors on what is `like` for each gate, as in Keras; None where nothing is dropped."""
        if not call.train or rate == 0:
            return None
        # Rows first: what is drawn for a row must not depend on how many others there are.
        factors = mask_of(call, purpose, rate, (like.shape[0], self.gates, *like.shape[1:]), like)
        return [factors[:, gate] for gate in range(self.gates)]


class ConvLSTM1D(Windowed1D, ConvLSTM):
    """Runs over a sequence of rows of values, carrying rows h and c: an LSTM whose products are convolutions.

    `i, f, g, o = split(conv(x, kernel) + conv(h, recurrent_kernel) + bias)`, then as in `lstm`. The convolution of x
    has the given strides, padding and dilation, that of h stride 1 and `same` padding. Shi et al. 2015, without
    peepholes.

    Input `[time, width, channels]`, and as `initial_state` optionally h and c, each `[width', filters]` (else zeros).
    Output `[width', filters]`, the last h, or with `return_sequences` `[time, width', filters]`; ports `state_h` and
    `state_c` are the last h and c. `kernel` is `[kernel_size, channels, 4 filters]`, `recurrent_kernel`
    `[kernel_size, filters, 4 filters]`, `bias` `[4 filters]`.

    A masked step keeps the state and repeats the last output. `go_backwards` gives outputs and mask in the order of
    running. Each gate has dropout masks of its own, which serve all steps. Follows Keras 3 `layers.ConvLSTM1D`; torch
    has no such layer.
    """

    keras = "layers.ConvLSTM1D"
    example = "conv_lstm1d: {filters: 16, kernel_size: 3, padding: same}"

    padding: PaddingField = "valid"


class ConvLSTM2D(Windowed2D, ConvLSTM):
    """Runs over a sequence of images, carrying images h and c: an LSTM whose products are convolutions.

    `i, f, g, o = split(conv(x, kernel) + conv(h, recurrent_kernel) + bias)`, then as in `lstm`. The convolution of x
    has the given strides, padding and dilation, that of h stride 1 and `same` padding. Shi et al. 2015, without
    peepholes.

    Input `[time, height, width, channels]`, and as `initial_state` optionally h and c, each `[height', width',
    filters]` (else zeros). Output `[height', width', filters]`, the last h, or with `return_sequences` `[time, height',
    width', filters]`; ports `state_h` and `state_c` are the last h and c. `kernel` is `[*kernel_size, channels, 4
    filters]`, `recurrent_kernel` `[*kernel_size, filters, 4 filters]`, `bias` `[4 filters]`.

    A masked step keeps the state and repeats the last output, where Keras 3 fails for more than one row.
    `go_backwards` gives outputs and mask in the order of running. Each gate has dropout masks of its own, which serve
    all steps. Follows Keras 3 `layers.ConvLSTM2D`; torch has no such layer.
    """

    keras = "layers.ConvLSTM2D"
    spellings = ("conv_lstm", "conv_lstm_cell")
    example = "conv_lstm2d: {filters: 16, kernel_size: 3, padding: same}"


class ConvLSTM3D(Windowed3D, ConvLSTM):
    """Runs over a sequence of volumes, carrying volumes h and c: an LSTM whose products are convolutions.

    `i, f, g, o = split(conv(x, kernel) + conv(h, recurrent_kernel) + bias)`, then as in `lstm`. The convolution of x
    has the given strides, padding and dilation, that of h stride 1 and `same` padding. Shi et al. 2015, without
    peepholes.

    Input `[time, depth, height, width, channels]`, and as `initial_state` optionally h and c, each `[depth', height',
    width', filters]` (else zeros). Output of the shape of h, the last h, or with `return_sequences` `[time, depth',
    height', width', filters]`; ports `state_h` and `state_c` are the last h and c. `kernel` is `[*kernel_size,
    channels, 4 filters]`, `recurrent_kernel` `[*kernel_size, filters, 4 filters]`, `bias` `[4 filters]`.

    A masked step keeps the state and repeats the last output. `go_backwards` gives outputs and mask in the order of
    running. Each gate has dropout masks of its own, which serve all steps. Follows Keras 3 `layers.ConvLSTM3D`; torch
    has no such layer.
    """

    keras = "layers.ConvLSTM3D"
    example = "conv_lstm3d: {filters: 8, kernel_size: 3, padding: same}"


def convolve_gates(
    x: Array, kernel: Array, kept: list[Array] | None, strides: Directions, padding: str, dilation: Directions
) -> Array:
    """The sums over windows of `x` for all gates, each of `x` times its own factors in `kept` where there are such."""
    if kept is None:
        return convolve(x, kernel, strides, padding, dilation)
    parts = zip(kept, jnp.split(kernel, len(kept), axis=-1), strict=True)
    return jnp.concatenate([convolve(x * one, part, strides, padding, dilation) for one, part in parts], axis=-1)
