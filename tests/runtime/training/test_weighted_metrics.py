"""Metrics with `weighted: true`: the sample weights count in them as in scikit-learn, in those alone, and must fit what they count."""

import json
import re
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from sklearn import metrics as sklearn

from modelc.compiler.api import check
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.baselines.baseline import baselines
from modelc.runtime.baselines.baseline import fit as fit_baselines
from modelc.runtime.data.data_check import warnings_of_data
from modelc.runtime.evaluate import evaluate, predict
from tests.cli.commands import modelc
from tests.runtime.small import ready, spec, write_rows

WEIGHTS = np.random.default_rng(4).uniform(0, 3, size=29).astype(np.float32)
METRICS: list[Any] = [
    "accuracy",
    {"accuracy": None, "weighted": True, "name": "weighted_accuracy"},
    {"f_beta": 2.0, "weighted": True},
    {"cohen_kappa": "linear", "weighted": True},
    {"auc": None, "weighted": True},
    {"cross_entropy": None, "weighted": True},
]


def test_weights_that_cannot_be_read_are_the_only_mistake() -> None:
    raw = weighted([{"accuracy": None, "weighted": True}])
    raw["data"]["sample_weight"] = "weight"
    assert [problem.code for problem in check(json.dumps(raw), "spec.json").errors] == ["E101"]


def weighted(metrics: Any, **more: Any) -> dict[str, Any]:
    return spec(data={"sample_weight": {"array": "weight"}, "validation": {"last": 12}, **more}, metrics=metrics)


def test_sample_weights_count_as_in_scikit_learn_where_they_are_asked_for(tmp_path: Path) -> None:
    task, dataset = ready(weighted(METRICS), write_rows(tmp_path, weight=WEIGHTS))
    prepared, part = prepare(task), dataset.validation
    assert part is not None
    params, state = jax.tree.map(np.asarray, lower(prepared).init(jax.random.key(3)))
    said = evaluate(prepared, params, state, part)
    chances = predict(prepared, params, state, part.inputs, part.rows)["y"]
    labels, answers, weights = part.targets["y"], chances.argmax(-1), WEIGHTS[-12:]
    one_hot = np.eye(3)[labels]
    wanted = {
        "accuracy": sklearn.accuracy_score(labels, answers),
        "weighted_accuracy": sklearn.accuracy_score(labels, answers, sample_weight=weights),
        "f_beta": sklearn.fbeta_score(
            labels, answers, beta=2.0, average="macro", sample_weight=weights, zero_division=0
        ),
        "cohen_kappa": sklearn.cohen_kappa_score(labels, answers, weights="linear", sample_weight=weights),
        "auc": sklearn.roc_auc_score(one_hot, chances, sample_weight=weights),
        "cross_entropy": sklearn.log_loss(labels, chances, sample_weight=weights),
    }
    assert {key: said[key] for key in wanted} == pytest.approx(wanted, rel=1e-4)
    # So they do in what baselines score.
    scored = {one.name: one.values for one in baselines(prepared, fit_baselines(task, dataset.train), part)}
    usual = np.bincount(dataset.train.targets["y"], WEIGHTS[:17]).argmax()
    same = sklearn.accuracy_score(labels, np.full(12, usual), sample_weight=weights)
    assert scored["majority"]["weighted_accuracy"] == pytest.approx(same)


def test_weights_of_steps_count_where_the_mask_does(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    columns: dict[str, Any] = {
        "x": random.integers(0, 5, size=(29, 3)).astype(np.int32),
        "y": random.normal(size=(29, 3, 1)).astype(np.float32),
        "weight": random.uniform(0, 2, size=(29, 3)).astype(np.float32),
    }
    kept = columns["x"] > 0
    # What the mask leaves out may have any weight.
    columns["weight"][~kept] = np.nan
    raw = weighted([{"mean_absolute_error": None, "weighted": True}, {"r2": None, "weighted": True}])
    layers = [{"embedding": {"input_dim": 5, "output_dim": 2, "mask_zero": True}}, {"dense": 1, "name": "y"}]
    raw["model"] = {"inputs": {"x": {"shape": [3], "dtype": "int32"}}, "layers": layers}
    raw["data"]["targets"] = {"y": {"array": "y"}}
    raw["train"]["loss"] = "mean_squared_error"
    task, dataset = ready(raw, write_rows(tmp_path, **columns))
    prepared = prepare(task)
    params, state = jax.tree.map(np.asarray, lower(prepared).init(jax.random.key(3)))
    said = evaluate(prepared, params, state, dataset.train)
    rows = slice(0, 17)
    table = params["embedding"]["embeddings"] @ params["y"]["kernel"] + params["y"]["bias"]
    guesses, truth = (values[rows][kept[rows]].ravel() for values in (table[columns["x"]], columns["y"]))
    options: Any = {"sample_weight": columns["weight"][rows][kept[rows]]}
    assert said["mean_absolute_error"] == pytest.approx(
        sklearn.mean_absolute_error(truth, guesses, **options), rel=1e-5
    )
    assert said["r2"] == pytest.approx(sklearn.r2_score(truth, guesses, **options), rel=1e-4)


def test_a_monitor_of_rows_without_weight_is_warned_of(tmp_path: Path) -> None:
    root = write_rows(tmp_path, weight=np.where(np.arange(29) < 18, WEIGHTS + 0.1, 0).astype(np.float32))
    raw = weighted([{"r2": None, "weighted": True}])
    raw["train"] |= {"loss": "mean_squared_error", "monitor": "validation/r2"}
    raw["data"]["targets"] = {"y": {"array": "x"}}
    raw["model"]["layers"] = [{"dense": 4, "name": "y"}]
    (problem,) = warnings_of_data(*ready(raw, root), root)
    assert "`validation/r2` will always be NaN: in 12 validation rows, all targets are equal" in problem.message


@pytest.mark.parametrize(
    ("metric", "data", "code", "message", "cure"),
    [
        (
            {"accuracy": None, "weighted": True},
            {},
            "E205",
            "`accuracy` of `y` is `weighted`, and there are no sample weights",
            "add `sample_weight: {array: ...}` to `data`, with the column of the weights, or remove `weighted`",
        ),
        (
            {"accuracy": {"sample_weight": "w"}},
            {},
            "E102",
            "unknown argument `sample_weight` in `accuracy`",
            "write `weighted: true` beside the metric: it then takes the weights that `sample_weight` in `data` reads",
        ),
        (
            {"accuracy": {"weighted": True}},
            {"sample_weight": {"array": "w"}},
            "E102",
            "`weighted` is not an argument of `accuracy`",
            "move it out: write `{accuracy: , weighted: true}`",
        ),
    ],
)
def test_weights_that_are_not_there_are_errors(metric: Any, data: Any, code: str, message: str, cure: str) -> None:
    (problem,) = check(json.dumps(spec(metrics=[metric], data=data)), "spec.json").problems
    assert (problem.code, problem.message) == (code, message)
    assert cure in problem.helps


def test_weights_that_are_not_of_what_is_counted_are_refused(tmp_path: Path) -> None:
    raw = spec(
        [{"dense": 6}, {"reshape": [3, 2], "name": "y"}],
        loss="mean_squared_error",
        metrics=["mean_absolute_error", {"cosine_similarity": None, "weighted": True}],
        data={"targets": {"y": {"array": "y"}}, "sample_weight": {"array": {"column": "w", "shape": [3, 2]}}},
    )
    (tmp_path / "spec.json").write_text(json.dumps(raw))
    ones = np.ones((29, 3, 2), np.float32)
    write_rows(tmp_path, y=ones, w=ones)
    told = modelc("validate", "--data", "spec.json", cwd=tmp_path)
    assert told.code == 1
    assert "E306" in told.out + told.err
    assert "`sample_weight` has rows of shape [3, 2], and what it counts of a row has [3]" in told.out + told.err


def test_an_evaluation_of_new_rows_reads_their_weights(tmp_path: Path) -> None:
    write_rows(tmp_path, weight=WEIGHTS)
    (tmp_path / "spec.json").write_text(json.dumps(weighted([{"accuracy": None, "weighted": True}])))
    told = modelc("train", "spec.json", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert re.search("sample weights +weight, in losses and weighted metrics", told.out)
    zero = np.zeros(29, np.float32)
    write_rows(tmp_path, weight=np.where(np.arange(29) == 3, 1, zero))
    said = modelc("evaluate", "run", "rows.npz", "--no-baseline", cwd=tmp_path).out
    assert next(line.split()[1] for line in said.splitlines() if "accuracy" in line) in ("0", "1")
