"""Masks that the model computes of the data alone leave out of targets what they leave out of losses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.data_check import check_data, need_counted
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.known_masks import computed_masks, known_masks
from tests.runtime.small import ready, spec, write_rows

Numbers = np.ndarray[Any, Any]
ROWS, STEPS = 9, 4
IDS = np.where(
    np.arange(STEPS) < 1 + np.arange(ROWS)[:, None] % STEPS, 1 + np.arange(ROWS * STEPS).reshape(ROWS, STEPS) % 4, 0
)
PADDED = IDS == 0
TAGS = np.arange(ROWS * STEPS).reshape(ROWS, STEPS) % 3
EMBED = {"embedding": {"input_dim": 5, "output_dim": 3, "mask_zero": True}}
TAG = {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}
KNOWN = np.asarray([True, False, True, False, True, True, False, True, True])


def tagger(*between: Any, **others: Any) -> dict[str, Any]:
    """A model that gives each step of a sequence of ids a tag; the id 0 is padding."""
    raw = spec([EMBED, *between, TAG], **others)
    raw["model"]["inputs"] = {"s": {"shape": [STEPS], "dtype": "int32"}}
    return raw


def with_node(cast: list[Any], target: Any = None, loss: str = "cross_entropy") -> dict[str, Any]:
    """A classifier whose loss counts where the node `kept`, made of the input `known`, is true."""
    raw = spec(
        loss=None, losses={"y": {loss: None, "mask": "kept"}}, data={"targets": {"y": target or {"category": "y"}}}
    )
    raw["model"] = {
        "inputs": {"x": {"shape": [4]}, "known": {"shape": []}},
        "nodes": {
            "kept": {"from": "known", "layers": cast},
            "y": {"from": "x", "dense": {"units": 3, **({"activation": "softmax"} if loss == "cross_entropy" else {})}},
        },
        "outputs": ["y"],
    }
    return raw


@pytest.mark.parametrize(
    "between",
    [
        (),
        ({"lstm": {"units": 3, "return_sequences": True}},),
        ({"dropout": 0.5}, {"layer_norm": None}, {"residual": [{"dense": 3}]}),
        ({"dense": 3, "repeat": 3},),
    ],
)
@pytest.mark.parametrize("outside", [-1, 99])
def test_labels_of_padded_steps_may_be_anything(tmp_path: Path, between: tuple[Any, ...], outside: int) -> None:
    root = write_rows(tmp_path, ROWS, s=IDS, y=np.where(PADDED, outside, TAGS))
    task, dataset = ready(tagger(*between), root)
    np.testing.assert_array_equal(dataset.train.targets["y"][~PADDED], TAGS[~PADDED])
    np.testing.assert_array_equal(next(iter(dataset.train.masks.carried.values())), ~PADDED)
    need_counted(task, dataset)
    bad = np.where(PADDED, outside, TAGS)
    bad[5, 1] = 7
    with pytest.raises(RunError, match="1 label outside 0 to 2, the first is 7 in row 5"):
        ready(tagger(*between), write_rows(tmp_path, ROWS, s=IDS, y=bad))


def test_the_masks_of_masking_and_attach_mask_are_known(tmp_path: Path) -> None:
    x = np.where(PADDED[..., None], 0, np.random.default_rng(0).normal(size=(ROWS, STEPS, 2))).astype(np.float32)
    y = np.where(PADDED[..., None], np.nan, x[..., :1])
    raw = spec([{"masking": 0.0}, {"dense": {"units": 1}, "name": "y"}], loss="mean_squared_error")
    raw["model"]["inputs"] = {"x": {"shape": [STEPS, 2]}}
    raw["data"]["targets"] = {"y": {"array": "y"}}
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, x=x, y=y))
    assert np.isfinite(dataset.train.targets["y"]).all()
    raw["model"] = {
        "inputs": {"x": {"shape": [STEPS, 2]}, "real": {"shape": [STEPS], "dtype": "bool"}},
        "nodes": {"y": {"from": ["x", "real"], "layers": ["attach_mask", {"dense": 1}]}},
        "outputs": ["y"],
    }
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, x=x, y=y, real=~PADDED))
    assert np.isfinite(dataset.train.targets["y"]).all()


@pytest.mark.parametrize("cast", [[{"cast": "bool"}], [{"rescaling": 2.0}, {"cast": "bool"}]])
def test_what_a_node_of_the_inputs_leaves_out_may_be_anything(tmp_path: Path, cast: list[Any]) -> None:
    labels = np.where(KNOWN, np.arange(ROWS) % 3, -1)
    _, dataset = ready(with_node(cast), write_rows(tmp_path, ROWS, y=labels, known=KNOWN.astype(np.float32)))
    np.testing.assert_array_equal(dataset.train.targets["y"][KNOWN], labels[KNOWN])
    values = np.where(KNOWN[:, None], np.ones((ROWS, 3)), np.nan)
    raw = with_node(cast, {"array": "y"}, "mean_squared_error")
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, y=values, known=KNOWN.astype(np.float32)))
    assert np.isfinite(dataset.train.targets["y"]).all()


@pytest.mark.parametrize(
    "cast", [[{"reshape": [1]}, {"dense": 1}, {"reshape": []}, {"cast": "bool"}], [{"dropout": 0.5}, {"cast": "bool"}]]
)
def test_a_mask_of_weights_or_draws_leaves_out_nothing_and_it_is_said(tmp_path: Path, cast: list[Any]) -> None:
    root = write_rows(tmp_path, ROWS, y=np.where(KNOWN, np.arange(ROWS) % 3, -1), known=KNOWN.astype(np.float32))
    with pytest.raises(RunError, match="3 labels below 0") as raised:
        ready(with_node(cast), root)
    assert "has to do with weights or draws" in raised.value.helps[-1]
    root = write_rows(tmp_path, ROWS, y=np.arange(ROWS) % 3, known=KNOWN.astype(np.float32))
    task, dataset = ready(with_node(cast), root)
    assert not dataset.train.masks.values and dataset.train.masks.unknown == {*computed_masks(task).values}


def test_rows_of_which_the_model_masks_all_count_nothing(tmp_path: Path) -> None:
    ids = np.where(np.arange(ROWS)[:, None] < 6, IDS, 0)
    task, dataset = ready(tagger(data={"validation": {"last": 3}}), write_rows(tmp_path, ROWS, s=ids, y=TAGS))
    with pytest.raises(
        RunError, match="no validation row counts in the loss of `y`: the mask of the steps of `y` leaves"
    ):
        need_counted(task, dataset)


def test_balanced_weights_count_what_is_not_padded(tmp_path: Path) -> None:
    raw = tagger(loss={"cross_entropy": {"class_weight": "balanced"}})
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, s=IDS, y=TAGS))
    counts = np.bincount(TAGS[~PADDED], minlength=3)
    found: Any = balanced(task, dataset.train).terms[0].loss
    np.testing.assert_allclose([*found.class_weight.values()], counts.sum() / (3 * counts))


def test_a_monitor_of_equal_unpadded_targets_is_warned_of(tmp_path: Path) -> None:
    raw = tagger(data={"validation": {"last": 3}}, loss="mean_squared_error", monitor="validation/r2", metrics=["r2"])
    raw["model"]["layers"][-1] = {"dense": {"units": 1}, "name": "y"}
    raw["data"]["targets"] = {"y": {"array": "y"}}
    y = np.where(PADDED, 5.0, 1.0)[..., None]
    task, _ = ready(raw, root := write_rows(tmp_path, ROWS, s=IDS, y=y))
    assert [problem.code for problem in check_data(task, root) if problem.code == "W911"]


def test_rows_are_taken_with_their_masks_and_cut_into_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset = ready(tagger(), write_rows(tmp_path, ROWS, s=IDS, y=TAGS))
    part: Part = dataset.train.take(np.asarray([8, 0]))
    (mask,) = part.masks.carried.values()
    np.testing.assert_array_equal(mask, ~PADDED[[8, 0]])
    monkeypatch.setattr("modelc.runtime.data.row_batches.VALUES", 4 * STEPS)
    (again,) = known_masks(task, {"s": IDS.astype(np.int32)}).carried.values()
    np.testing.assert_array_equal(again, ~PADDED)
