"""A monitor that is NaN whatever is predicted is warned of before training, and no other."""

import math
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.metrics import METRICS
from modelc.runtime.data.data_check import report_monitor
from tests.runtime.small import ready, spec, write_rows

ROWS = 10


def warned(raw: dict[str, Any], folder: Path, y: Any, **columns: Any) -> str:
    """The message about the monitor, with its code; empty where there is none."""
    problems = report_monitor(*ready(raw, write_rows(folder, ROWS, y=np.asarray(y), **columns)))
    return "".join(f"{problem.code} {problem.message}" for problem in problems)


def regression(width: int = 1, validation: Any = 1, **train: Any) -> dict[str, Any]:
    train = {"metrics": ["r2", "mean_absolute_error"], "monitor": "validation/r2", **train}
    data = {"targets": {"y": {"array": "y"}}, "validation": {"last": validation}}
    return spec([{"dense": width, "name": "y"}], loss="mean_squared_error", data=data, **train)


def test_r2_of_one_row_or_of_equal_targets_has_no_value(tmp_path: Path) -> None:
    y = np.arange(ROWS, dtype=np.float32)
    said = "W911 `validation/r2` will always be NaN: in "
    assert warned(regression(), tmp_path, y) == said + "1 validation row, all targets are equal"
    assert warned(regression(validation=4), tmp_path, y // 6) == said + "4 validation rows, all targets are equal"
    assert not warned(regression(validation=2), tmp_path, y)
    # One value of several is enough.
    assert not warned(regression(2, 3), tmp_path, np.stack([y, np.zeros(ROWS)], axis=1))
    assert warned(regression(2, 3), tmp_path, np.ones((ROWS, 2)))


@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize(
    ("metric", "labels", "roc", "pr"),
    [
        ({}, [1, 1, 1, 1], True, False),
        ({}, [0, 0, 0, 0], True, False),
        ({}, [0, 2, 0, 0], False, False),
        ({"class_id": 1}, [0, 2, 0, 0], True, True),
        ({"class_id": 1}, [1, 1, 1, 1], True, False),
        ({"class_id": 2}, [0, 2, 0, 0], False, False),
        ({"average": "micro"}, [1, 1, 1, 1], False, False),
    ],
)
def test_auc_without_a_curve_has_no_value(
    tmp_path: Path, curve: str, metric: dict[str, Any], labels: list[int], roc: bool, pr: bool
) -> None:
    """The metric itself is the oracle: NaN for any scores."""
    raw = spec([{"dense": 3, "name": "y"}], metrics=[{"auc": {"curve": curve, **metric}}], monitor="validation/auc")
    raw["data"] |= {"validation": {"last": 4}, "targets": {"y": {"array": "y"}}}
    y: Any = np.asarray([0, 1, 2, 0, 1, 2, *labels], np.int32)
    one_hot = np.eye(3, dtype=np.float32)[y]
    found = [bool(warned(raw, tmp_path, target)) for target in (y, one_hot)]
    assert found == [roc if curve == "ROC" else pr] * 2
    chance = np.random.default_rng(0).dirichlet(np.ones(3), 4).astype(np.float32)
    auc = METRICS.build({"auc": {"curve": curve, **metric}})
    sums = auc.sums(jnp.asarray(chance), jnp.asarray(one_hot[-4:]), jnp.ones(4, np.float32), "softmax")
    assert math.isnan(auc.result(jax.device_get(sums))) == found[0]


def test_auc_of_yes_or_no_needs_both(tmp_path: Path) -> None:
    raw = spec([{"dense": 1, "name": "y"}], loss="binary_cross_entropy", metrics=["auc"], monitor="validation/auc")
    raw["data"] |= {"validation": {"last": 4}, "targets": {"y": {"array": "y"}}}
    y = np.arange(ROWS) % 2
    assert not warned(raw, tmp_path, y)
    said = (
        "W911 `validation/auc` will always be NaN: in 4 validation rows, no class has a yes and a no among the targets"
    )
    assert warned(raw, tmp_path, np.where(np.arange(ROWS) < 6, y, 1)) == said


def test_only_the_monitor_is_looked_at_and_in_its_rows(tmp_path: Path) -> None:
    y = np.where(np.arange(ROWS) < 9, 1.0, 5.0)
    assert not warned(regression(monitor="validation/loss"), tmp_path, y)
    assert not warned(regression(monitor="validation/mean_absolute_error"), tmp_path, y)
    assert "in 9 training rows, all targets are equal" in warned(regression(monitor="train/r2"), tmp_path, y)


@pytest.mark.parametrize(("kept", "found"), [([7, 8, 9], False), ([8], True), ([], True)])
def test_targets_that_a_mask_leaves_out_do_not_count(tmp_path: Path, kept: list[int], found: bool) -> None:
    raw = regression(validation=3)
    raw["train"]["losses"] = {"y": {"mean_squared_error": None, "mask": "known", "weight": 0}}
    del raw["train"]["loss"]
    raw["data"]["targets"]["known"] = {"array": "known"}
    known = np.isin(np.arange(ROWS), [0, 1, *kept])
    message = warned(raw, tmp_path, np.where(known, np.arange(ROWS), np.nan), known=known)
    assert bool(message) == found


@pytest.mark.parametrize(
    ("metric", "targets", "said"),
    [
        ("pearson_correlation", np.full((ROWS, 3), 7.5), "all values of each target are equal"),
        ("pearson_correlation", np.arange(ROWS)[:, None] * np.ones(3), "all values of each target are equal"),
        ("concordance_correlation", np.full((ROWS, 3), 7.5), "all values of each target are equal"),
        ("cosine_similarity", np.zeros((ROWS, 3)), "all targets are 0"),
        ("pearson_correlation", np.eye(ROWS)[:, -3:], ""),
        ("cosine_similarity", np.ones((ROWS, 3)), ""),
    ],
)
def test_a_metric_that_is_the_same_whatever_is_predicted_is_no_monitor(
    tmp_path: Path, metric: str, targets: Any, said: str
) -> None:
    raw = regression(3, 4, metrics=[metric], monitor=f"validation/{metric}")
    message = warned(raw, tmp_path, targets)
    assert message.startswith(f"W911 `validation/{metric}` will always have the same value: in 4" if said else "")
    assert said in message and bool(said) == bool(message)
    truth = jnp.asarray(targets[-4:], jnp.float32)
    built = METRICS.build(metric)
    drawn = [np.random.default_rng(seed).normal(size=truth.shape).astype(np.float32) for seed in range(3)]
    found = [built.sums(jnp.asarray(y), truth, jnp.ones(4, np.float32), None) for y in drawn]
    scores = {round(built.result({name: float(value) for name, value in sums.items()}), 6) for sums in found}
    assert (len(scores) == 1) == bool(said)
