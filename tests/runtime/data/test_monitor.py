"""A monitor that is NaN whatever is predicted is warned of before training, and no other."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics import METRICS
from modelc.runtime.data.data_check import report_monitor
from tests.runtime.small import ready, spec, write_rows

ROWS = 10
LEVELS = {
    "precision_at_recall": "recall",
    "recall_at_precision": "precision",
    "sensitivity_at_specificity": "specificity",
    "specificity_at_sensitivity": "sensitivity",
}
"""What metrics of a level take."""


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
    found = ["NaN" in warned(raw, tmp_path, target) for target in (y, one_hot)]
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


def test_r2_looks_at_what_a_mask_of_elements_leaves_of_each_value(tmp_path: Path) -> None:
    raw = regression(2, 4)
    raw["train"]["losses"] = {"y": {"mean_squared_error": None, "mask": "known"}}
    del raw["train"]["loss"]
    raw["data"]["targets"]["known"] = {"array": "known"}
    y = np.stack([np.arange(ROWS), np.full(ROWS, 2.0)], axis=1)
    known = np.ones((ROWS, 2), bool)
    assert not warned(raw, tmp_path, y, known=known)
    known[7:, 0] = False
    # One element of the first value is left, and equal ones of the second, which differ from it.
    assert "always be NaN" in warned(raw, tmp_path, y, known=known)
    known[7:, 0], known[:, 1] = True, False
    assert not warned(raw, tmp_path, np.where(known, y, np.nan), known=known)


YES_OR_NO = [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]]
ANSWERING: list[Any] = [
    "precision",
    "recall",
    {"f_beta": 1.0},
    "true_positives",
    "false_positives",
    "true_negatives",
    "false_negatives",
    "accuracy",
    "mean_iou",
    *({level: value} for level in LEVELS for value in (0.0, 0.4, 0.9)),
    *({level: {of: 0.4, "num_thresholds": 5}} for level, of in LEVELS.items()),
    {"auc": {"curve": "PR"}},
]


def verdicts(metric: Any, targets: Any, link: Link) -> tuple[list[str], list[set[float]]]:
    """For each of the targets: why the metric is constant, and its values over right, wrong, equal and drawn answers.

    Targets are labels `[targets, rows]` for a softmax, and answers for a sigmoid.
    """
    built, output = METRICS.build(metric), TensorType((3,) if link == "softmax" else (1,))
    rows = np.eye(3)[targets] if link == "softmax" else targets[..., None]
    drawn = np.random.default_rng(0).dirichlet(np.ones(3), (3, *targets.shape))[..., : rows.shape[-1]]
    answers = np.stack([rows, 1 - rows, 0 * rows, 0 * rows + 1, *drawn])
    everywhere, pairs = np.ones(targets.shape[1], np.float32), np.broadcast_arrays(answers, rows)

    def sums_of(prediction: jax.Array, target: jax.Array) -> Mapping[str, jax.Array]:
        return built.sums(prediction, target, everywhere, link)

    alone: Any = jax.vmap(jax.vmap(sums_of))
    sums = jax.device_get(alone(*(jnp.asarray(array, jnp.float32) for array in pairs)))
    said, values = [], []
    for place, target in enumerate(rows):
        said.append(built.constant(target, np.ones(target.shape, bool), output, link))
        each = ({name: value[answer, place] for name, value in sums.items()} for answer in range(len(answers)))
        values.append(set(map(built.result, each)))
    return said, values


@pytest.mark.parametrize("metric", ANSWERING, ids=str)
def test_a_metric_of_answers_is_constant_where_all_answers_have_one_value(metric: Any) -> None:
    """The metric itself is the oracle."""
    for said, values in zip(*verdicts(metric, np.asarray(YES_OR_NO), "sigmoid"), strict=True):
        assert bool(said) == (len(values) == 1 and not math.isnan(min(values)))
        assert not said or said.endswith(f"so that it is {values.pop():g}")


@pytest.mark.parametrize("kind", ["precision", "recall", "true_positives", "false_positives", "false_negatives"])
def test_a_metric_of_a_class_that_no_target_has_is_constant(kind: str) -> None:
    labels = np.asarray([[0, 1, 0, 1], [2, 2, 2, 2], [0, 1, 2, 2]])
    for arguments in ({}, {"class_id": 2}):
        said, values = verdicts({kind: arguments}, labels, "softmax")
        assert [bool(why) for why in said] == [len(found) == 1 for found in values]
        built, output = METRICS.build({kind: arguments}), TensorType((3,))
        assert said == [built.constant(target, np.ones(4, bool), output, "softmax") for target in labels]


def test_the_warning_says_what_the_targets_are(tmp_path: Path) -> None:
    raw = spec(
        [{"dense": 1, "name": "y"}], loss="binary_cross_entropy", metrics=["recall"], monitor="validation/recall"
    )
    raw["data"] |= {"validation": {"last": 4}, "targets": {"y": {"array": "y"}}}
    start = "W911 `validation/recall` will always have the same value: in 4 validation rows, "
    assert warned(raw, tmp_path, np.arange(ROWS) < 6) == start + "no target is a yes, so that it is 0"
    raw["train"] |= {"metrics": [{"recall_at_precision": 0.3}], "monitor": "validation/recall_at_precision"}
    start = start.replace("recall", "recall_at_precision")
    assert warned(raw, tmp_path, np.arange(ROWS) % 2) == start + "2 of 4 targets are a yes, so that it is 1"
    assert warned(raw, tmp_path, np.arange(ROWS) > 3) == start + "every target is a yes, so that it is 1"


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
