"""Metrics with a `name`, an `of` and a `target`: what they are computed from, what the log calls them, and what is refused."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, mean_absolute_error, roc_auc_score

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.dataset import Dataset
from modelc.runtime.evaluate import evaluate
from tests.cli.commands import modelc
from tests.places import words_at
from tests.runtime.small import ready, write_rows

NODES: dict[str, dict[str, Any]] = {
    "kind": {"from": "x", "dense": {"units": 3, "activation": "softmax"}},
    "side": {"from": "x", "dense": {"units": 1, "activation": "sigmoid"}},
    "size": {"from": "x", "layers": [{"dense": 1}]},
    "y": {"from": "x", "dense": {"units": 1, "activation": "sigmoid"}},
}
TARGETS = {"y": {"array": "b"}, "same": {"array": "same"}, "k": {"category": {"column": "y", "classes": 3}}}
METRICS: list[Any] = [
    "auc",
    {"auc": {"curve": "PR"}, "name": "pr_auc"},
    {"accuracy": None, "of": "side", "target": "same", "name": "matched"},
    {"accuracy": None, "of": "kind", "target": "k"},
    {"mean_absolute_error": None, "of": "size", "target": "same"},
    {"mean": None, "of": "kind", "name": "mass"},
    {"accuracy": None, "target": "same", "name": "crossed"},
]
KEYS = ["loss", "auc", "pr_auc", "matched", "kind/accuracy", "size/mean_absolute_error", "mass", "crossed"]


def spec(metrics: Any, targets: Any = TARGETS, **train: Any) -> dict[str, Any]:
    """A graph with a loss for its one output `y`, and with `metrics`."""
    settings = {"losses": {"y": "binary_cross_entropy"}, "optimizer": {"sgd": 0.1}, "epochs": 1, "metrics": metrics}
    return {
        "modelc": 1,
        "name": "small",
        "model": {"inputs": {"x": {"shape": [4]}}, "nodes": NODES, "outputs": ["y"]},
        "data": {"source": {"npz": "rows.npz"}, "targets": targets, "validation": {"last": 8}},
        "train": {**settings, **train},
    }


def written(folder: Path, **columns: Any) -> Any:
    generator = np.random.default_rng(1)
    given = {name: generator.integers(0, 2, 29).astype("float32") for name in ("b", "same")}
    return write_rows(folder, **{**given, **columns})


def figures(raw: Any, root: Any) -> tuple[dict[str, float], Dataset, Any]:
    """The losses and metrics of the validation rows for drawn weights, the data and the weights."""
    task, dataset = ready(raw, root)
    prepared = prepare(task)
    params, state = jax.tree.map(np.asarray, lower(prepared).init(jax.random.key(3)))
    assert dataset.validation is not None
    return evaluate(prepared, params, state, dataset.validation), dataset, params


def test_each_metric_is_that_of_its_own_value_and_target(tmp_path: Path) -> None:
    said, dataset, params = figures(spec(METRICS), written(tmp_path))
    assert list(said) == KEYS and dataset.validation is not None
    x = np.asarray(dataset.validation.inputs["x"], float)
    y, same, k = (np.asarray(dataset.validation.targets[name]).ravel() for name in ("y", "same", "k"))
    dense = {
        name.removesuffix("/dense"): x @ np.asarray(one["kernel"], float) + np.asarray(one["bias"], float)
        for name, one in params.items()
    }
    shares = np.exp(dense["kind"]) / np.exp(dense["kind"]).sum(axis=1, keepdims=True)
    expected = {
        "auc": roc_auc_score(y, dense["y"]),
        "pr_auc": average_precision_score(y, dense["y"]),
        "matched": accuracy_score(same > 0.5, dense["side"].ravel() > 0),
        "kind/accuracy": accuracy_score(k, shares.argmax(axis=1)),
        "size/mean_absolute_error": mean_absolute_error(same, dense["size"].ravel()),
        "mass": shares.mean(),
        "crossed": accuracy_score(same > 0.5, dense["y"].ravel() > 0),
    }
    assert {key: said[key] for key in expected if key != "pr_auc"} == pytest.approx(
        {key: value for key, value in expected.items() if key != "pr_auc"}, rel=1e-5
    )
    # The area below the curve is not the mean over its steps; both lie between the worst and the best precision.
    assert said["pr_auc"] == pytest.approx(expected["pr_auc"], abs=0.1)


def test_a_named_metric_is_logged_monitored_and_evaluated(tmp_path: Path) -> None:
    written(tmp_path)
    raw = spec(METRICS, monitor="validation/pr_auc", early_stopping=1)
    (tmp_path / "spec.json").write_text(json.dumps(raw), encoding="utf-8")
    trained = modelc("train", "spec.json", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    line = json.loads((tmp_path / "run/metrics.jsonl").read_text(encoding="utf-8"))
    assert [key for key in line if key.startswith("train/")] == [f"train/{key}" for key in KEYS]
    record = json.loads((tmp_path / "run/environment.json").read_text(encoding="utf-8"))
    assert record["metrics"]["pr_auc"]["curve"] == "PR" and record["metrics"]["auc"]["curve"] == "ROC"
    evaluated = modelc("evaluate", "run", "--format", "json", cwd=tmp_path)
    assert evaluated.code == 0, evaluated.err
    values = json.loads(evaluated.out)
    assert line["validation/pr_auc"] == pytest.approx(find(values, "pr_auc"))
    summary = modelc("summary", "spec.json", cwd=tmp_path)
    assert "same <- array: same, in metrics" in summary.out
    facts = {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in summary.out.splitlines()}
    assert facts["metrics"].startswith("auc, pr_auc, matched, kind/accuracy")
    assert facts["monitor"] == "validation/pr_auc, higher is better"


def find(value: Any, key: str) -> Any:
    """The value of the first `key` at any depth."""
    if isinstance(value, dict):
        return value[key] if key in value else next((one for part in value.values() if (one := find(part, key))), None)
    return None


def test_below_an_output_of_several_a_name_stands_behind_that_of_the_output() -> None:
    raw = spec({"y": [{"accuracy": None, "name": "right"}, "auc"], "side": [{"accuracy": None, "name": "right"}]})
    raw["model"] = {**raw["model"], "outputs": ["y", "side"]}
    raw["train"]["losses"]["side"] = {"binary_cross_entropy": None, "target": "same"}
    del raw["data"]["targets"]
    task = check(json.dumps(raw), "spec.json").task
    assert task is not None and [one.key for one in task.measures] == ["y/right", "y/auc", "side/right"]
    raw["train"]["metrics"] = [{"auc": None, "of": "y"}, {"auc": None, "of": "side", "name": "area"}]
    task = check(json.dumps(raw), "spec.json").task
    assert task is not None and [one.key for one in task.measures] == ["y/auc", "area"]
    assert [one.target for one in task.measures] == ["y", "same"]


@pytest.mark.parametrize(
    ("metrics", "code", "message", "place", "help"),
    [
        (["auc", {"auc": {"curve": "PR"}}], "E110", "duplicate metric `auc`", '{"auc": {"curve": "PR"}}',
         "give one of them a name of its own: `{auc: {curve: PR}, name: auc_2}`"),
        (["auc", "auc"], "E110", "duplicate metric `auc`", '"auc"',
         "give one of them a name of its own: `{auc: , name: auc_2}`"),
        ([{"auc": "PR"}, {"auc": "PR", "of": "y"}], "E110", "duplicate metric `auc`", '{"auc": "PR", "of": "y"}',
         "give one of them a name of its own: `{auc: PR, name: auc_2, of: y}`"),
        ([{"auc": None, "name": "loss"}], "E110", "two values of the log would be called `loss`", '"loss"',
         "choose another name, such as `auc`"),
        (["auc", {"accuracy": None, "name": "auc"}], "E110", "two values of the log would be called `auc`", '"auc"',
         "choose another name, such as `accuracy`"),
        ([{"auc": None, "name": "a/b"}], "E110", "`a/b` cannot be a name", '"a/b"', "write `a_b`: names have letters"),
        ([{"auc": None, "nam": "a"}], "E102", "unknown key `nam` in this metric", '"nam"', "did you mean `name`?"),
        ([{"auc": {"name": "a"}}], "E102", "`name` is not an argument of `auc`", '"name"',
         "move it out: write `{auc: , name: a}`"),
        ([{"auc": None, "of": "sid"}], "E205", "the metric `auc` uses `sid`, which is neither an output nor a node",
         '"sid"', "did you mean `side`?"),
        ([{"auc": None, "of": ["y", "side"]}], "E204", "`auc` takes one value, but `of` names 2", '["y", "side"]',
         "write a metric for each"),
        ([{"auc": None, "of": {"x": "y"}}], "E204", "`auc` has no inputs with names", '{"x": "y"}', "write `of: y`"),
        ([{"auc": None, "of": []}], "E104", "`of` is empty", '"of"', "name an output or a node"),
        ([{"auc": None, "of": "side"}], "E206", "the metric `auc` of `side` has no target to compare with",
         '{"auc": null, "of": "side"}', "give `side` a loss that has a target, or name one: `{auc: , target: ...}`"),
        ([{"mean": None, "target": "y"}], "E205", "`mean` does not take a target", '"target"', "remove `target`"),
        ({"y": [{"auc": None, "of": "side"}]}, "E108", "the metric `auc` stands in the list of `y`, but is of `side`",
         '"side"', "remove `of`"),
        ([{"accuracy": None, "of": "kind", "target": "two"}], "E306",
         "`accuracy` of `kind`: the labels of `two` have 2 classes, the value has 3", "{", "name the target of these"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_metric_is_one_error(metrics: Any, code: str, message: str, place: str, help: str) -> None:
    entries = [one for one in (metrics if isinstance(metrics, list) else metrics["y"]) if isinstance(one, dict)]
    used = {"y", *(one["target"] for one in entries if "target" in one)}
    targets = {**TARGETS, "two": {"category": {"column": "y", "classes": 2}}}
    text = json.dumps(spec(metrics, {name: targets[name] for name in targets if name in used}))
    (problem,) = check(text, "spec.json").errors
    assert problem.code == code and message in problem.message
    assert words_at(text, problem.label.place).startswith(place)
    assert any(one.startswith(help) for one in problem.helps) or not help


def test_a_target_that_no_loss_and_no_metric_takes_is_told_the_likeliest_name() -> None:
    text = json.dumps(spec([{"auc": None, "target": "sam"}], {name: TARGETS[name] for name in ("y", "same")}))
    (problem,) = check(text, "spec.json").errors
    assert (problem.code, problem.message) == ("E205", "`data` has no target `sam`")
    assert problem.helps == ("did you mean `same`?",)


def test_the_target_of_a_metric_alone_is_checked_against_its_value(tmp_path: Path) -> None:
    root = written(tmp_path, k=np.full(29, 7, np.int32))
    raw = spec([{"accuracy": None, "of": "kind", "target": "k"}], {"y": {"array": "b"}, "k": {"array": "k"}})
    with pytest.raises(RunError) as refused:
        ready(raw, root)
    assert refused.value.code == "E403" and "`k`" in refused.value.message


def test_what_the_mask_of_a_loss_leaves_out_is_not_made_up_for_the_metric_of_another_value(tmp_path: Path) -> None:
    b = np.where(np.arange(29) % 2, np.nan, 1).astype("float32")
    root = written(tmp_path, b=b, counts=np.arange(29) % 2 == 0)
    targets = {"y": {"array": "b"}, "counts": {"array": "counts"}}
    masked = {"losses": {"y": {"binary_cross_entropy": None, "mask": "counts"}}}
    ready(spec(["accuracy"], targets, **masked), root)
    with pytest.raises(RunError) as refused:
        ready(spec([{"accuracy": None, "of": "side", "target": "y"}], targets, **masked), root)
    assert refused.value.code == "E403"


def test_metrics_of_inner_values_of_a_repeat_are_those_of_the_copies(tmp_path: Path) -> None:
    raw = spec([{"mean": None, "of": "deep", "name": "deep"}], {"y": {"array": "b"}})
    deep = {"from": "x", "dense": {"units": 4, "activation": "tanh"}, "repeat": 9}
    raw["model"]["nodes"] = {**NODES, "deep": deep, "y": {**NODES["y"], "from": "deep"}}
    said, dataset, params = figures(raw, written(tmp_path))
    assert dataset.validation is not None
    value = np.asarray(dataset.validation.inputs["x"], float)
    for index in range(9):
        one = {name: np.asarray(array, float) for name, array in params[f"deep/{index}"].items()}
        value = np.tanh(value @ one["kernel"] + one["bias"])
    assert said["deep"] == pytest.approx(value.mean(), abs=1e-5)
