"""Metrics with `per_class: true`: the values of classes in the log are scikit-learn's, have their names, and can be monitored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn

from modelc.compiler.api import check
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import predict
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.cli.commands import modelc
from tests.compiler.library.metrics.batching import Numbers, measure, together
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

NAMES = ("cat", "a/b", "dog")
EACH = {"per_class": True}
METRICS_OF_CLASSES: list[Any] = [
    {"recall": EACH},
    {"precision": {"average": "micro", **EACH}, "name": "found"},
    {"f_beta": {"beta": 2.0, **EACH}},
    {"mean_iou": EACH},
    {"auc": EACH},
    {"auc": {"curve": "PR", "num_thresholds": 5, **EACH}, "name": "coarse"},
    {"false_positives": EACH},
]


def of_classes(**train: Any) -> dict[str, Any]:
    reader = {"category": {"column": "y", "classes": [*NAMES]}}
    return spec(data={"targets": {"y": reader}, "validation": {"last": 12}}, metrics=METRICS_OF_CLASSES, **train)


def named(values: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, values), strict=True))


def test_values_of_classes_are_those_of_scikit_learn_and_can_be_monitored(tmp_path: Path) -> None:
    texts = np.asarray(NAMES)[np.argmax(np.random.default_rng(0).normal(size=(29, 4))[:, :3], axis=1)]
    task, dataset = ready(of_classes(monitor="validation/recall[a/b]"), write_rows(tmp_path, y=texts))
    assert task.training is not None and task.training.better == "higher"
    watcher, prepared = Watcher(), prepare(task)
    fit(prepared, dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    last, part = watcher.snapshots[-1], dataset.validation
    assert part is not None
    chances = predict(prepared, last.params, last.state, part.inputs, part.rows)["y"]
    truth, answers = part.targets["y"], chances.argmax(-1)
    options: Any = {"average": None, "labels": [0, 1, 2], "zero_division": 0}
    wanted = {
        "recall": sklearn.recall_score(truth, answers, **options),
        "found": sklearn.precision_score(truth, answers, **options),
        "f_beta": sklearn.fbeta_score(truth, answers, beta=2.0, **options),
        "mean_iou": sklearn.jaccard_score(truth, answers, **options),
        "auc": [sklearn.roc_auc_score(truth == c, chances[:, c]) for c in range(3)],
        "false_positives": [np.sum((answers == c) & (truth != c)) for c in range(3)],
    }
    record = watcher.records[-1].values
    for key, values in wanted.items():
        found = {name: record[f"validation/{key}[{name}]"] for name in NAMES}
        assert found == pytest.approx(named(values), rel=1e-5), key
    assert record["validation/recall"] == pytest.approx(np.mean(wanted["recall"]))
    assert record["validation/found"] == pytest.approx(np.mean(truth == answers))
    assert record["validation/coarse"] == pytest.approx(
        np.mean([record[f"validation/coarse[{name}]"] for name in NAMES])
    )
    assert {key for key in record if key.startswith("train/recall")} == {
        "train/recall",
        *(f"train/recall[{n}]" for n in NAMES),
    }


def test_a_class_without_a_value_has_none_and_the_mean_leaves_it_out() -> None:
    chances = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.3, 0.6, 0.1]], np.float32)
    labels, ones = np.array([0, 1, 1, 0], np.int32), np.ones(4, np.float32)

    def each(notation: Any, prediction: Numbers) -> Numbers:
        metric = METRICS.build(notation)
        sums = metric.sums(prediction, labels, ones, "softmax")
        return metric.each(together(metric, [{name: np.asarray(value) for name, value in sums.items()}]))

    for notation in ({"mean_iou": EACH}, {"auc": EACH}, {"auc": {"num_thresholds": 9, **EACH}}):
        values = each(notation, chances)
        assert np.isnan(values).tolist() == [False, False, True]
        mean = measure(METRICS.build(notation), chances, labels, None, "softmax")
        assert mean == pytest.approx(values[:2].mean())
    broken = np.where(np.arange(3) == 0, np.nan, chances).astype(np.float32)
    assert np.isnan(each({"auc": EACH}, broken)).tolist() == [True, False, True]
    assert np.isnan(measure(METRICS.build({"auc": EACH}), broken, labels, None, "softmax"))


@pytest.mark.parametrize(
    ("metric", "units", "message"),
    [
        ({"recall": EACH}, 1, "`recall` of `y`: `per_class` is for several classes, and this metric is of one"),
        (
            {"recall": {"class_id": 1, **EACH}},
            3,
            "`recall` of `y`: `per_class` is for several classes, and this metric is of one",
        ),
        (
            {"auc": {"average": "micro", **EACH}},
            3,
            "`auc` of `y`: `per_class` is for a curve of each class, and `micro` is one of all",
        ),
        ({"accuracy": EACH}, 3, "unknown argument `per_class` in `accuracy`"),
    ],
)
def test_values_of_one_class_are_refused(metric: Any, units: int, message: str) -> None:
    raw = spec(
        [{"dense": units, "name": "y"}], metrics=[metric], loss="cross_entropy" if units > 1 else "binary_cross_entropy"
    )
    raw["data"]["targets"] = {"y": {"category": "y"} if units > 1 else {"array": "y"}}
    (problem,) = check(json.dumps(raw), "spec.json").problems
    assert message in problem.message
    assert problem.helps


def test_the_lines_of_epochs_leave_them_out_and_evaluate_has_them(tmp_path: Path) -> None:
    write_rows(tmp_path)
    raw = spec(metrics=[{"recall": EACH}], epochs=1)
    (tmp_path / "spec.json").write_text(json.dumps(raw))
    told = modelc("train", "spec.json", "--run-dir", "run", cwd=tmp_path).out
    assert "recall" in told and "recall[" not in told
    (line,) = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert {"train/recall[0]", "train/recall[1]", "train/recall[2]"} <= json.loads(line).keys()
    said = modelc("evaluate", "run", "--split", "train", cwd=tmp_path).out
    assert "recall[2]" in said
