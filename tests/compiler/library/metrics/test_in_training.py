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
    assert said["auc"] == pytest.approx(np.mean(areas), abs=0.05)


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
    assert said["auc"] == pytest.approx(sklearn.roc_auc_score(right, output[:, 0]), abs=0.02)


def test_metrics_of_numbers(tmp_path: Path) -> None:
    layers = [{"dense": {"units": 2}, "name": "y"}]
    raw = spec(layers, loss="huber", metrics=["r2", "root_mean_squared_error"], data={"targets": {"y": {"array": "y"}}})
    y = np.random.default_rng(2).normal(size=(29, 2)).astype(np.float32)
    said, output, truth = trained(tmp_path, raw, y=y)
    assert said["r2"] == pytest.approx(sklearn.r2_score(truth, output), rel=1e-4)
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
