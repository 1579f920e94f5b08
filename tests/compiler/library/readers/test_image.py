"""Images from files: against what Keras makes of them, odd ones, and those that are none."""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.readers.opened_files import BrokenFiles
from tests.compiler.library.readers.image_files import drawn, read, save


def image(**arguments: Any) -> dict[str, Any]:
    return {"image": {"column": "file", **arguments}}


@pytest.mark.parametrize("size", [(23, 31), (16, 16), (40, 20), (7, 9)])
@pytest.mark.parametrize("by", ["bilinear", "nearest", "bicubic"])
def test_a_size_is_what_keras_makes_of_it(tmp_path: Path, size: tuple[int, int], by: str) -> None:
    path = save(tmp_path, "a.png", drawn())
    expected = keras.utils.img_to_array(
        keras.utils.load_img(tmp_path / path, target_size=size, interpolation=by), dtype="uint8"
    )
    found = read(tmp_path, image(size=list(size), interpolation=by), [path])
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], expected)


@pytest.mark.parametrize("size", [(16, 16), (10, 31), (23, 10)])
def test_a_crop_is_the_largest_middle_of_that_form(tmp_path: Path, size: tuple[int, int]) -> None:
    path = save(tmp_path, "a.png", drawn(24, 32))
    found = read(tmp_path, image(size=list(size), resize="crop"), [path])
    expected = keras.utils.load_img(tmp_path / path, target_size=size, interpolation="bilinear", keep_aspect_ratio=True)
    difference = np.abs(found[0].astype(int) - np.asarray(expected).astype(int))
    # Keras cuts at whole pixels.
    assert difference.mean() < 6 and (difference.max() < 40)


def test_padding_keeps_the_form_in_the_middle_of_black(tmp_path: Path) -> None:
    path = save(tmp_path, "a.png", np.full((10, 20, 3), 200, "uint8"))
    found = read(tmp_path, image(size=[12, 12], resize="pad"), [path])[0]
    assert (found[3:9] == 200).all() and (found[:3] == 0).all() and (found[9:] == 0).all()


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("uint8", 1), ("int32", 1), ("float32", 1), ("bfloat16", 1), ("float32", 1 / 255), ("float64", 0.5)],
)
def test_an_input_has_its_own_dtype(tmp_path: Path, dtype: str, scale: float) -> None:
    pixels = drawn()
    path = save(tmp_path, "a.png", pixels)
    found = read(tmp_path, image(scale=scale), [path], TensorType((23, 31, 3), dtype))
    assert found.dtype.name == dtype
    factor = np.float64(scale) if dtype == "float64" else np.float32(scale)
    np.testing.assert_array_equal(found[0].astype("float64"), (pixels * factor).astype("float64"))


@pytest.mark.parametrize("dtype", ["bool", "int8", "float32"])
def test_pixels_above_a_bound_are_1_and_others_0(tmp_path: Path, dtype: str) -> None:
    pixels = drawn()
    found = read(tmp_path, image(above=127.5), [save(tmp_path, "a.png", pixels)], TensorType(pixels.shape, dtype))
    assert found.dtype.name == dtype
    np.testing.assert_array_equal(found[0], pixels > 127)


def test_size_and_channels_are_those_of_the_input(tmp_path: Path) -> None:
    path = save(tmp_path, "a.png", drawn())
    for shape in ((8, 9, 1), (8, 9, 3), (8, 9, 4)):
        assert read(tmp_path, {"image": "file"}, [path], TensorType(shape)).shape == (1, *shape)


def test_a_photo_is_turned_as_its_exif_data_says(tmp_path: Path) -> None:
    pixels = drawn(8, 12)
    for orientation, turned in (
        (3, pixels[::-1, ::-1]),
        (6, np.rot90(pixels, -1)),
        (8, np.rot90(pixels)),
        (2, pixels[:, ::-1]),
    ):
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = save(tmp_path, f"{orientation}.png", pixels, exif=exif)
        np.testing.assert_array_equal(read(tmp_path, image(size=list(turned.shape[:2])), [path])[0], turned)


def test_sixteen_bits_become_eight_over_their_whole_range(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 64 * 4).reshape(4, 64).astype("uint16")
    path = save(tmp_path, "a.png", values)
    for channels in (1, 3, 4):
        found = read(tmp_path, image(size=[4, 64], channels=channels), [path])[0]
        np.testing.assert_array_equal(found[..., 0], np.rint(values / 257))
        assert (found[..., :1] == found[..., :3]).all() and (channels < 4 or (found[..., 3] == 255).all())


def test_what_is_transparent_is_seen_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 4), "uint8")
    pixels[0, 0] = (10, 20, 30, 255)
    pixels[1, 1] = (0, 0, 0, 128)
    path = save(tmp_path, "a.png", pixels)
    found = read(tmp_path, image(size=[2, 2]), [path])[0]
    assert (
        found[0, 0].tolist() == [10, 20, 30] and found[0, 1].tolist() == [255] * 3 and found[1, 1].tolist() == [127] * 3
    )
    np.testing.assert_array_equal(read(tmp_path, image(size=[2, 2], channels=4), [path])[0], pixels)


def test_colours_are_the_same_in_every_format_and_mode(tmp_path: Path) -> None:
    pixels = np.repeat(np.repeat(np.array([[[200, 30, 40], [10, 220, 90]]], "uint8"), 16, 0), 16, 1)
    plain = Image.fromarray(pixels)
    images = {
        "a.jpg": plain, "b.webp": plain, "c.bmp": plain, "d.tif": plain, "e.ppm": plain, "f.gif": plain,
        "g.png": plain.quantize(4), "h.jpg": plain.convert("CMYK"), "i.tif": plain.convert("YCbCr"),
    }  # fmt: skip
    # The content decides: a PNG that is called otherwise is read as what it is.
    plain.save(tmp_path / "j.jpg", format="PNG")
    paths = [*(save(tmp_path, name, one) for name, one in images.items()), "j.jpg"]
    found = read(tmp_path, image(size=[16, 32]), paths).astype(int)
    for path, one in zip(paths, found, strict=True):
        assert np.abs(one - pixels).mean() < 6, path
    np.testing.assert_array_equal(found[-1], pixels)


def test_rows_keep_their_order_however_many_there_are(tmp_path: Path) -> None:
    paths = [save(tmp_path, f"{number}.png", np.full((2, 3), number, "uint8")) for number in range(200)]
    order = np.random.default_rng(1).permutation(200)
    found = read(tmp_path, image(size=[2, 3], channels=1), [paths[place] for place in order])
    np.testing.assert_array_equal(found[:, 0, 0, 0], order)


def png(width: int, height: int) -> bytes:
    """A PNG that says it has so many pixels, and has none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_files_that_are_no_whole_image_are_all_counted_and_named(tmp_path: Path) -> None:
    save(tmp_path, "a.jpg", drawn())
    whole = (tmp_path / "a.jpg").read_bytes()
    wrong = {
        "cut.jpg": (whole[:-40], "damaged: image file is truncated"),
        "text.jpg": (b"no image\n", "no image of a format that is read"),
        "empty.jpg": (b"", "no image of a format that is read"),
        "wide.png": (png(10_000, 10_000), "10,000 x 10,000 pixels, and at most 89,478,485 are read"),
        "bomb.png": (png(60_000, 60_000), "more pixels than the 89,478,485 that are read"),
        "vector.jpg": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n",
            "no image of a format that is read",
        ),
    }
    for name, (data, _) in wrong.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BrokenFiles) as caught:
            read(tmp_path, image(size=[8, 8]), ["a.jpg", name])
        assert repr(name) in caught.value.message and wrong[name][1] in caught.value.message
        assert "`file` in row 1: " in caught.value.message and caught.value.helps
    with pytest.raises(BrokenFiles) as caught:
        read(tmp_path, image(size=[8, 8]), ["a.jpg", *wrong, "gone.jpg", "a.jpg"])
    assert caught.value.message == "7 of 9 files of `file` cannot be read, the first in row 1"
    assert [*caught.value.faults] == [1, 2, 3, 4, 5, 6, 7]
    assert len(caught.value.notes) == 6 and caught.value.notes[-1] == "and 2 more"


def test_a_path_leads_out_of_the_root_nowhere(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    save(tmp_path, "a.png", drawn())
    (tmp_path / "inside" / "link.png").symlink_to(tmp_path / "a.png")
    for path in ("../a.png", str(tmp_path / "a.png"), "link.png"):
        with pytest.raises(RunError) as caught:
            read(tmp_path / "inside", image(size=[8, 8]), [path])
        assert caught.value.code == "E407"


def damaged(data: bytes, draw: np.random.Generator) -> bytes:
    """A file with a few changes that disks and networks make."""
    changed = bytearray(data)
    for _ in range(int(draw.integers(1, 6))):
        start = int(draw.integers(0, len(changed)))
        match draw.integers(0, 4):
            case 0:
                changed[start] = int(draw.integers(0, 256))
            case 1:
                changed = changed[: max(start, 1)]
            case 2:
                changed[start : start + 20] = bytes(20)
            case _:
                changed[start:start] = draw.bytes(int(draw.integers(1, 30)))
    return bytes(changed)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
def test_damaged_files_end_in_an_error_or_in_rows(tmp_path: Path, form: str, request: pytest.FixtureRequest) -> None:
    draw = np.random.default_rng(3)
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif} if form in ("JPEG", "PNG", "WEBP", "TIFF") else {}
    held = io.BytesIO()
    Image.fromarray(drawn()).save(held, form, **options)
    count = request.config.getoption("--damaged-images")
    paths = [f"{number}.img" for number in range(count)]
    for path in paths:
        (tmp_path / path).write_bytes(damaged(held.getvalue(), draw))
    for reader in (image(size=[8, 8]), {"label_image": {"column": "file", "size": [8, 8], "classes": 256}}):
        with pytest.raises(RunError, match=r"cannot be read|of the 256 classes") as caught:
            read(tmp_path, reader, paths)
        assert caught.value.code in ("E407", "E403")


def test_what_cannot_fit_is_said_without_a_file() -> None:
    paths = {"file": Column(TensorType((), "str"))}
    for arguments, wanted, code, said in (
        ({}, None, "E402", "the size of a target that is an image is not known"),
        ({}, TensorType((784,)), "E402", r"an image is \[height, width, channels\], and the input takes \[784\]"),
        ({}, TensorType((8, 8, 2)), "E402", "with 1, 3 or 4 channels"),
        ({"size": [8, 8]}, TensorType((8, 8, 3), "bool"), "E402", "values from 0 to 255, and the input takes bool"),
        ({"scale": 0.5}, TensorType((8, 8, 3), "uint8"), "E402", "scaled values are floats"),
    ):
        with pytest.raises(PlanError) as caught:
            READERS.build(image(**arguments)).plan(paths, wanted)
        assert caught.value.code == code
        assert re.search(said, f"{caught.value.message} {caught.value.help}")
    with pytest.raises(PlanError, match="`file` has int64, expected paths of files"):
        READERS.build(image(size=[8, 8])).plan({"file": Column(TensorType((), "int64"))}, None)
    assert READERS.build(image(size=8)).plan(None, None) == TensorType((8, 8, 3), "uint8")
