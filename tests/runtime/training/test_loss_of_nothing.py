"""The loss of nothing: NaN and never the best, for every way to leave all out; a batch of nothing changes no weights."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import evaluate
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.feeding import on_device
from modelc.runtime.training.loop import Loop, fit
from modelc.runtime.training.step import make
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

ROWS, BATCH = 8, 2
COUNTED = np.asarray([1, 1, 0, 0, 1, 1, 1, 0], bool)
"""The second batch is of nothing."""
STEPS = np.repeat(COUNTED[:, None], 3, axis=1)
X = np.random.default_rng(3).normal(size=(ROWS, 4)).astype(np.float32)
LABELS = np.asarray([0, 1, 2, 2, 1, 0, 2, 2])


def sequences(loss: Any, units: int = 2) -> dict[str, Any]:
    """A model of three steps, whose mask comes with the values."""
    raw = spec(loss=loss, data={"targets": {"y": {"array": "target"}}})
    raw["model"] = {
        "inputs": {"x": {"shape": [3, 4]}, "heard": {"shape": [3], "dtype": "bool"}},
        "nodes": {"y": {"from": ["x", "heard"], "layers": ["attach_mask", {"dense": units}]}},
        "outputs": ["y"],
    }
    return raw


def by_mask(loss: Any = "cross_entropy") -> dict[str, Any]:
    raw = spec([{"dense": 3, "name": "y"}], loss=None, losses={"y": {loss: None, "mask": "known"}})
    raw["data"]["targets"]["known"] = {"array": "known"}
    return raw


def by_weight() -> dict[str, Any]:
    return spec([{"dense": 3, "name": "y"}], data={"sample_weight": {"array": "weight"}})


def by_class(loss: str = "cross_entropy") -> dict[str, Any]:
    units, reader = (3, {"category": "y"}) if loss == "cross_entropy" else (1, {"array": "no"})
    weights = {"2": 0.0} if units == 3 else {"1": 0.0}
    return spec(
        [{"dense": units, "name": "y"}], loss={loss: {"class_weight": weights}}, data={"targets": {"y": reader}}
    )


def by_rows(loss: str) -> dict[str, Any]:
    """A loss that takes whole rows, of a model of three places."""
    raw = by_mask(loss)
    raw["model"] = {"inputs": {"x": {"shape": [3, 4]}}, "layers": [{"dense": 2, "name": "y"}]}
    raw["data"]["targets"]["y"] = {"array": "target" if loss == "dice" else "word"}
    return raw


def minimized() -> dict[str, Any]:
    raw = by_mask()
    raw["model"] = {"inputs": {"x": {"shape": [4]}}, "layers": [{"dense": 1}, {"power": 2, "name": "y"}]}
    raw["train"]["losses"] = {"y": {"minimize": None, "mask": "known"}}
    del raw["data"]["targets"]["y"]
    return raw


def spelt() -> dict[str, Any]:
    raw = sequences("ctc")
    raw["data"]["targets"] = {"y": {"array": "word"}}
    return raw


KINDS = {
    "mask": by_mask(),
    "sample weights": by_weight(),
    "class weights": by_class(),
    "class weights of yes and no": by_class("binary_cross_entropy"),
    "steps": sequences("cross_entropy"),
    "overlap": by_rows("dice"),
    "rows of ctc": by_rows("ctc"),
    "steps of ctc": spelt(),
    "minimize": minimized(),
}


def columns(raw: dict[str, Any]) -> dict[str, Any]:
    inputs = raw["model"]["inputs"]
    return {
        "x": X if inputs["x"]["shape"] == [4] else np.stack([X, X + 1, X - 1], axis=1),
        "y": LABELS,
        "no": (LABELS == 2).astype(np.float32),
        "known": COUNTED,
        "weight": np.where(COUNTED, 2.0, 0.0),
        "heard": STEPS,
        "target": np.where(STEPS, LABELS[:, None] % 2, 0),
        "word": np.where(COUNTED, 1, 0)[:, None],
    }


def trained(raw: dict[str, Any], folder: Path, **train: Any) -> tuple[Any, Any, Watcher]:
    settings = {"batch_size": BATCH, "epochs": 1, "shuffle": False, **train}
    kept = {key: value for key, value in {**raw["train"], **settings}.items() if value is not None}
    raw = {**raw, "train": kept}
    task, dataset = ready(raw, write_rows(folder, ROWS, **columns(raw)))
    watcher = Watcher()
    watcher.outcome = fit(prepare(task), dataset, Execution("single", 1, "test"), watcher, lambda: False)
    return task, dataset, watcher


@pytest.mark.parametrize("kind", KINDS)
def test_a_loss_of_nothing_is_nan_and_a_batch_of_nothing_changes_no_weights_and_no_mean(
    tmp_path: Path, kind: str
) -> None:
    raw = KINDS[kind]
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, **columns(raw)))
    prepared = prepare(task)
    steps = make(prepared, 10)
    data = on_device(dataset.train, steps.placement)
    batches = np.arange(ROWS, dtype=np.int32).reshape(-1, BATCH), np.full(ROWS // BATCH, BATCH, np.int32)
    assert not COUNTED[batches[0][1]].any()

    def loss_of(sums: Any) -> float:
        tally = Tally({})
        tally.add(sums)
        return tally.values(prepared, "train")["train/loss"]

    state, sums = steps.single(steps.first(), steps.zero(data, BATCH), data, *batches, np.int32(0))
    weights, first = jax.device_get(state.params), loss_of(sums)
    state, sums = steps.single(state, sums, data, *batches, np.int32(1))
    # What is weighed by 0 is one of those that the sum is divided by, as in Keras; what is masked is not.
    assert loss_of(sums) == pytest.approx(first * (0.5 if "weights" in kind else 1.0), rel=1e-6)
    assert math.isfinite(first) and first > 0
    for before, after in zip(jax.tree.leaves(weights), jax.tree.leaves(state.params), strict=True):
        np.testing.assert_array_equal(before, after)
    one = np.int32(1)
    _, sums = steps.measure(state.params, state.state, {}, steps.zero(data, BATCH), data, *batches, one, one)
    assert math.isnan(loss_of(sums))


@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_a_sum_of_which_one_term_is_of_nothing_has_no_value(tmp_path: Path, weight: float) -> None:
    raw = by_mask()
    raw["train"]["losses"]["all"] = {"mean_squared_error": None, "of": "y", "target": "wide"}
    raw["train"]["losses"]["y"]["weight"] = weight
    raw["data"]["targets"]["wide"] = {"array": "wide"}
    wide = np.ones((ROWS, 3), np.float32)
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, known=COUNTED, wide=wide))
    params = {"y": {"kernel": np.zeros((4, 3), np.float32), "bias": np.zeros(3, np.float32)}}
    said = evaluate(prepare(task), params, {}, dataset.train.take(np.flatnonzero(~COUNTED)))
    assert said["all/loss"] == 1 and math.isnan(said["y/loss"])
    # A weight of 0 leaves the term out of the sum.
    assert said["loss"] == 1 if weight == 0 else math.isnan(said["loss"])


def test_an_epoch_of_nothing_ends_no_training_and_is_never_the_best(tmp_path: Path) -> None:
    """Only the model knows that nothing of the validation rows counts: it is no divergence, and no best epoch."""
    raw = sequences("cross_entropy")
    raw["data"]["validation"] = {"last": 1}
    assert not COUNTED[-1]
    _, _, watcher = trained(raw, tmp_path, epochs=4, early_stopping=1, metrics=["accuracy"])
    assert watcher.outcome is not None
    assert (watcher.outcome.reason, watcher.outcome.best, watcher.outcome.unscored) == ("finished", None, 4)
    assert watcher.without_score == [1]
    for key in ("validation/loss", "validation/accuracy"):
        assert [math.isnan(record.values[key]) for record in watcher.records] == [True] * 4
    assert not any(record.best for record in watcher.records)


def scored(monkeypatch: pytest.MonkeyPatch, folder: Path, scores: list[float], **train: Any) -> Watcher:
    """A run whose monitor has these values, epoch by epoch."""
    given: Iterator[float] = iter(scores)

    def values(*_: Any) -> dict[str, float]:
        return {"train/loss": next(given)}

    monkeypatch.setattr(Loop, "values", values)
    return trained(by_weight(), folder, epochs=len(scores), **train)[2]


def test_epochs_without_a_value_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nan = math.nan
    raw_scores = [nan, 3.0, nan, nan, 4.0, nan, 2.0, nan, 5.0, 5.0, nan, 1.0]
    early = {"early_stopping": 2, "monitor": "train/loss"}
    monkeypatch.setattr("modelc.compiler.binding.training.report_unvalidated", lambda *_: None)
    watcher = scored(monkeypatch, tmp_path, raw_scores, **early)
    assert watcher.outcome is not None and watcher.outcome.best is not None
    assert [record.epoch for record in watcher.records if record.best] == [2, 7]
    assert (watcher.outcome.reason, watcher.records[-1].epoch, watcher.outcome.best.epoch) == ("early_stopping", 10, 7)
    assert (watcher.outcome.waited, watcher.outcome.unscored, watcher.without_score) == (2, 5, [1])


def test_infinite_scores_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelc.compiler.binding.training.report_unvalidated", lambda *_: None)
    watcher = scored(monkeypatch, tmp_path, [1.0, math.inf, math.inf, 0.5], early_stopping=2)
    assert watcher.outcome is not None
    assert (watcher.outcome.reason, watcher.outcome.step) == ("early_stopping", 12)


def test_a_loss_that_diverges_beside_a_term_of_nothing_is_an_error(tmp_path: Path) -> None:
    raw = sequences("mean_squared_error", units=1)
    raw["data"]["targets"]["y"] = {"array": "huge"}
    raw["train"] |= {"batch_size": BATCH, "epochs": 1}
    given = {**columns(raw), "huge": np.full((ROWS, 3, 1), 1e30, np.float32)}
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, **given))
    with pytest.raises(RunError, match="not finite") as caught:
        fit(prepare(task), dataset, Execution("single", 1, "test"), Watcher(), lambda: False)
    assert caught.value.code == "E501"
