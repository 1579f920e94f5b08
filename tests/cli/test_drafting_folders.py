"""`modelc init --from` of a folder: images or texts in a folder for each class."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.cli.commands import modelc
from tests.made_tables import opinions


def write_digits(folder: Path, rows: int = 500) -> None:
    """Digits of scikit-learn as PNG, in the folders `0` to `9`."""
    found = load_digits()
    for place, (pixels, digit) in enumerate(zip(found.images[:rows], found.target, strict=False)):
        below = folder / f"{digit}"
        below.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 15.9).astype(np.uint8)).save(below / f"{place}.png")


def write_reviews(folder: Path) -> None:
    for place, (text, _, opinion) in enumerate(opinions(400)):
        below = folder / opinion
        below.mkdir(parents=True, exist_ok=True)
        (below / f"{place}.txt").write_text(text)


def best_accuracy(run: Path) -> float:
    best = json.loads((run / "run.json").read_text())["best"]["epoch"]
    log = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return next(float(line["validation/accuracy"]) for line in log if line["epoch"] == best)


@pytest.mark.parametrize("name", ["digits", "reviews"])
def test_a_folder_for_each_class_is_learnt_as_well_as_a_linear_model_learns_it(name: str, tmp_path: Path) -> None:
    {"digits": write_digits, "reviews": write_reviews}[name](tmp_path / name)
    ended = modelc("init", "--from", name, cwd=tmp_path)
    assert ended.code == 0, ended.err
    checked = modelc("validate", "--data", f"{name}.yaml", cwd=tmp_path)
    assert checked.code == 0 and "warning" not in checked.out + checked.err, checked.out + checked.err
    trained = modelc("train", f"{name}.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    scored = json.loads((tmp_path / "run/run.json").read_text())["baselines"]["validation"]
    (linear,) = (one["values"]["accuracy"] for one in scored if one["name"] == "logistic regression")
    assert linear > 0.7
    assert best_accuracy(tmp_path / "run") >= linear - 0.02


def test_what_images_have_in_common_is_seen(tmp_path: Path) -> None:
    for place in range(12):
        below = tmp_path / "photos" / ("cat", "dog")[place % 2]
        below.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (400, 200 + place), (place, 0, 0)).save(below / f"{place}.jpg")
        (below / "Thumbs.db").write_bytes(b"x")
    assert modelc("init", "--from", "photos", cwd=tmp_path).code == 0
    text = (tmp_path / "photos.yaml").read_text()
    assert 'files: "photos/*/*.jpg"' in text and "classes: [cat, dog]" in text
    assert "image: {shape: [49, 96, 3], dtype: uint8}" in text
    assert "Other files are left out: 2 .db" in text
    checked = modelc("validate", "--data", "photos.yaml", cwd=tmp_path)
    assert checked.code == 0 and "warning" not in checked.out + checked.err


@pytest.mark.parametrize(
    ("names", "target", "said"),
    [
        (["a/1.png", "b/1.png"], "kind", "[E401]: the class of a file is its folder, and not `kind`"),
        ([f"a/{k}.txt" for k in range(9)], None, "[E403]: `rows` has one folder with files"),
        ([f"{c}/{k}.txt" for c in "ab" for k in range(3)], None, "[E404]: 2 folders of `rows` have too few files"),
        (["a/1.xyz", "b/2"], None, "[E404]: no folder in `rows` has images or texts"),
        (["1.png", "2.png"], None, "[E405]: "),
    ],
)
def test_folders_that_cannot_be_learnt(names: list[str], target: str | None, said: str, tmp_path: Path) -> None:
    for name in names:
        file = tmp_path / "rows" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("some text")
    ended = modelc("init", "--from", "rows", *(["--target", target] if target else []), cwd=tmp_path)
    assert ended.code == 4 and ended.err.startswith(f"error{said}"), ended.err
    assert {file.name for file in tmp_path.iterdir()} == {"rows"}


def test_an_image_that_is_damaged_is_named(tmp_path: Path) -> None:
    write_digits(tmp_path / "digits", 100)
    broken = next((tmp_path / "digits/3").iterdir())
    broken.write_bytes(broken.read_bytes()[:60])
    ended = modelc("init", "--from", "digits", cwd=tmp_path)
    assert ended.code == 4 and f"'digits/3/{broken.name}' is damaged" in ended.err
