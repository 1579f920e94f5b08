"""The discrete Fourier transform, of complex and of real values."""

from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base.fields import Axes, Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_distinct_axes, need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, Slot, TensorType, need, show_shape

OutputMode = Literal["complex", "real", "imag", "magnitude"]
MODES = "Both parts along a new last axis, the real one first; only one of them; or the magnitude."


class Fourier(Layer):
    """Abstract: a transform along `axis`, one after the other where there are several. Computed in float32."""

    primary = "axis"
    masking = "use"
    halves: ClassVar[bool]
    """Whether the last axis keeps only those frequencies that the others do not follow from."""

    axis: Annotated[Axes, Field(description="The axis to transform, counted from the end, or a list of axes.")] = (-1,)
    output_mode: Annotated[OutputMode, Field(description=MODES)] = "complex"

    def plan(self, x: TensorType, imag: TensorType | None = None) -> Plan:
        need_floats(x, slot="x")
        need_distinct_axes(self.axis, x)
        if imag is not None:
            need_floats(imag, slot="imag")
            message = f"`imag` is {show_shape(imag.shape)}, and `x` is {show_shape(x.shape)}"
            need(imag.shape == x.shape, message, help="give both parts the same shape", slot="imag")
        shape = list(x.shape)
        if self.halves:
            shape[self.axis[-1]] = shape[self.axis[-1]] // 2 + 1
        if self.output_mode == "complex":
            shape.append(2)
        masked = x.mask or (imag is not None and imag.mask)
        kept = masked and -x.rank not in self.axis and len(shape) > 1
        return Plan.of(x.with_shape(*shape).with_mask(kept), drops_mask=masked and not kept)

    def apply(self, call: Call, x: Array, imag: Array | None = None) -> Array | Result:
        dtype = jnp.promote_types(x.dtype, "float32")
        wide = x.astype(dtype)
        z = self.transform(wide if imag is None else wide + 1j * imag.astype(dtype))
        y = self.output(z).astype(x.dtype)
        masks = [mask for slot in ("x", "imag") if (mask := call.masks.get(slot)) is not None]
        if not masks or 1 - x.ndim in self.axis or y.ndim < 3:
            return y
        return Result.of(y, masks={"output": masks[0] & masks[-1]})

    def transform(self, x: Array) -> Array:
        """The complex transform of real or complex `x`."""
        raise NotImplementedError

    def output(self, z: Array) -> Array:
        """What is given of the transform `z`."""
        if self.output_mode == "magnitude":
            square = z.real**2 + z.imag**2
            # The gradient of a root has no end at 0, where that of the magnitude is taken as 0.
            return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)
        if self.output_mode == "complex":
            return jnp.stack([z.real, z.imag], axis=-1)
        return z.real if self.output_mode == "real" else z.imag


class FFT(Fourier):
    """The discrete Fourier transform `z[k] = sum_n x[n] * exp(-2 * pi * i * n * k / size)` along `axis`.

    Input `x` of any shape, and optionally `imag` of the same, the imaginary part; the output has the axes of `x`, and with
    `output_mode: complex` a last one of 2. `{axis: [-2, -1], output_mode: real}` mixes steps and features as FNet does.
    Masks are passed on, and a step counts that both count; along time they are dropped with a warning, since what is padding
    has a part in every frequency. Follows Keras 3 `ops.fft`, which takes and gives pairs along the last axis.
    """

    keras = "ops.fft"
    torch = "fft"
    slots = (Slot("x"), Slot("imag", required=False))
    spellings = ("fft2", "fourier", "fourier_transform", "dft")
    example = "fft: {axis: [-2, -1], output_mode: real}"
    halves = False

    def transform(self, x: Array) -> Array:
        return jnp.fft.fftn(x, axes=self.axis)


class RFFT(Fourier):
    """The discrete Fourier transform of real values along `axis`, without the frequencies that mirror others.

    Input of any shape; of `n` values along the last of the axes `n // 2 + 1` frequencies are left, from 0 on. With
    `output_mode: complex` the output has a last axis of 2 more: real and imaginary part. `{axis: -2, output_mode: magnitude}`
    makes the spectra of `[time, channels]`. A mask is passed on; along time it is dropped with a warning, since what is
    padding has a part in every frequency. Follows Keras 3 `ops.rfft`, which gives a pair along the last axis.
    """

    keras = "ops.rfft"
    torch = "rfft"
    spellings = ("spectrum", "rfft2", "real_fft")
    example = "rfft: {axis: -2, output_mode: magnitude}"
    halves = True

    def transform(self, x: Array) -> Array:
        return jnp.fft.rfftn(x, axes=self.axis)
