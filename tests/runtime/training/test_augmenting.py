"""Rows that are changed in training: images and their labels alike, mixtures by their formulas, the same on every device."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import SpecError
from modelc.compiler.library.augmentations import AUGMENTATIONS
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.augmentation import Augmented
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, write_rows
from tests.runtime.watching import Watcher

ROWS, SIZE, CLASSES = 24, 8, 3
KEY = jax.random.key(5)
VALID = jnp.arange(ROWS) < 20
PHOTO = Augmented("photo", TensorType((SIZE, SIZE, 3)), is_target=False)
MASK = Augmented("mask", TensorType((SIZE, SIZE), "int32"), is_target=True, labels=True, classes=CLASSES)
KIND = Augmented("kind", TensorType((), "int32"), is_target=True, labels=True, classes=CLASSES)
PRICE = Augmented("price", TensorType((1,)), is_target=True)
DRAW = np.random.default_rng(0)
LABELS = DRAW.integers(0, CLASSES, (ROWS, SIZE, SIZE)).astype("int32")


def change(thing: Any, parts: list[Augmented], arrays: list[Any], key: Any = KEY, valid: Any = VALID) -> list[Any]:
    by = AUGMENTATIONS.build(thing)
    by.check_parts(parts)
    return [
        np.asarray(one) for one in jax.jit(lambda a: by.augment(key, parts, a, valid))([jnp.asarray(a) for a in arrays])
    ]


@pytest.mark.parametrize(
    "thing",
    [
        {"random_flip": "horizontal"},
        "random_flip",
        {"random_rotation": {"factor": 0.2, "interpolation": "nearest"}},
        {"random_zoom": {"height_factor": 0.4, "width_factor": 0.2, "interpolation": "nearest"}},
        {
            "random_translation": {
                "height_factor": 0.3,
                "width_factor": 0.3,
                "interpolation": "nearest",
                "fill_mode": "wrap",
            }
        },
        {"random_shear": {"x_factor": 0.3, "interpolation": "nearest"}},
    ],
)
def test_a_photo_and_its_labels_change_alike(thing: Any) -> None:
    photo = np.repeat(LABELS[..., None], 3, -1).astype("float32")
    changed, labels = change(thing, [PHOTO, MASK], [photo, LABELS])
    np.testing.assert_array_equal(changed[..., 0], labels)
    assert labels.dtype == np.int32 and (labels != LABELS).any()
    # Rows are drawn by their places alone.
    again, _ = change(thing, [PHOTO, MASK], [np.roll(photo, 3, 0), LABELS])
    assert (again != np.roll(changed, 3, 0)).any()
    alone = change(thing, [PHOTO], [np.where(np.arange(ROWS)[:, None, None, None] == 4, photo, 0)])[0]
    np.testing.assert_array_equal(alone[4], changed[4])


def test_labels_are_never_mixed_and_beyond_the_edges_left_out() -> None:
    thing = {"random_translation": {"height_factor": 0.5, "width_factor": 0.5, "fill_mode": "constant"}}
    part = MASK._replace(leaves_out=True)
    photo = np.ones((ROWS, SIZE, SIZE, 3), "float32")
    changed, labels = change(thing, [PHOTO, part], [photo, LABELS])
    assert set(np.unique(labels)) == {-1, 0, 1, 2}
    assert (changed[labels == -1] < 1).all() and (changed[..., 0][labels >= 0] >= 0.25).all()


def test_pixels_of_bytes_are_rounded_and_stay_in_their_range() -> None:
    photo = DRAW.integers(0, 256, (ROWS, SIZE, SIZE, 3)).astype("uint8")
    part = PHOTO._replace(type=TensorType((SIZE, SIZE, 3), "uint8"))
    thing = {"random_rotation": 0.2}
    found = change(thing, [part], [photo])[0]
    exact = change(thing, [PHOTO], [photo.astype("float32")])[0]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.clip(np.rint(exact), 0, 255))


def pairs(photo: Any, changed: Any, own: Any) -> list[int]:
    """The row that each row was mixed with, as `own`, how much of itself it kept `[rows, ...]`, says."""
    rest = (changed - own * photo) / (1 - own)
    distance = np.abs(rest[:, None] - photo[None]).reshape(ROWS, ROWS, -1).mean(-1)
    assert (distance.min(1)[own.reshape(ROWS, -1).mean(1) < 0.99] < 0.01).all()
    found: list[int] = distance.argmin(1).tolist()
    return found


def test_mixup_is_a_weighted_mean_of_two_rows_and_of_their_targets() -> None:
    photo = DRAW.normal(size=(ROWS, SIZE, SIZE, 3)).astype("float32")
    kind, price = DRAW.integers(0, CLASSES, ROWS).astype("int32"), DRAW.normal(size=(ROWS, 1)).astype("float32")
    ones = np.broadcast_to(np.arange(ROWS, dtype="float32")[:, None], (ROWS, 1))
    changed, kinds, prices, places = change({"mixup": 0.4}, [PHOTO, KIND, PRICE, PRICE], [photo, kind, price, ones])
    # Each valid row is the other one of one row, and a row mixed with itself stands for padding.
    for rows in (range(20), range(20, ROWS)):
        for row in rows:
            inside = [other for other in rows if other != row] if row < 20 else [row]
            fits = [
                (other, part)
                for other in inside
                for part in [0.5 if other == row else (places[row, 0] - other) / (row - other)]
                if np.allclose(changed[row], part * photo[row] + (1 - part) * photo[other], atol=1e-4)
            ]
            assert fits, row
            other, part = fits[0]
            assert -1e-3 <= part <= 1 + 1e-3
            eye = np.eye(CLASSES)
            np.testing.assert_allclose(kinds[row], part * eye[kind[row]] + (1 - part) * eye[kind[other]], atol=1e-3)
            np.testing.assert_allclose(prices[row], part * price[row] + (1 - part) * price[other], atol=1e-3)
    assert kinds.dtype == np.float32
    # A row is mixed with others in other steps.
    assert (change({"mixup": 0.4}, [PHOTO], [photo], jax.random.key(6))[0] != changed).any()


def test_the_parts_of_mixup_have_the_beta_distribution() -> None:
    rows = 20_000
    x = np.arange(rows, dtype="float32")[:, None]
    valid = jnp.ones(rows, bool)
    by = AUGMENTATIONS.build({"mixup": 0.3})
    part = np.asarray(by.own_parts(KEY, [PRICE], rows)[0])  # type: ignore[attr-defined]  # of mixtures alone
    assert part.mean() == pytest.approx(0.5, abs=0.01) and part.var() == pytest.approx(
        1 / (4 * (2 * 0.3 + 1)), abs=0.005
    )
    assert change({"mixup": 0.3}, [PRICE], [x], valid=valid)[0].mean() == pytest.approx(x.mean(), rel=0.02)


def test_cutmix_cuts_a_box_and_mixes_labels_by_its_area() -> None:
    photo = np.broadcast_to(np.arange(1, ROWS + 1, dtype="float32")[:, None, None, None], (ROWS, SIZE, SIZE, 3)).copy()
    kind = np.arange(ROWS, dtype="int32")
    part = KIND._replace(classes=ROWS)
    changed, kinds = change({"cutmix": 1.0}, [PHOTO, part], [photo, kind])
    areas = []
    for row in range(20):
        values, counts = np.unique(changed[row, ..., 0], return_counts=True)
        assert set(values) <= set(range(1, 21)) and len(values) <= 2
        for value, count in zip(values, counts, strict=True):
            assert kinds[row, int(value) - 1] == pytest.approx(count / SIZE**2, abs=1e-6)
        box = np.argwhere(changed[row, ..., 0] != row + 1)
        if len(box):
            height, width = box.max(0) - box.min(0) + 1
            assert len(box) == height * width
            areas.append(len(box))
    assert len(set(areas)) > 3
    np.testing.assert_array_equal(changed[20:], photo[20:])
    np.testing.assert_array_equal(kinds.sum(-1), 1)


def spec(augment: Any, **train: Any) -> dict[str, Any]:
    layers: list[Any] = [{"rescaling": 1 / 255}, "flatten", {"dense": 8}, "batch_norm", "relu", {"dropout": 0.2}]
    layers.append({"dense": {"units": CLASSES, "activation": "softmax"}, "name": "kind"})
    return {
        "modelc": 1,
        "model": {"inputs": {"photo": {"shape": [SIZE, SIZE, 3]}}, "layers": layers},
        "data": {
            "source": {"npz": "rows.npz"},
            "targets": {"kind": {"category": {"column": "kind", "classes": CLASSES}}},
            "validation": {"last": 5},
            "augment": augment,
        },
        "train": {
            "loss": "cross_entropy", "metrics": ["accuracy"], "optimizer": "adam", "batch_size": 8, "epochs": 4, **train,
        },
    }  # fmt: skip


EVERYTHING = [{"random_flip": "horizontal"}, {"random_rotation": 0.1}, {"mixup": 0.3}, {"cutmix": 1.0, "of": "photo"}]


def rows(folder: Path) -> Any:
    draw = np.random.default_rng(1)
    photo = draw.integers(0, 256, (34, SIZE, SIZE, 3)).astype("uint8")
    return write_rows(folder, 34, photo=photo, kind=photo.mean((1, 2)).argmax(-1).astype("int32"))


def trained(folder: Path, raw: Mapping[str, Any], kind: Any = "scan", steps: int = 256) -> list[Mapping[str, float]]:
    task, dataset = ready(raw, rows(folder))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution(kind, steps, "test"), watcher, lambda: False)
    return [record.values for record in watcher.records]


def test_training_changes_rows_and_evaluation_does_not(tmp_path: Path) -> None:
    plain, changed = trained(tmp_path, spec([])), trained(tmp_path, spec(EVERYTHING))
    assert plain != changed == trained(tmp_path, spec(EVERYTHING))
    assert changed == trained(tmp_path, spec(EVERYTHING), "single", 3)
    still = spec([{"random_rotation": [0, 0]}])
    assert [one["validation/loss"] for one in trained(tmp_path, still)] == pytest.approx(
        [one["validation/loss"] for one in plain], rel=1e-4
    )


def test_training_has_no_metric_of_targets_that_it_mixes(tmp_path: Path) -> None:
    (last, *_) = trained(tmp_path, spec(EVERYTHING))[-1:]
    assert set(last) == {"train/loss", "validation/loss", "validation/accuracy"}
    assert "train/accuracy" in trained(tmp_path, spec(EVERYTHING[:2]))[-1]
    with pytest.raises(SpecError) as caught:
        trained(tmp_path, spec(EVERYTHING, monitor="train/accuracy"))
    assert caught.value.problems[0].code == "E503"


@pytest.mark.parametrize(
    ("augment", "code", "said"),
    [
        ([{"random_flip": "horizontal", "of": ["photo", "kind"]}], "E309", "`kind` has rows of shape"),
        ([{"random_grayscale": None, "of": ["photos"]}], "E205", "`photos` is no input and no target"),
        ([{"mixup": 0.2, "of": []}], "E104", "`of`"),
        ([{"random_hue": {"factor": 0.1, "value_range": [1, 0]}}], "E309", "`value_range` goes from 1 to 0"),
        ([{"mixup": 0}], "E106", "alpha"),
    ],
)
def test_what_cannot_be_changed_is_an_error_where_it_stands(augment: Any, code: str, said: str) -> None:
    raw = spec(augment)
    raw["data"]["source"] = "cifar10"
    raw["model"]["inputs"]["photo"]["shape"] = [32, 32, 3]
    raw["data"] |= {"inputs": {"photo": {"array": "image"}}, "targets": {"kind": {"category": "label"}}}
    raw["model"]["layers"][-1]["dense"]["units"] = 10
    (problem,) = check(json.dumps(raw), "spec.json").errors
    assert problem.code == code and said in problem.message
    assert problem.path[:3] == ("data", "augment", 0)


def test_numbers_are_mixed_for_every_loss_and_masks_are_refused() -> None:
    raw = spec([{"mixup": 0.2}], metrics=[])
    raw["data"]["source"] = "cifar10"
    raw["model"]["inputs"]["photo"]["shape"] = [32, 32, 3]
    raw["data"] |= {"inputs": {"photo": {"array": "image"}}, "targets": {"kind": {"category": "label"}}}
    raw["model"]["layers"][-1] = {"dense": 10, "name": "kind"}
    raw["train"]["loss"] = "mean_squared_error"
    raw["data"]["targets"] = {"kind": {"one_hot": {"column": "label", "classes": 10}}}
    assert not check(json.dumps(raw), "spec.json").errors
    raw["train"]["losses"] = {"kind": {"cross_entropy": None, "mask": "known"}}
    del raw["train"]["loss"]
    raw["data"]["targets"] = {"kind": {"category": "label"}, "known": {"array": "label"}}
    (problem,) = check(json.dumps(raw), "spec.json").errors
    assert problem.code == "E309" and "of mixed rows there is no mask" in problem.message


def test_vectors_of_several_columns_are_mixed_and_their_ids_are_not(tmp_path: Path) -> None:
    names = np.array([*"abcabcab"])
    root = write_rows(tmp_path, 8, shop=names, street=names[::-1].copy(), kind=np.arange(8, dtype="int32") % CLASSES)
    raw = spec([{"mixup": 0.2}], metrics=[], batch_size=3)
    raw["model"] = {"inputs": {"places": {"shape": [7]}}, "layers": [{"dense": CLASSES, "name": "kind"}]}
    columns = {"columns": {"shop": 4, "street": 3}}
    raw["data"]["inputs"] = {"places": {"category_columns": {**columns, "one_hot": True}}}
    assert ready(raw, root)[0].augment
    embedded = [{"embedding": {"input_dim": 7, "output_dim": 2}}, "flatten", *raw["model"]["layers"]]
    raw["model"] = {"inputs": {"places": {"shape": [2], "dtype": "int32"}}, "layers": embedded}
    raw["data"]["inputs"] = {"places": {"category_columns": columns}}
    with pytest.raises(SpecError) as caught:
        ready(raw, root)
    (problem,) = caught.value.problems
    assert problem.code == "E309" and "`places` has labels of shape [2]" in problem.message


PROGRAM = """
import json, sys
from pathlib import Path
from modelc.runtime.training.parallelism import Parallelism
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready
from tests.runtime.training.test_augmenting import EVERYTHING, rows, spec
from tests.runtime.watching import Watcher

found = {}
for data in (1, 4, 8):
    task, dataset = ready(spec(EVERYTHING, batch_size=8), rows(Path(sys.argv[1])))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test", Parallelism(data=data)), watcher, lambda: False)
    found[data] = [record.values["train/loss"] for record in watcher.records]
print(json.dumps(found))
"""


def test_the_number_of_devices_changes_rounding_only(tmp_path: Path) -> None:
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={**os.environ, "XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = json.loads(ended.stdout)
    assert found["4"] == pytest.approx(found["1"], rel=1e-4) and found["8"] == pytest.approx(found["1"], rel=1e-4)
