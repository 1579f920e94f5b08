"""The reader of image files."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Number, Sizes2
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need, show_shape
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt
from modelc.compiler.library.readers.casts import ABOVE, marks_above, plan_arrays
from modelc.compiler.library.readers.opened_files import FileReader, file_faults, paths_of, read_each

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
"""How the names of image files end."""
CHANNELS = (1, 3, 4)
"""How many channels an image can be read with: grey, RGB, RGB with alpha."""
NARROW = ("bool", "int8")
"""The dtypes that do not hold the numbers from 0 to 255."""
SIZES: Mapping[str, str] = {
    **dict.fromkeys(("image_size", "target_size", "shape", "output_size"), "write `size: {value}`, height and width"),
    **dict.fromkeys(("height", "width"), "write `size: [128, 128]`, height and width"),
    **dict.fromkeys(
        ("crop_to_aspect_ratio", "keep_aspect_ratio"), "write `resize: crop`, for the largest part of that form"
    ),
    "pad_to_aspect_ratio": "write `resize: pad`",
}
"""What others call the size of an image, with what to write."""
CHANGING = (
    "remove it: images change in training by layers such as `random_flip`, or together with other inputs and targets"
)


class ImageReader(FileReader):
    """A column of paths of image files, as their pixels `[height, width, channels]`, 0 to 255: uint8, or what the input takes.

    JPEG, PNG, WebP, BMP, GIF, TIFF and PPM, as the content of the file says, not its name; of several images in one file the
    first. Size and channels are those of the input where they are left out. `channels` are 1 for grey, 3 for RGB and 4 for
    RGB with alpha; with fewer than 4, what is transparent is seen on white. Images are turned as their EXIF data says, and
    values of 16 bits divided by 257. Nothing else changes them but `scale`: `rescaling: 1/255` may be the first layer instead; and
    `above: 128`, which makes 1 of each value above it and 0 of others.

    `resize: stretch` brings all of an image to the size, `crop` the largest part of that form in its middle, and `pad` all of it
    in its own form, with black around it. Pixels are those of Pillow: `bilinear` and `bicubic` are averages where images become
    smaller. A file that is damaged or no image is an error, by name.
    """

    primary = "column"
    endings = ENDINGS
    spellings = ("images", "photo", "picture", "img", "load_img", "image_file", "decode_image")
    example = "image: {column: file, size: [128, 128]}"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **SIZES,
        "color_mode": "write `channels: 1` for grey, 3 for RGB, 4 for RGB with alpha",
        **dict.fromkeys(("num_channels", "in_channels", "mode"), "write `channels: 3`"),
        **dict.fromkeys(ABOVE, "write `above: {value}`: values above it become 1, others 0"),
        **dict.fromkeys(("rescale", "normalize"), "write `scale: 1/255`, or let the layer `rescaling` do it"),
        **dict.fromkeys(
            ("standardize", "mean", "std"), "remove it: the layer `normalization`, as the first, does that"
        ),
        **dict.fromkeys(("resize_method", "resample"), "write `interpolation: bilinear`, `bicubic` or `nearest`"),
        "dtype": "remove it: the input says its dtype, `photo: {shape: [128, 128, 3], dtype: uint8}`",
        **dict.fromkeys(("augment", "augmentation", "random_flip", "rotation_range"), CHANGING),
    }

    size: Annotated[Sizes2 | None, Field(description="Height and width; by default those of the input.")] = None
    channels: Annotated[
        Literal[1, 3, 4] | None,
        Field(description="1 for grey, 3 for RGB, 4 for RGB with alpha; by default those of the input, else 3."),
    ] = None
    resize: Annotated[
        Literal["stretch", "crop", "pad"], Field(description="What becomes of an image of another form.")
    ] = "stretch"
    interpolation: Annotated[
        Literal["bilinear", "nearest", "bicubic"], Field(description="How pixels are computed in another size.")
    ] = "bilinear"
    scale: Annotated[Number, Field(description="Factor of every value, such as `1/255`.")] = 1.0
    above: Annotated[
        float | None, Field(ge=0, lt=255, description="Bound from 0 on: 1 for each value above it, 0 for others.")
    ] = None

    def way_to(self, shape: tuple[int, ...]) -> str:
        if len(shape) != 3 or shape[2] not in CHANNELS:
            return ""
        return f"the reader to `size: {show_shape(shape[:2])}, channels: {shape[2]}`"

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        self.need_paths(columns)
        taken = None if wanted is None else wanted.shape
        if self.size is None or (self.channels is None and wanted is not None):
            message, help = "the size of a target that is an image is not known", "write `size: [128, 128]`"
            need(taken is not None, message, help=help, code="E402")
            message = f"an image is [height, width, channels], and the input takes {show_shape(taken or ())}"
            help = "give the input such a shape, with 1, 3 or 4 channels: `shape: [128, 128, 3]`"
            need(
                len(taken or ()) == 3 and (self.channels or (taken or ())[2]) in CHANNELS,
                message,
                help=help,
                code="E402",
            )
        height, width = self.size or (taken or ())[:2]
        channels = self.channels or (3 if taken is None else taken[2])
        if wanted is not None:
            message = f"an image has values from 0 to 255, and the input takes {wanted.dtype}"
            help = "give the input `dtype: uint8` or float32"
            need(wanted.dtype not in NARROW or self.above is not None, message, help=help, code="E402")
            message = f"scaled values are floats, but the input takes {wanted.dtype}"
            help = "remove `scale`, or give the input `dtype: float32`"
            need(wanted.is_float or self.scale == 1, message, help=help, argument="scale", code="E402")
        message = "`above` is a bound of values from 0 to 255, without `scale`"
        help = f"write one of both: values above `{self.above}` become 1, others 0"
        need(self.above is None or self.scale == 1, message, help=help, argument="above", code="E402")
        own = "uint8" if self.scale == 1 else "float32"
        return TensorType((height, width, channels), own if wanted is None else wanted.dtype)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        from modelc.compiler.library.readers.image_files import opened, pixels_of, strict_decoding

        planned, paths = plan_arrays(self, columns, wanted), paths_of(columns[self.column])
        height, width, channels = planned.shape
        pixels = np.empty((len(paths), *planned.shape), "uint8")

        def read_one(row: int, path: str) -> None:
            with opened(self.root, path) as image:
                pixels[row] = pixels_of(image, (height, width), channels, self.resize, self.interpolation)

        with strict_decoding():
            read_each(self.column, paths, read_one)
        return self.in_type(pixels, planned.dtype)

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        from modelc.compiler.library.readers.image_files import opened, pixels_of, strict_decoding

        height, width, channels = plan_arrays(self, columns, wanted).shape

        def look_at(row: int, path: str) -> None:
            with opened(self.root, path) as image:
                pixels_of(image, (height, width), channels, self.resize, self.interpolation)

        with strict_decoding():
            return file_faults(self.column, paths_of(columns[self.column]), look_at)

    def in_type(self, pixels: NumpyArray, dtype: str) -> NumpyArray:
        """uint8 `pixels` as the model takes them: every dtype holds these integers, and a scale is in float32."""
        import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

        if self.above is not None:
            return marks_above(pixels, self.above, dtype)
        if self.scale == 1:
            return pixels.astype(dtype, copy=False)
        scaled: NumpyArray = pixels.astype("float64" if dtype == "float64" else "float32")
        scaled *= np.asarray(self.scale, scaled.dtype)
        return scaled.astype(dtype, copy=False)
