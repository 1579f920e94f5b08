"""Labels from images: which value is which class, what is left out, and that a photo and its labels stay one on the other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.readers import READERS
from tests.compiler.library.readers.image_files import Pixels, read, save


def labels(**arguments: Any) -> dict[str, Any]:
    return {"label_image": {"column": "file", "size": [6, 8], "classes": 3, **arguments}}


@pytest.fixture
def values() -> Pixels:
    return np.random.default_rng(0).integers(0, 3, (6, 8)).astype("uint8")


def test_each_value_is_a_class_in_every_mode_that_has_one(tmp_path: Path, values: Pixels) -> None:
    palette = Image.fromarray(values, "P")
    palette.putpalette([10, 0, 0, 0, 200, 0, 5, 5, 255])
    alpha = np.dstack([values] * 3 + [np.full_like(values, 255)])
    images = [
        Image.fromarray(values),
        palette,
        Image.fromarray(values.astype("uint16")),
        Image.fromarray(np.dstack([values] * 3)),
        Image.fromarray(alpha),
    ]
    paths = [save(tmp_path, f"{number}.png", one) for number, one in enumerate(images)]
    paths.append(save(tmp_path, "wide.tif", Image.fromarray(values.astype("int32"))))
    found = read(tmp_path, labels(), paths)
    assert found.dtype == np.int32
    for one in found:
        np.testing.assert_array_equal(one, values)
    two = save(tmp_path, "two.png", Image.fromarray(values > 0))
    np.testing.assert_array_equal(read(tmp_path, labels(classes=2), [two])[0], values > 0)


def test_values_of_classes_and_of_what_is_left_out(tmp_path: Path, values: Pixels) -> None:
    written = np.array([128, 255, 7], "uint8")[values]
    path = save(tmp_path, "a.png", written)
    np.testing.assert_array_equal(read(tmp_path, labels(values=[128, 255, 7]), [path])[0], values)
    found = read(tmp_path, labels(classes=2, values=[7, 128], ignore=255), [path])[0]
    np.testing.assert_array_equal(found, np.array([1, -1, 0])[values])
    with pytest.raises(
        RunError,
        match=r"1 label image of `file` has values of none of the 2 classes: 255, the first is 'a.png' in row 0",
    ) as caught:
        read(tmp_path, labels(classes=2, values=[7, 128]), [path])
    assert caught.value.code == "E403" and "`ignore: 255`" in caught.value.helps[0]
    with pytest.raises(RunError, match="none of the 3 classes: 7, 128, 255") as caught:
        read(tmp_path, labels(), [path])
    assert "`values: [0, 255]`" in caught.value.helps[0]


@pytest.mark.parametrize("how", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("form", [(40, 60), (60, 40), (33, 47), (90, 31)])
def test_labels_stay_on_their_photo_and_are_never_mixed(tmp_path: Path, how: str, form: tuple[int, int]) -> None:
    drawn = np.random.default_rng(2).integers(0, 3, (3, 4)).astype("uint8")
    whole = np.asarray(Image.fromarray(drawn).resize(form[::-1], Image.Resampling.NEAREST))
    # The labels may be in another resolution than the photo.
    half = np.asarray(Image.fromarray(drawn).resize((form[1] * 2, form[0] * 2), Image.Resampling.NEAREST))
    photo, mask = save(tmp_path, "photo.png", whole), save(tmp_path, "mask.png", half)
    pixels = read(
        tmp_path,
        {"image": {"column": "file", "size": [24, 20], "channels": 1, "resize": how, "interpolation": "nearest"}},
        [photo],
    )[0, ..., 0]
    found = read(tmp_path, labels(size=[24, 20], resize=how, ignore=255), [mask])[0]
    assert set(np.unique(found)) <= {-1, 0, 1, 2}
    inside = found >= 0
    assert inside.all() == (how != "pad" or form == (24, 20))
    # Borders between classes fall on whole pixels of one resolution and not of the other.
    assert (pixels[inside] == found[inside]).mean() > 0.9
    assert (pixels[~inside] == 0).all()


def test_labels_are_turned_as_their_exif_data_says(tmp_path: Path, values: Pixels) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path, "a.png", values, exif=exif)
    np.testing.assert_array_equal(read(tmp_path, labels(size=[8, 6]), [path])[0], np.rot90(values, -1))


def test_images_without_labels_are_refused_by_name(tmp_path: Path, values: Pixels) -> None:
    colours = np.zeros((6, 8, 3), "uint8")
    colours[0, 0] = (1, 0, 0)
    for name, pixels, said in (
        ("a.jpg", values, "'a.jpg' is a JPEG, whose compression changes labels"),
        ("a.png", colours, "'a.png' has colours, and a label is one number"),
        ("a.tif", values.astype("float32"), "'a.tif' has values that are no labels"),
    ):
        with pytest.raises(RunError) as caught:
            read(tmp_path, labels(), [save(tmp_path, name, pixels)])
        assert caught.value.code == "E407" and said in caught.value.message and caught.value.helps


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ignore": 2}, "`ignore` is 2, and so is the value of one of the 3 classes"),
        ({"values": [1, 2]}, "`values` has 2 values, and there are 3 classes"),
        ({"values": [1, 2, 1]}, "`values` has 1 for several classes"),
        ({"resize": "pad"}, "no class is theirs"),
    ],
)
def test_arguments_that_do_not_go_together(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        READERS.build(labels(**arguments)).plan(None, None)
    assert caught.value.code == "E403" and caught.value.argument in arguments


def test_an_input_takes_labels_as_ids_and_leaves_out_none() -> None:
    assert READERS.build(labels()).plan(None, TensorType((6, 8), "int32")) == TensorType((6, 8), "int32")
    with pytest.raises(PlanError, match="`label_image` returns integer labels, but the input takes float32"):
        READERS.build(labels()).plan(None, TensorType((6, 8)))
    with pytest.raises(PlanError, match="this is an input"):
        READERS.build(labels(ignore=255)).plan(None, TensorType((6, 8), "int32"))
