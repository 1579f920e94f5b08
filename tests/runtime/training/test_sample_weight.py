"""Weights of rows: in the losses of training and evaluation as Keras has them, not in metrics, found wrong before compiling."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.explain.summary import summarize
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.data_check import need_counted
from modelc.runtime.evaluate import evaluate, predict
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

Numbers = np.ndarray[Any, Any]
ROWS = 13
WEIGHTS = np.random.default_rng(1).uniform(0, 3, size=ROWS).astype(np.float32)


def weighted(reader: Any = None, **others: Any) -> dict[str, Any]:
    layers = [{"dense": {"units": 3, "kernel_initializer": "zeros"}, "name": "y"}]
    data = {"sample_weight": reader or {"array": "weight"}, "validation": {"last": 5}}
    return spec(layers, data=data, metrics=["accuracy"], epochs=1, **others)


def test_one_step_is_that_of_keras(tmp_path: Path) -> None:
    raw = weighted(batch_size=8)
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, weight=WEIGHTS))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False)

    # Keras has no types.
    model: Any = keras.Sequential([keras.Input([4]), keras.layers.Dense(3, kernel_initializer="zeros")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    x, y = dataset.train.inputs["x"], dataset.train.targets["y"]
    told = model.fit(x, y, batch_size=8, epochs=1, sample_weight=WEIGHTS[:8], verbose=0, shuffle=False).history
    record = watcher.records[-1].values
    assert record["train/loss"] == pytest.approx(told["loss"][0], rel=1e-5)
    assert record["train/accuracy"] == pytest.approx(told["accuracy"][0])
    kernel, bias = model.get_weights()
    last = watcher.snapshots[-1]
    np.testing.assert_allclose(last.params["y"]["kernel"], kernel, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(last.params["y"]["bias"], bias, rtol=1e-5, atol=1e-7)

    # Validation and evaluation: sum(weight * loss) / rows.
    assert dataset.validation is not None
    logits = dataset.validation.inputs["x"] @ kernel + bias
    labels = dataset.validation.targets["y"]
    losses = np.log(np.exp(logits).sum(axis=-1)) - logits[np.arange(5), labels]
    said = evaluate(prepare(task), last.params, last.state, dataset.validation)
    assert said["loss"] == pytest.approx(record["validation/loss"]) == pytest.approx((losses * WEIGHTS[8:]).sum() / 5)
    assert said["accuracy"] == pytest.approx((logits.argmax(-1) == labels).mean())
    assert list(predict(prepare(task), last.params, last.state, {"x": x}, 8)) == ["y"]


def steps(weight: Numbers, mask: bool = False) -> tuple[dict[str, Any], dict[str, Numbers]]:
    raw = weighted()
    raw["model"] = {
        "inputs": {"x": {"shape": [2, 4]}},
        "layers": [{"dense": {"units": 3, "kernel_initializer": "zeros"}, "name": "y"}],
    }
    raw["train"] |= {"loss": "mean_squared_error", "metrics": ["mean_squared_error"]}
    raw["data"]["targets"]["y"] = {"array": "y"}
    return raw, {
        "x": np.ones((ROWS, 2, 4), np.float32),
        "y": np.arange(ROWS * 6, dtype=np.float32).reshape(ROWS, 2, 3) % 5,
        "weight": weight,
    }


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_weights_may_be_of_rows_steps_or_values(tmp_path: Path, shape: tuple[int, ...]) -> None:
    weight = np.random.default_rng(4).integers(0, 4, size=(ROWS, *shape))
    raw, columns = steps(weight)
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, **columns))
    params = {"y": {"kernel": np.zeros((4, 3), np.float32), "bias": np.zeros(3, np.float32)}}
    said = evaluate(prepare(task), params, {}, dataset.train)
    squares = np.square(columns["y"][:8])
    wide = weight[:8].reshape(8, *shape, *[1] * (2 - len(shape)))
    assert said["loss"] == pytest.approx((squares * wide).mean(), rel=1e-5)
    assert said["mean_squared_error"] == pytest.approx(squares.mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.where(np.arange(ROWS) == 4, -1.5, 1.0), "`sample_weight` has 1 weight below 0, the first is -1.5 in row 4"),
        (
            np.where(np.arange(ROWS) == 4, np.nan, 1.0),
            "`weight` has 1 value that is NaN or infinite, the first in row 4",
        ),
        (np.zeros(ROWS), "no training row counts in the loss of `y`: `sample_weight` leaves all of them out"),
        (
            np.where(np.arange(ROWS) < ROWS - 5, 1.0, 0.0),
            "no validation row counts in the loss of `y`: `sample_weight` leaves all of them out",
        ),
    ],
)
def test_bad_weights_are_found_before_anything_is_compiled(tmp_path: Path, weight: Numbers, message: str) -> None:
    with pytest.raises(RunError) as caught:
        need_counted(*ready(weighted(), write_rows(tmp_path, ROWS, weight=weight)))
    assert message in caught.value.message
    assert caught.value.at == ("data", "sample_weight")


def test_weights_of_steps_need_steps(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        ready(weighted(), write_rows(tmp_path, ROWS, weight=np.ones((ROWS, 2))))
    (problem,) = [problem for problem in caught.value.problems if problem.is_error]
    assert problem.code == "E402"
    assert "has rows of shape [2], and `cross_entropy` of `y` is computed over elements of shape []" in problem.message


@pytest.mark.parametrize(
    ("reader", "code", "message"),
    [
        ("weight", "E101", "unknown reader `weight`"),
        ({"same_as": "x"}, "E205", "cannot be a copy of an input"),
        ({"category": {"column": "weight", "classes": 3}}, "E402", "its reader returns labels"),
    ],
)
def test_readers_that_give_no_weights_are_refused(tmp_path: Path, reader: Any, code: str, message: str) -> None:
    problems = list(check(json.dumps(weighted(reader)), "spec.json").errors)
    if not problems:
        with pytest.raises(SpecError) as caught:
            ready(weighted(reader), write_rows(tmp_path, ROWS, weight=np.arange(ROWS) % 3))
        problems = [problem for problem in caught.value.problems if problem.is_error]
    assert [problem.code for problem in problems] == [code]
    assert message in problems[0].message


def test_a_summary_tells_of_weights() -> None:
    task = check(json.dumps(weighted()), "spec.json").task
    assert task is not None
    assert summarize(task).sample_weight == "array: weight"
