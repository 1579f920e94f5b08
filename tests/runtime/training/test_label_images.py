"""Segmentation from paired files: what a label image leaves out is as what a mask leaves out, to the bit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.library.losses.cross_entropy import CrossEntropy
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.baselines.targets import wanted_of
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.data_check import check_data
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.compiler.library.readers.image_files import save
from tests.runtime.small import ready
from tests.runtime.watching import Watcher

ROWS, SIZE, IGNORED = 20, 6, 255
METRICS = ["accuracy", {"mean_iou": {}}, {"f_beta": {"average": "macro"}}]


def drawn() -> tuple[Any, Any]:
    """Photos `[rows, 6, 6, 3]`, and for each pixel its brightest colour, or that it has none."""
    draw = np.random.default_rng(0)
    photos = draw.integers(0, 256, (ROWS, SIZE, SIZE, 3)).astype("uint8")
    labels = photos.argmax(-1).astype("uint8")
    labels[draw.uniform(size=labels.shape) < 0.3] = IGNORED
    return photos, labels


@pytest.fixture
def root(tmp_path: Path) -> Root:
    photos, labels = drawn()
    for number in range(ROWS):
        save(tmp_path, f"photos/{number:02}.png", photos[number])
        save(tmp_path, f"masks/{number:02}.png", labels[number])
    known = labels != IGNORED
    np.savez(tmp_path / "rows.npz", photo=photos, kinds=np.where(known, labels, 0).astype("int32"), known=known)
    return Root(tmp_path, tmp_path)


def spec(data: Mapping[str, Any], **train: Any) -> dict[str, Any]:
    layers: list[Any] = [{"rescaling": 1 / 255}, {"conv2d": {"filters": 8, "kernel_size": 1, "activation": "relu"}}]
    layers.append({"conv2d": {"filters": 3, "kernel_size": 1, "activation": "softmax"}, "name": "kinds"})
    return {
        "modelc": 1,
        "model": {"inputs": {"photo": {"shape": [SIZE, SIZE, 3]}}, "layers": layers},
        "data": {"validation": {"last": 5}, **data},
        "train": {
            "loss": "cross_entropy",
            "metrics": METRICS,
            "optimizer": "adam",
            "batch_size": 4,
            "epochs": 3,
            **train,
        },
    }


def of_files(**arguments: Any) -> dict[str, Any]:
    reader = {"column": "mask", "size": SIZE, "classes": 3, "ignore": IGNORED, **arguments}
    return {
        "source": {"files": {"patterns": {"photo": "photos/*.png", "mask": "masks/*.png"}}},
        "inputs": {"photo": {"image": "photo"}},
        "targets": {"kinds": {"label_image": reader}},
    }


def trained(raw: Mapping[str, Any], root: Root) -> list[Mapping[str, float]]:
    task, dataset = ready(raw, root)
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    return [record.values for record in watcher.records]


def test_what_is_ignored_is_in_no_loss_and_no_metric(root: Root) -> None:
    targets = {"kinds": {"category": {"column": "kinds", "classes": 3}}, "known": {"array": "known"}}
    masked = spec(
        {"source": {"npz": "rows.npz"}, "targets": targets}, losses={"kinds": {"cross_entropy": None, "mask": "known"}}
    )
    del masked["train"]["loss"]
    found = trained(spec(of_files()), root)
    assert found == trained(masked, root)
    assert found[-1]["validation/accuracy"] > 0.3


def test_class_weights_count_what_has_a_label(root: Root) -> None:
    task, dataset = ready(spec(of_files(), loss={"cross_entropy": {"class_weight": "balanced"}}), root)
    (term,) = balanced(task, dataset.train).terms
    assert isinstance(term.loss, CrossEntropy) and isinstance(term.loss.class_weight, dict)
    counts = np.bincount(drawn()[1][:-5].ravel(), minlength=256)[:3]
    np.testing.assert_allclose([*term.loss.class_weight.values()], counts.sum() / (3 * counts))


def test_a_baseline_counts_what_has_a_label(root: Root) -> None:
    task, dataset = ready(spec(of_files()), root)
    (wanted,) = [wanted_of(task, output, dataset.train) for output in task.outputs.values()]
    assert wanted is not None
    labels = drawn()[1][:-5]
    np.testing.assert_array_equal(wanted.counts, labels != IGNORED)
    np.testing.assert_array_equal(wanted.values[wanted.counts], labels[labels != IGNORED])
    assert wanted.values.min() == 0


def test_rows_of_which_all_is_ignored_are_found(root: Root, tmp_path: Path) -> None:
    for number in range(ROWS - 5, ROWS):
        save(tmp_path, f"masks/{number:02}.png", np.full((SIZE, SIZE), IGNORED, "uint8"))
    (problem,) = check_data(load(spec(of_files())), root)
    assert problem.code == "E403"
    assert (
        "no validation row counts in the loss of `kinds`: `ignore` of the target `kinds` leaves all of them out"
        in problem.message
    )


def test_a_loss_of_whole_rows_takes_no_labels_that_are_left_out() -> None:
    for train, code in (({"loss": "dice"}, "E304"), ({"loss": "tversky"}, "E304")):
        with pytest.raises(SpecError) as caught:
            load(spec(of_files(), metrics=[], **train))
        (problem,) = caught.value.problems
        assert problem.code == code


def test_a_photo_that_is_turned_without_its_labels_is_an_error(tmp_path: Path) -> None:
    exif = Image.Exif()
    for number, orientation in enumerate((1, 6, 8, 3)):
        exif[0x0112] = orientation
        save(tmp_path, f"photos/{number}.png", np.zeros((4, 8, 3), "uint8"), exif=exif)
        # As the photo is seen, in another resolution: nothing is wrong.
        save(tmp_path, f"masks/{number}.png", np.zeros((8, 4) if orientation > 4 else (4, 8), "uint8"))
    data = of_files() | {"validation": None}
    raw = spec({key: value for key, value in data.items() if value is not None})
    del raw["data"]["validation"]
    root = Root(tmp_path, tmp_path)
    assert ready(raw, root)[1].train.rows == 4
    for number in (1, 2):
        save(tmp_path, f"masks/{number}.png", np.zeros((4, 8), "uint8"))
    (problem,) = check_data(load(raw), root)
    assert problem.code == "E407" and problem.path == ("data", "targets", "kinds")
    assert problem.message == "2 of 4 files of `photo` cannot be read, the first in row 1"
    assert "'photos/1.png' is turned by its EXIF data, and its labels 'masks/1.png' are not" in problem.notes[0]


def test_a_broken_file_is_named_with_its_place(root: Root, tmp_path: Path) -> None:
    (tmp_path / "masks/07.png").write_bytes(b"none")
    (problem,) = check_data(load(spec(of_files())), root)
    assert problem.message.startswith("`mask` in row 7: 'masks/07.png' has no image")
    assert problem.path == ("data", "targets", "kinds")


def test_the_digest_of_a_column_is_of_what_is_in_its_files(root: Root, tmp_path: Path) -> None:
    before = ready(spec(of_files()), root)[1].digests.train.digests
    assert ready(spec(of_files()), root)[1].digests.train.digests == before
    photos, _ = drawn()
    save(tmp_path, "photos/03.png", photos[4])
    after = ready(spec(of_files()), root)[1].digests.train.digests
    assert {name for name in before if before[name] != after[name]} == {"photo"}


def test_a_table_names_files_below_the_root(root: Root, tmp_path: Path) -> None:
    lines = [f"photos/{number:02}.png,masks/{number:02}.png" for number in range(ROWS)]
    (tmp_path / "rows.csv").write_text("\n".join(["photo,mask", *lines]))
    by_table = spec(of_files() | {"source": {"csv": "rows.csv"}})
    assert trained(by_table, root) == trained(spec(of_files()), root)
    (tmp_path / "rows.csv").write_text(
        "\n".join(["photo,mask", *lines[:3], "photos/none.png,masks/03.png", *lines[4:]])
    )
    with pytest.raises(RunError, match=r"`photo` in row 3, line 5 of 'rows.csv': there is no file 'photos/none.png'"):
        ready(by_table, root)
