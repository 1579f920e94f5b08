"""Decodes image files with Pillow, and brings them to a size: what their content is decides, not how they are called.

Every file either gives its pixels or a RunError that names it: an image that is cut off is no image that is half grey.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Literal

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.syntax.file_root import Root

if TYPE_CHECKING:
    from PIL.Image import Image, Resampling

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""The formats that are read, as Pillow calls them; some others of its would start programs."""
LARGEST = 89_478_485
"""The most pixels of an image that is read, which is where Pillow begins to warn."""
FAULTS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, AttributeError, RuntimeError,
    AssertionError, MemoryError, struct.error, zlib.error, Warning,
)  # fmt: skip
"""What Pillow raises about files that are damaged."""
WIDE = 65_535
"""The largest value of a pixel of 16 bits, which becomes 255."""
ORIENTATION, QUARTER_TURNS = 0x0112, (5, 6, 7, 8)
"""The entry of EXIF data that says how an image is to be turned, and its values for a quarter turn."""
Fitting = Literal["stretch", "crop", "pad"]
Interpolation = Literal["bilinear", "nearest", "bicubic"]


class UnfitImage(Exception):
    """An image that is whole, and cannot be read as it was asked for: `reason` goes on from the name of the file."""

    def __init__(self, reason: str, help: str) -> None:
        super().__init__(reason)
        self.reason, self.help = reason, help


def need_pillow() -> None:
    """Raise RunError E405 unless Pillow is installed."""
    try:
        import PIL.Image  # noqa: F401  # only whether it is there
    except ImportError:
        help = "`pip install 'modelc[images]'`"
        raise RunError("E405", "image files are read with Pillow, which is not installed", helps=(help,)) from None


class Strictness:
    """The filters of warnings while images are decoded: of the whole process, so that the first thread sets them for all, and the last
    removes them.
    """

    def __init__(self) -> None:
        self.lock, self.threads, self.set = Lock(), 0, ExitStack()

    def enter(self) -> None:
        from PIL.Image import DecompressionBombWarning

        with self.lock:
            self.threads += 1
            if self.threads == 1:
                self.set.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("error", module="PIL")
                warnings.simplefilter("ignore", DecompressionBombWarning)

    def leave(self) -> None:
        with self.lock:
            self.threads -= 1
            if self.threads == 0:
                self.set.close()


STRICTNESS = Strictness()


@contextmanager
def strict_decoding() -> Iterator[None]:
    """Let what Pillow warns of be an error, but for large images, which `opened` refuses. For one thread, or several."""
    need_pillow()
    STRICTNESS.enter()
    try:
        yield
    finally:
        STRICTNESS.leave()


@contextmanager
def opened(root: Root, path: str, *, decode: bool = True) -> Iterator["Image"]:
    """The image at `path`, its first one if it has several, decoded, or without `decode` its header alone. What goes wrong with its pixels in the block is reported
    too.

    Raises RunError E405 for a file that is not there, that no image is in, that is damaged, or has more than `LARGEST` pixels.
    """
    from PIL import Image, UnidentifiedImageError

    with root.open(path) as file:
        try:
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > LARGEST:
                    message = (
                        f"{path!r} has {image.width:,} x {image.height:,} pixels, and at most {LARGEST:,} are read"
                    )
                    raise RunError("E405", message, helps=("make it smaller, or remove it",))
                if decode:
                    image.load()
                yield image
        except Image.DecompressionBombError:
            message = f"{path!r} has more pixels than the {LARGEST:,} that are read"
            raise RunError("E405", message, helps=("make it smaller, or remove it",)) from None
        except UnidentifiedImageError:
            message = f"{path!r} has no image of a format that is read: JPEG, PNG, WebP, BMP, GIF, TIFF or PPM"
            raise RunError("E405", message, helps=("save it as PNG or JPEG, or remove it",)) from None
        except UnfitImage as error:
            raise RunError("E405", f"{path!r} {error.reason}", helps=(error.help,)) from None
        except FAULTS as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            help = "save it again from its original, or remove it"
            raise RunError("E405", f"{path!r} is damaged: {reason}", helps=(help,)) from None


def sizes_of(root: Root, path: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height of an image as it lies in its file, and as it is seen once it is turned. Raises RunError as `opened`."""
    with opened(root, path, decode=False) as image:
        stored: tuple[int, int] = image.size
        quarter = image.getexif().get(ORIENTATION) in QUARTER_TURNS
    return stored, stored[::-1] if quarter else stored


def turned(image: "Image") -> "Image":
    """The image as its EXIF data says that it is to be seen."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def pixels_of(image: "Image", size: tuple[int, int], channels: int, how: Fitting, by: Interpolation) -> NumpyArray:
    """The image as uint8 `[height, width, channels]`, with 1, 3 or 4 channels: grey, RGB, or RGB with alpha.

    Without alpha, what is transparent is seen on white. Values of 16 bits are divided by 257. Raises UnfitImage for values
    of other ranges, such as floats.
    """
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    image = turned(image)
    if image.mode.startswith(("I", "F")):
        image = grey_of_16_bits(image, size, how, by).convert(mode)
    else:
        if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
            image = image.convert("RGBA")
        if image.mode == "RGBA" and channels != 4:
            image = on_white(image)
        image = fitted(image.convert(mode), size, how, resampling(by))
    pixels: NumpyArray = np.asarray(image)
    return pixels[..., None] if channels == 1 else pixels


def on_white(image: "Image") -> "Image":
    """An image with alpha on a white ground."""
    from PIL import Image

    return Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)


def grey_of_16_bits(image: "Image", size: tuple[int, int], how: Fitting, by: Interpolation) -> "Image":
    """An image of one channel with up to 16 bits, in 8 bits and in the `size`; it is rounded once."""
    from PIL import Image

    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > WIDE:
        raise UnfitImage("has values that are not of 8 or 16 bits", "save it with 8 bits for each value")
    grey = Image.fromarray(values.astype("float32") / (WIDE / 255))
    return Image.fromarray(np.rint(np.asarray(fitted(grey, size, how, resampling(by)))).clip(0, 255).astype("uint8"))


def label_values(image: "Image", form: str) -> NumpyArray:
    """The value of each pixel of a label image as int32 `[height, width]`; `form` is the format of its file.

    Raises UnfitImage for pixels that have no single integer, and for JPEG.
    """
    if form in ("JPEG", "MPO"):
        raise UnfitImage("is a JPEG, whose compression changes labels", "save label images as PNG")
    values = np.asarray(image)
    if values.ndim == 3:
        # Grey that was saved as colours is grey; the last channel of these is alpha.
        has_alpha = image.mode in ("LA", "PA", "RGBA")
        plain = values[..., :-1] if has_alpha else values
        solid = not has_alpha or bool((values[..., -1] == 255).all())
        if not solid or (plain != plain[..., :1]).any():
            help = "save the number of its class as the value of each pixel, in grey or with a palette"
            raise UnfitImage("has colours, and a label is one number", help)
        values = plain[..., 0]
    if image.mode == "F" or values.min() < 0:
        raise UnfitImage("has values that are no labels", "save the class of each pixel, counted from 0")
    return values.astype("int32")


def resampling(by: Interpolation) -> "Resampling":
    from PIL.Image import Resampling

    return {"bilinear": Resampling.BILINEAR, "nearest": Resampling.NEAREST, "bicubic": Resampling.BICUBIC}[by]


def fitted(image: "Image", size: tuple[int, int], how: Fitting, by: "Resampling", ground: int = 0) -> "Image":
    """The image in a `size`, height and width: all of it `stretch`ed, the largest part of that form in its middle (`crop`), or
    all of it in its own form, in the middle of the `ground` (`pad`).
    """
    from PIL import Image

    height, width = size
    own_width, own_height = image.size
    if how == "stretch":
        return image.resize((width, height), by)
    if how == "crop":
        scale = min(own_width / width, own_height / height)
        left, top = (own_width - scale * width) / 2, (own_height - scale * height) / 2
        return image.resize((width, height), by, box=(left, top, own_width - left, own_height - top))
    scale = min(width / own_width, height / own_height)
    inner_width, inner_height = (
        min(max(round(own * scale), 1), whole) for own, whole in ((own_width, width), (own_height, height))
    )
    padded = Image.new(image.mode, (width, height), ground)
    padded.paste(
        image.resize((inner_width, inner_height), by), ((width - inner_width) // 2, (height - inner_height) // 2)
    )
    return padded
