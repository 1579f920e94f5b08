"""The layers that cut a sequence, an image or a volume into patches."""

from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Sizes1, Sizes2, Sizes3
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType
from modelc.compiler.library.layers.convolutional.window_fields import (
    Dilation1,
    Dilation2,
    Dilation3,
    Directions,
    PaddingField,
    need_space,
    slide,
)
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding

STRIDES = "Distance between neighbouring patches; null for `size`, so that they touch and do not overlap."


class ExtractPatches(Layer):
    """Abstract: the values of each window, in a row."""

    primary = "size"
    keeps = "values"
    dimensions: ClassVar[int]

    size: Directions
    strides: Directions | None
    padding: str
    dilation_rate: Directions

    @property
    def steps(self) -> Directions:
        return self.size if self.strides is None else self.strides

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        places = slide(x, self.size, self.steps, self.padding, dilation=self.dilation_rate, argument="size")
        values = x.shape[-1]
        for size in self.size:
            values *= size
        return Plan.of(x.with_shape(*places, values).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        sliding = Sliding.over(x.shape[1:-1], self.size, self.steps, self.padding, self.dilation_rate)
        padded = sliding.pad(x)
        cells = jnp.stack([sliding.cell(padded, index) for index in sliding.cells], axis=-2)
        return cells.reshape(*cells.shape[:-2], -1)


class ExtractPatches1D(ExtractPatches):
    """Patches of a sequence: input `[time, features]`, output `[patches, size * features]`, of any dtype.

    The values of a patch are step after step. With `padding: same` zeros complete those at the ends. Follows Keras 3
    `ops.image.extract_patches`, which takes images and volumes.
    """

    example = "extract_patches1d: {size: 16, strides: 8}"
    spellings = ("sequence_patches", "time_patches")
    dimensions = 1

    size: Annotated[Sizes1, Field(description="Number of steps in a patch.")]
    strides: Annotated[Sizes1 | None, Field(description=STRIDES)] = None
    padding: PaddingField = "valid"
    dilation_rate: Dilation1 = (1,)


class ExtractPatches2D(ExtractPatches):
    """Patches of an image: input `[height, width, channels]`, output `[rows, columns, size * size * channels]`.

    Any dtype. The values of a patch are row after row, the channels of a pixel side by side; `reshape` makes a sequence
    of patches of the output. With `padding: same` zeros complete those at the edges. Follows Keras 3
    `ops.image.extract_patches`, for any strides and dilation; `torch.nn.Unfold` gives the channels first.
    """

    keras = "ops.image.extract_patches"
    spellings = ("patches", "patchify", "image_patches", "image_to_patches")
    related = ("unfold", "im2col")
    example = "extract_patches2d: 16"
    dimensions = 2

    size: Annotated[Sizes2, Field(description="Height and width of a patch; one number for both.")]
    strides: Annotated[Sizes2 | None, Field(description=STRIDES)] = None
    padding: PaddingField = "valid"
    dilation_rate: Dilation2 = (1, 1)


class ExtractPatches3D(ExtractPatches):
    """Patches of a volume `[depth, height, width, channels]`: three axes of places and one of the values of a patch.

    Any dtype; otherwise as `extract_patches2d`. Follows Keras 3 `ops.image.extract_patches` with three sizes.
    """

    example = "extract_patches3d: [2, 8, 8]"
    spellings = ("volume_patches", "tubelets")
    dimensions = 3

    size: Annotated[Sizes3, Field(description="Depth, height and width of a patch; one number for all.")]
    strides: Annotated[Sizes3 | None, Field(description=STRIDES)] = None
    padding: PaddingField = "valid"
    dilation_rate: Dilation3 = (1, 1, 1)
