"""Metrics inside compiled loops: evaluation says of trained weights what scikit-learn says of their predictions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import evaluate, predict
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.compiler.library.metrics.batching import Numbers
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher


def trained(folder: Path, raw: dict[str, Any], **columns: Numbers) -> tuple[dict[str, float], Numbers, Numbers]:
    """What evaluation says of the training rows, the predictions, and the targets."""
    task, dataset = ready(raw, write_rows(folder, 29, **columns))
    watcher = Watcher()
    prepared = prepare(task)
    fit(prepared, dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    last = watcher.snapshots[-1]
    said = evaluate(prepared, last.params, last.state, dataset.train)
    outputs = predict(prepared, last.params, last.state, dataset.train.inputs, dataset.train.rows)
    assert all(np.isfinite(value) for value in watcher.records[-1].values.values())
    return said, outputs["y"], dataset.train.targets["y"]


@pytest.mark.parametrize("activation", ["softmax", "linear"])
def test_metrics_of_classes(tmp_path: Path, activation: str) -> None:
    names = ["precision", "recall", "f_beta", "mean_iou", "cross_entropy", "true_positives", {"top_k_accuracy": 2}]
    layers = [{"dense": {"units": 3, "activation": activation}, "name": "y"}]
    loss = {"cross_entropy": {"class_weight": {"0": 2.0}}}
    said, output, labels = trained(tmp_path, spec(layers, loss=loss, metrics=[*names, {"auc": "PR"}]))
    answers, options = output.argmax(-1), {"average": "macro"}
    assert said["precision"] == pytest.approx(sklearn.precision_score(labels, answers, **options))
    assert said["recall"] == pytest.approx(sklearn.recall_score(labels, answers, **options))
    assert said["f_beta"] == pytest.approx(sklearn.f1_score(labels, answers, **options))
    assert said["mean_iou"] == pytest.approx(sklearn.jaccard_score(labels, answers, **options))
    assert said["true_positives"] == np.sum(labels == answers)
    assert said["top_k_accuracy"] == pytest.approx(sklearn.top_k_accuracy_score(labels, output, k=2))
    losses = -np.log(output[np.arange(len(labels)), labels])
    assert said["cross_entropy"] == pytest.approx(losses.mean(), rel=1e-5)
    assert said["loss"] == pytest.approx((losses * np.where(labels == 0, 2, 1)).sum() / len(labels), rel=1e-5)
    areas = [sklearn.average_precision_score(labels == place, output[:, place]) for place in range(3)]
    assert said["auc"] == pytest.approx(np.mean(areas), abs=1e-6)


def test_metrics_of_yes_or_no(tmp_path: Path) -> None:
    layers = [{"dense": {"units": 1}, "name": "y"}]
    metrics = ["accuracy", "precision", "binary_cross_entropy", "mean_iou", "false_negatives", {"auc": {}}]
    raw = spec(layers, loss="binary_focal_cross_entropy", metrics=metrics, data={"targets": {"y": {"array": "y"}}})
    said, output, truth = trained(tmp_path, raw, y=(np.arange(29) % 3 == 0).astype(np.float32))
    yes, right = output[:, 0] > 0.5, truth.ravel() > 0.5
    assert said["accuracy"] == pytest.approx(np.mean(yes == right))
    assert said["precision"] == pytest.approx(sklearn.precision_score(right, yes, zero_division=0))
    assert said["binary_cross_entropy"] == pytest.approx(sklearn.log_loss(right, output[:, 0]), rel=1e-5)
    assert said["mean_iou"] == pytest.approx(sklearn.jaccard_score(right, yes, average="macro"))
    assert said["false_negatives"] == np.sum(right & ~yes)
    assert said["auc"] == pytest.approx(sklearn.roc_auc_score(right, output[:, 0]), abs=1e-6)


def test_metrics_of_numbers(tmp_path: Path) -> None:
    layers = [{"dense": {"units": 2}, "name": "y"}]
    raw = spec(layers, loss="huber", metrics=["r2", "root_mean_squared_error"], data={"targets": {"y": {"array": "y"}}})
    y = np.random.default_rng(2).normal(size=(29, 2)).astype(np.float32)
    said, output, truth = trained(tmp_path, raw, y=y)
    assert said["r2"] == pytest.approx(sklearn.r2_score(truth, output), rel=1e-6)
    assert said["root_mean_squared_error"] == pytest.approx(np.sqrt(np.mean((truth - output) ** 2)), rel=1e-5)


@pytest.mark.parametrize("name", ["accuracy", "top_k_accuracy", "precision", "mean_iou", "categorical_hinge"])
def test_right_answers_are_counted_of_classes_only(tmp_path: Path, name: str) -> None:
    targets = np.random.default_rng(0).normal(size=(29, 3)).astype(np.float32)
    layers = [{"dense": 3, "name": "y"}]
    metric = {name: 2} if name.startswith("top") else name
    raw = spec(layers, loss="mean_squared_error", metrics=[metric], data={"targets": {"y": {"array": "y"}}})
    with pytest.raises(RunError, match="outside 0 to 1") as caught:
        ready(raw, write_rows(tmp_path, 29, y=targets))
    assert caught.value.notes == (f"the metric `{name}` counts correct classes",)
    one_hot = np.eye(3, dtype=np.float32)[targets.argmax(-1)]
    assert ready(raw, write_rows(tmp_path, 29, y=one_hot))


RANDOM = np.random.default_rng(41)
SCORES: dict[str, Any] = {
    "near 0": lambda x: x / 2 - 9,
    "near 1": lambda x: x / 2 + 11,
    "near 0.5": lambda x: x * 1e-4,
    "beyond what probabilities tell apart": lambda x: 80 * np.sign(x) + x,
    "few": lambda x: np.round(x) + 3,
}


def logged(folder: Path, raw: dict[str, Any], rows: int, *, chunk: int, **columns: Numbers) -> list[dict[str, float]]:
    """The values of the log and of evaluation, of a model that training leaves as it is."""
    raw["train"] |= {"optimizer": {"sgd": 1e-30}, "epochs": 1, "batch_size": 7}
    raw["model"]["inputs"] = {"x": {"shape": list(columns["x"].shape[1:])}}
    raw["data"] |= {"targets": {"y": {"array": "y"}}, "validation": {"last": rows // 3}}
    task, dataset = ready(raw, write_rows(folder, rows, **columns))
    watcher, prepared = Watcher(), prepare(task)
    fit(prepared, dataset, Execution("scan", chunk, "test"), watcher, lambda: False)
    last = watcher.snapshots[-1]
    values = watcher.records[-1].values
    assert dataset.validation is not None
    return [
        {key.removeprefix("train/"): value for key, value in values.items() if key.startswith("train/")},
        evaluate(prepared, last.params, last.state, dataset.train),
        {key.removeprefix("validation/"): value for key, value in values.items() if key.startswith("validation/")},
        evaluate(prepared, last.params, last.state, dataset.validation),
    ]


def parts(values: Numbers) -> list[Numbers]:
    """The rows that the values of `logged` are of: training rows twice, validation rows twice."""
    kept = len(values) - len(values) // 3
    return [values[:kept], values[:kept], values[kept:], values[kept:]]


@pytest.mark.parametrize("crowd", SCORES)
def test_areas_are_those_of_scikit_learn_wherever_scores_crowd(tmp_path: Path, crowd: str) -> None:
    hidden = RANDOM.normal(size=(150, 1))
    truth = (hidden + RANDOM.normal(size=hidden.shape) > 0.8).astype(np.float32)
    scores = np.asarray(SCORES[crowd](hidden), np.float32)
    raw = spec([{"dense": {"units": 1, "kernel_initializer": "ones", "activation": "sigmoid"}, "name": "y"}])
    raw["train"] |= {"loss": "binary_cross_entropy", "metrics": ["auc", {"recall_at_precision": 0.6}]}
    for said, yes, score in zip(
        logged(tmp_path, raw, 150, chunk=4, x=scores, y=truth), parts(truth), parts(scores), strict=True
    ):
        assert said["auc"] == pytest.approx(sklearn.roc_auc_score(yes, score), abs=1e-6)
        precision, recall, _ = sklearn.precision_recall_curve(yes, score)
        assert said["recall_at_precision"] == pytest.approx(recall[precision >= 0.6].max(), abs=1e-6)


@pytest.mark.parametrize("size", [1.0, 30.0, 300.0])
def test_areas_of_classes_are_those_of_their_logits(tmp_path: Path, size: float) -> None:
    logits = (size * RANDOM.normal(size=(90, 3))).astype(np.float32)
    truth = np.eye(3, dtype=np.float32)[(logits / size + RANDOM.normal(size=logits.shape)).argmax(-1)]
    raw = spec([{"dense": {"units": 3, "kernel_initializer": "identity", "activation": "softmax"}, "name": "y"}])
    raw["train"] |= {"metrics": ["auc", {"top_k_accuracy": 2}]}
    others = [np.delete(logits.astype(np.float64), place, axis=1) for place in range(3)]
    odds = np.stack([logits[:, place] - np.logaddexp(*others[place].T) for place in range(3)], axis=1)
    for said, labels, score in zip(
        logged(tmp_path, raw, 90, chunk=256, x=logits, y=truth), parts(truth), parts(odds), strict=True
    ):
        assert said["auc"] == pytest.approx(sklearn.roc_auc_score(labels, score), abs=1e-4)
        wanted = sklearn.top_k_accuracy_score(labels.argmax(-1), score, k=2)
        assert said["top_k_accuracy"] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("far", "wide"), [(0.0, 1.0), (-7000.0, 11.0), (1e6, 1.0), (1e8, 100.0)])
def test_r2_is_that_of_scikit_learn_however_far_from_0_targets_lie(tmp_path: Path, far: float, wide: float) -> None:
    truth = (far + wide * RANDOM.normal(size=(120, 1))).astype(np.float32)
    guesses = (truth + wide * RANDOM.normal(size=truth.shape)).astype(np.float32)
    raw = spec([{"dense": {"units": 1, "kernel_initializer": "ones"}, "name": "y"}])
    raw["train"] |= {"loss": "mean_absolute_error", "metrics": ["r2"]}
    for said, target, guess in zip(
        logged(tmp_path, raw, 120, chunk=5, x=guesses, y=truth), parts(truth), parts(guesses), strict=True
    ):
        wanted = sklearn.r2_score(target.astype(np.float64), guess.astype(np.float64))
        assert said["r2"] == pytest.approx(wanted, rel=1e-5, abs=1e-5)
