"""Label images from `modelc predict`: in the form of the photos, with the numbers that `label_image` reads back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.readers.label_image import LabelImageReader
from modelc.compiler.syntax.file_root import Root
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {photo: {shape: [8, 12, 1]}}
  layers: [{conv2d: {filters: 3, kernel_size: 1}}, {softmax, name: parts}]
data:
  source: {files: {patterns: {photo: "photos/*.png", mask: "masks/*.png"}}}
  inputs: {photo: {image: {column: photo, scale: 1/255, RESIZE}}}
  targets: {parts: {label_image: {column: mask, size: [8, 12], LABELS, RESIZE}}}
train: {loss: cross_entropy, optimizer: {adam: 0.05}, epochs: 60}
"""
LABELS = "classes: [ground, road, car], values: [5, 0, 200]"
VALUES = {0: 5, 1: 0, 2: 200}


def scene(draw: np.random.Generator, size: tuple[int, int] = (8, 12)) -> tuple[np.ndarray, np.ndarray]:
    """A photo whose greys tell the classes of its pixels, and these."""
    kinds = draw.integers(0, 3, size)
    return (kinds * 100 + draw.integers(0, 30, size)).astype("uint8"), kinds


def trained(folder: Path, resize: str = "", labels: str = LABELS) -> Path:
    """The folder of a run."""
    draw = np.random.default_rng(0)
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for place in range(12):
        photo, kinds = scene(draw)
        Image.fromarray(photo).save(folder / "photos" / f"{place}.png")
        Image.fromarray(np.vectorize(VALUES.get)(kinds).astype("uint8")).save(folder / "masks" / f"{place}.png")
    written = f"resize: {resize}" if resize else "resize: stretch"
    (folder / "spec.yaml").write_text(SPEC.replace("RESIZE", written).replace("LABELS", labels))
    ended = modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def predicted_numbers(folder: Path, photos: Path) -> np.ndarray:
    """The classes that the run predicts, by their places, `[rows, height, width]`."""
    ended = modelc("predict", "run", photos, "-o", "arrays.npz", cwd=folder)
    assert ended.code == 0, ended.err
    with np.load(folder / "arrays.npz") as arrays:
        return np.asarray(arrays["parts/probability"].argmax(axis=-1))


def read_back(folder: Path, paths: list[str], resize: str, **more: object) -> np.ndarray:
    """What the reader of the spec makes of label images."""
    arguments = {"column": "mask", "size": [8, 12], "classes": 3, "values": [5, 0, 200], "resize": resize, **more}
    reader = LabelImageReader.model_validate(arguments).below(Root(folder, folder / "cache"))
    return reader.read({"mask": np.array(paths, np.dtypes.StringDType())}, TensorType((8, 12), "int32"))


@pytest.mark.parametrize("size", [(8, 12), (16, 24), (24, 36), (41, 50), (9, 300)])
def test_what_is_predicted_is_read_back(tmp_path: Path, size: tuple[int, int]) -> None:
    folder, draw = trained(tmp_path), np.random.default_rng(1)
    new = tmp_path / "new photos" / "day"
    new.mkdir(parents=True)
    names = ["a.png", "b c.png", "ü.png"]
    for name in names:
        Image.fromarray(scene(draw, size)[0]).save(new / name)
    ended = modelc("predict", "run", "new photos", "-o", "out/", cwd=folder)
    assert ended.code == 0, ended.err
    assert "3 predictions for new photos in out" in ended.out
    files = sorted(str(file.relative_to(folder / "out")) for file in (folder / "out").rglob("*.*"))
    assert files == [f"day/{name}" for name in names]
    for name in names:
        with Image.open(folder / "out/day" / name) as image:
            assert (image.mode, image.size) == ("L", size[::-1])
            assert set(np.unique(np.asarray(image))) <= {5, 0, 200}
    found = read_back(folder / "out", files, "stretch")
    assert (found == predicted_numbers(folder, tmp_path / "new photos")).all()
    assert not [*folder.glob(".modelc-*")]


def test_a_photo_is_segmented_as_it_is_seen(tmp_path: Path) -> None:
    folder = trained(tmp_path)
    photo, kinds = scene(np.random.default_rng(2), (12, 8))
    turned = Image.fromarray(photo)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", quality=100, exif=exif)
    assert modelc("predict", "run", "turned.jpg", "-o", "out", cwd=folder).code == 0
    with Image.open(folder / "out/turned.png") as image:
        assert image.size == (12, 8)
        assert (np.asarray(image) == np.vectorize(VALUES.get)(np.rot90(kinds, -1))).mean() > 0.8


@pytest.mark.parametrize(("resize", "labels"), [("crop", LABELS), ("pad", f"{LABELS}, ignore: 7")])
def test_other_forms_are_those_of_the_photos(tmp_path: Path, resize: str, labels: str) -> None:
    folder = trained(tmp_path, resize, labels)
    draw = np.random.default_rng(3)
    (tmp_path / "new").mkdir()
    for place, size in enumerate([(32, 24), (16, 60), (8, 12)]):
        Image.fromarray(scene(draw, size)[0]).save(tmp_path / "new" / f"{place}.png")
    assert modelc("predict", "run", "new", "-o", "out", cwd=folder).code == 0
    ignore = 7 if resize == "pad" else 255
    found = read_back(folder / "out", ["0.png", "1.png", "2.png"], resize, ignore=ignore)
    expected = predicted_numbers(folder, tmp_path / "new")
    inside = found >= 0
    assert (found[inside] == expected[inside]).mean() > 0.97
    assert inside.mean() > (0.97 if resize == "crop" else 0.4)
    with Image.open(folder / "out/1.png") as image:
        assert image.size == (60, 16)
        assert (ignore in np.unique(np.asarray(image))) == (resize == "crop")


def test_folders_that_cannot_be_written_are_refused_before_anything_is_computed(tmp_path: Path) -> None:
    folder = trained(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    (tmp_path / "plain").write_text("mine")
    for output, said in (
        ("full", "it is not empty"),
        ("plain", "it is a file"),
        ("run/masks", "it is in the run"),
        ("gone/masks", "cannot write"),
    ):
        ended = modelc("predict", "run", "photos", "-o", output, cwd=folder)
        assert ended.code == 4 and "error[E604]" in ended.err and said in ended.err, ended.err
    for options in (["--raw"], ["--spreadsheet"], ["--columns", "parts"]):
        ended = modelc("predict", "run", "photos", "-o", "out", *options, cwd=folder)
        assert ended.code == 2 and "is a folder for label images" in ended.err
    ended = modelc("predict", "run", "-o", "out", "--split", "train", cwd=folder)
    assert ended.code == 2 and "called as the photos" in ended.err
    assert not (folder / "out").exists()


def test_two_photos_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = trained(tmp_path)
    (tmp_path / "new").mkdir()
    photo = Image.fromarray(scene(np.random.default_rng(4))[0])
    photo.save(tmp_path / "new/a.png")
    photo.save(tmp_path / "new/a.jpg")
    ended = modelc("predict", "run", "new", "-o", "out", cwd=folder)
    assert ended.code == 4 and "would both have the label image `a.png`" in ended.err
    assert not (folder / "out").exists()


def test_yes_or_no_for_each_pixel_is_written_too(tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for place in range(8):
        kinds = draw.integers(0, 2, (8, 12))
        Image.fromarray((kinds * 200).astype("uint8")).save(tmp_path / "photos" / f"{place}.png")
        Image.fromarray((kinds * 255).astype("uint8")).save(tmp_path / "masks" / f"{place}.png")
    text = SPEC.replace("RESIZE", "resize: stretch").replace("LABELS", "classes: 2, values: [0, 255]")
    text = text.replace("filters: 3", "filters: 1").replace("{softmax, ", "{reshape: [8, 12]}, {sigmoid, ")
    (tmp_path / "spec.yaml").write_text(text.replace("loss: cross_entropy", "loss: binary_cross_entropy"))
    ended = modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert modelc("predict", "run", "photos", "-o", "out", cwd=tmp_path).code == 0
    with Image.open(tmp_path / "out/3.png") as found, Image.open(tmp_path / "masks/3.png") as mask:
        assert (np.asarray(found) == np.asarray(mask)).all()


def test_a_run_without_label_images_needs_an_ending(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((8, 2)), y=np.ones((8, 1)))
    (tmp_path / "spec.yaml").write_text(
        "modelc: 1\nmodel: {inputs: {x: {shape: [2]}}, layers: [{dense: 1, name: y}]}\n"
        "data: {source: {npz: a.npz}}\ntrain: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    assert modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path).code == 0
    ended = modelc("predict", "run", "a.npz", "-o", "out", cwd=tmp_path)
    assert ended.code == 2 and "cannot determine the format" in ended.err
