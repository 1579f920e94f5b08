"""What is said of a step that is not finite: where, in which rows, and the first layer, loss, gradient or weight."""

import re
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.lowering.rolled_repeats import to_named
from modelc.runtime.training import replay
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from modelc.runtime.training.objective import losses, needed_edges
from modelc.runtime.training.observer import Checkpoint, NoSaver
from modelc.runtime.training.replay import At, replay_step
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

BAD_ROW = 11
EXECUTION = Execution("scan", 4, "test")


class Keeper(NoSaver):
    """Keeps the state that training failed from."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Checkpoint] = []

    def failed(self, checkpoint: Any) -> None:
        self.kept.append(checkpoint())


def failure(tmp_path: Path, layers: list[Any], y: Any = None, x: Any = None, **train: Any) -> tuple[RunError, Keeper]:
    """The error that a regression fails with, whose data has one row of zeros."""
    root = write_rows(tmp_path)
    rows = np.abs(np.random.default_rng(4).normal(size=(29, 5))).astype(np.float32) + 0.1
    rows[BAD_ROW] = 0
    write_rows(tmp_path, x=rows if x is None else x, y=np.ones((29, 1), np.float32) if y is None else y)
    data = {"targets": {}, **train.pop("data", {})}
    raw = spec(layers, **{"loss": "mean_squared_error", "optimizer": "sgd", "data": data, **train})
    raw["model"]["inputs"]["x"] = {"shape": [5], "dtype": "float32"}
    task, dataset = ready(raw, root)
    keeper = Keeper()
    with pytest.raises(RunError) as caught:
        fit(prepare(task), dataset, EXECUTION, Watcher(), lambda: False, keeper)
    assert caught.value.code == "E501"
    return caught.value, keeper


def test_the_first_value_is_named_with_its_row_in_the_source(tmp_path: Path) -> None:
    error, keeper = failure(
        tmp_path, ["log", {"dense": 4}, {"dense": 1, "name": "y"}], data={"validation": {"first": 3}}
    )
    first, rows, applied = error.notes
    assert first.startswith("`log` gives the first value that is infinite, from values 0 to ")
    assert rows in (f"it is so in 1 of {valid} rows: row {BAD_ROW}" for valid in (8, 2))
    assert applied == "the step was not applied: the weights are those of the previous step"
    assert error.at == ("model", "layers", 0)
    assert error.helps == ("keep what goes into `log` where it has a finite answer, by a `clip` before it",)
    assert all(np.isfinite(array).all() for array in keeper.kept[0].arrays["params"].values())


def test_a_gradient_is_named_where_all_values_are_finite(tmp_path: Path) -> None:
    layers = [{"dense": {"units": 4, "use_bias": False}}, {"power": 2}, "sqrt", {"dense": 1, "name": "y"}]
    error, _ = failure(tmp_path, layers)
    assert error.notes[0].startswith("the gradient of `sqrt` is the first that is infinite, at values 0 to ")
    assert f"row {BAD_ROW}" in error.notes[1]
    assert error.at == ("model", "layers", 2)
    assert "a `clip` before it" in error.helps[0]


def test_a_weight_that_an_update_made_infinite_is_named(tmp_path: Path) -> None:
    error, _ = failure(tmp_path, [{"dense": 1, "name": "y"}], optimizer={"sgd": 1e38})
    assert "of `y` is infinite before this step: the update of an earlier one overflowed" in error.notes[0]
    assert error.helps == ("lower the learning rate",)


def test_what_overflows_is_the_fault_of_what_has_grown(tmp_path: Path) -> None:
    error, _ = failure(tmp_path, [{"dense": 4}, {"dense": 4}, {"dense": 1, "name": "y"}], optimizer={"sgd": 1e12})
    assert error.helps == ("lower the learning rate, or scale the inputs to about -1 to 1",)


def test_a_loss_is_named_where_its_values_are_finite(tmp_path: Path) -> None:
    y = np.ones((29, 1), np.float32)
    y[3] = 3e38
    error, _ = failure(tmp_path, [{"dense": 1, "name": "y"}], y=y, shuffle=False)
    assert error.notes[0].startswith("the loss `y` is infinite, of `y` with values ")
    assert error.notes[1] == "it is so in 1 of 8 rows: row 3"


def test_the_layer_in_a_rolled_repeat_is_named_by_its_copy(tmp_path: Path) -> None:
    layers = [
        {"dense": 4},
        {"repeat": 8, "layers": [{"dense": {"units": 4, "kernel_initializer": "ones"}}, {"power": 2}]},
        {"dense": 1, "name": "y"},
    ]
    x = np.full((29, 5), 1e3, np.float32)
    error, _ = failure(tmp_path, layers, x=x)
    assert re.match(r"`layers/[1-7]/power` gives the first value that is infinite, from values ", error.notes[0])


def test_a_validation_batch_is_named(tmp_path: Path) -> None:
    x = np.ones((29, 5), np.float32)
    x[26] = 0
    error, keeper = failure(tmp_path, ["log", {"dense": 1, "name": "y"}], x=x, data={"validation": {"last": 5}})
    assert error.message == "`validation/loss` is not finite after epoch 1"
    assert error.notes[0].startswith("in batch 1 of the validation rows: `log` gives the first value that is infinite")
    assert error.notes[1] == "it is so in 1 of 5 rows: row 26"
    assert keeper.kept[0].step == 3


def test_a_device_without_room_for_all_values_still_says_which_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    monkeypatch.setattr(replay, "examine", fail)
    error, _ = failure(tmp_path, ["log", {"dense": 1, "name": "y"}])
    assert error.message.startswith("the loss or its gradient is not finite at step ")
    assert error.notes == ("the step was not applied: the weights are those of the previous step",)


def test_what_is_examined_is_what_the_step_computes(tmp_path: Path) -> None:
    """Ranges of values and gradients, dropout and repeats included, against the model and `jax.grad` themselves."""
    layers = [
        {"dense": 6},
        {"repeat": 8, "layers": [{"dense": 6}, "tanh", {"dropout": 0.4}]},
        "batch_norm",
        {"dense": 3, "name": "y"},
    ]
    root = write_rows(tmp_path)
    task, dataset = ready(spec(layers), root)
    prepared = prepare(task)
    assert prepared.rolls
    params, state = lower(prepared).init(root_key(9))
    step = 6
    found = replay_step(prepared, dataset.train, params, state, At(step, 2, 2))
    assert found.place == "step 7 (epoch 2, batch 3)"
    assert not found.diagnosis.found
    inputs = {"x": dataset.train.inputs["x"][found.numbers]}
    key = derive(root_key(prepared.training.settings.seed), "step", np.int32(step))  # type: ignore[union-attr,arg-type]
    given: Any = {"train": True, "key": key, "rows": np.ones(8, bool)}
    values = lower(prepared).run(params, state, inputs, needed_edges(prepared), **given)
    for edge, value in values.edges.items():
        summary = found.examined.values[edge]
        np.testing.assert_allclose([summary.low, summary.high], [value.min(), value.max()], rtol=2e-5, atol=1e-6)
    assert Edge("layers/2/tanh") in found.examined.values

    def loss(params: Any) -> Any:
        values = lower(prepared).run(params, state, inputs, needed_edges(prepared), **given)
        targets: Any = {"y": dataset.train.targets["y"][found.numbers]}
        return losses(prepared, params, values, targets, given["rows"])[0]

    gradients = to_named(prepared.rolls, jax.grad(loss)(params))
    assert set(found.examined.weight_gradients) == {(path, name) for path in gradients for name in gradients[path]}
    for (path, name), summary in found.examined.weight_gradients.items():
        expected = gradients[path][name]
        np.testing.assert_allclose([summary.low, summary.high], [expected.min(), expected.max()], rtol=1e-4, atol=1e-6)
