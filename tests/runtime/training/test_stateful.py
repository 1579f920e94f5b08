"""Training, evaluation and prediction with state that rows hand to the rows of the next batch."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.evaluate import evaluate, predict
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.cli.commands import modelc
from tests.compiler.library.layers.running import QUICK
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

BATCH, ROWS, LAST = 8, 21, 13
"""21 rows to train on in batches of 8, the last of 5 rows; then 13 rows that validate, in batches of 8 and 5."""
STILL = {"sgd": 1e-30}
"""Steps so small that no weight changes."""


def raw(lasts: str | None, kind: str = "gru", validation: bool = True, **train: Any) -> dict[str, Any]:
    rnn: dict[str, Any] = {"units": 3, "stateful": lasts}
    if kind == "bidirectional":
        rnn = {"layer": {"stacked_rnn": {"cells": [{"lstm": 3}, {"gru": 2}], "stateful": lasts}}}
    layers = [{"reshape": [2, 2]}, {kind: rnn}, {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}]
    data = {"validation": {"last": LAST}} if validation else {}
    return spec(layers, data=data, **{"optimizer": STILL, "shuffle": False, "batch_size": BATCH, "epochs": 2, **train})


def run(raw: dict[str, Any], root: Root, mode: Any = "scan", chunk: int = 256) -> Watcher:
    task, dataset = ready(raw, root)
    watcher = Watcher()
    watcher.outcome = fit(prepare(task), dataset, Execution(mode, chunk, "test"), watcher, lambda: False)
    return watcher


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return write_rows(tmp_path_factory.mktemp("rows"), ROWS + LAST)


def rows_of(root: Root) -> tuple[np.ndarray, np.ndarray]:
    columns = np.load(root.folder / "rows.npz")
    return columns["x"], columns["y"]


Apply = Callable[..., Any]


def compiled(raw: dict[str, Any], root: Root) -> Apply:
    """The model's `apply`."""
    model = lower(prepare(ready(raw, root)[0]))
    return jax.jit(model.apply, compiler_options=QUICK)


def by_hand(apply: Apply, params: Any, x: np.ndarray, state: Any = None) -> tuple[np.ndarray, Any]:
    """The outputs of `x`, computed batch by batch without padding, and the state that the last batch leaves."""
    outputs = []
    for start in range(0, len(x), BATCH):
        batch = jnp.asarray(x[start : start + BATCH])
        given = jax.tree.map(partial(first, len(batch)), state or {})
        found, new = apply(params, given, {"x": batch})
        outputs.append(found["y"])
        # Rows of a longer batch before that have no continuation in this one wait with what they have.
        state = new if state is None else jax.tree.map(lambda a, b: np.concatenate([a, b[len(a) :]]), new, state)
    return np.concatenate(outputs), state


def first(count: int, array: Any) -> Any:
    return array[:count]


def loss(outputs: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(outputs[np.arange(len(labels)), labels]).mean())


def test_each_epoch_begins_at_zeros_and_goes_on_from_batch_to_batch(root: Root) -> None:
    given = raw("epoch")
    watcher = run(given, root)
    apply, params, (x, y) = compiled(given, root), watcher.snapshots[-1].params, rows_of(root)
    expected = loss(by_hand(apply, params, x[:ROWS])[0], y[:ROWS])
    validation = loss(by_hand(apply, params, x[ROWS:])[0], y[ROWS:])
    for record in watcher.records:
        assert record.values["train/loss"] == pytest.approx(expected, rel=1e-6)
        assert record.values["validation/loss"] == pytest.approx(validation, rel=1e-6)


def test_a_whole_run_goes_on_and_rows_that_pad_wait(root: Root) -> None:
    given = raw("run", "bidirectional")
    watcher = run(given, root)
    apply, params, (x, y) = compiled(given, root), watcher.snapshots[-1].params, rows_of(root)
    state = None
    for record in watcher.records:
        outputs, state = by_hand(apply, params, x[:ROWS], state)
        assert record.values["train/loss"] == pytest.approx(loss(outputs, y[:ROWS]), rel=1e-6)
        # An evaluation begins at zeros and leaves the state of the training alone.
        validation = loss(by_hand(apply, params, x[ROWS:])[0], y[ROWS:])
        assert record.values["validation/loss"] == pytest.approx(validation, rel=1e-6)
    first, second = (record.values["train/loss"] for record in watcher.records)
    assert abs(first - second) > 1e-4


def unrolled(params: Any, x: Any, state: Any) -> tuple[Any, Any]:
    """The logits of a recurrent layer and a dense one, written out step by step, and the state that the rows leave."""
    rnn, dense = params.values()
    for step in range(2):
        state = jnp.tanh(x[:, 2 * step : 2 * step + 2] @ rnn["kernel"] + state @ rnn["recurrent_kernel"] + rnn["bias"])
    return state @ dense["kernel"] + dense["bias"], state


def test_gradients_are_those_of_the_unrolled_steps_of_a_row_and_end_where_it_begins(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 2 * BATCH)
    ends = []
    for steps, rate in ((1, 1e-30), (1, 0.5), (2, 0.5)):
        given = raw("epoch", "simple_rnn", False, optimizer={"sgd": rate}, epochs=None, steps=steps)
        ends.append(run(given, root).snapshots[-1].params)
    first, second, third = ends
    x, y = rows_of(root)
    handed = unrolled(first, x[:BATCH], jnp.zeros((BATCH, 3)))[1]

    def loss_of(params: Any, before: Any) -> Any:
        logits = unrolled(params, x[BATCH:], before(params))[0]
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(BATCH), y[BATCH:]])

    truncated = jax.grad(loss_of)(second, lambda params: handed)
    whole = jax.grad(loss_of)(second, lambda params: unrolled(params, x[:BATCH], jnp.zeros((BATCH, 3)))[1])
    found = jax.tree.map(lambda before, after: (before - after) / 0.5, second, third)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), found, truncated)
    difference = [np.abs(a - b).max() for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(truncated), strict=True)]
    assert max(difference) > 1e-3


def test_one_call_a_step_gives_the_numbers_of_the_compiled_loop(root: Root) -> None:
    given = raw("run", "lstm", optimizer={"sgd": 0.5}, epochs=3)
    loop, single = run(given, root), run(given, root, "single", chunk=2)
    for one, other in zip(loop.records, single.records, strict=True):
        assert one.values == pytest.approx(other.values, rel=1e-5)
    for one, other in zip(
        jax.tree.leaves(loop.snapshots[-1].params), jax.tree.leaves(single.snapshots[-1].params), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_saved_weights_have_nothing_of_rows_and_are_scored_from_zeros(root: Root) -> None:
    given = raw("run", optimizer={"sgd": 0.5})
    watcher = run(given, root)
    last, (x, y) = watcher.snapshots[-1], rows_of(root)
    assert not last.state
    task, dataset = ready(given, root)
    outputs, _ = by_hand(compiled(given, root), last.params, x[ROWS:])
    assert dataset.validation is not None
    assert evaluate(prepare(task), last.params, last.state, dataset.validation)["loss"] == pytest.approx(
        loss(outputs, y[ROWS:])
    )
    found = predict(prepare(task), last.params, last.state, {"x": x[ROWS:]}, LAST)["y"]
    np.testing.assert_allclose(found, outputs, rtol=1e-5, atol=1e-6)


def test_without_shuffling_rows_come_as_they_are(root: Root) -> None:
    given = spec(shuffle=False, optimizer=STILL, batch_size=BATCH, epochs=1)
    (x, y), watcher = rows_of(root), run(given, root, "single", chunk=1)
    outputs, _ = by_hand(compiled(given, root), watcher.snapshots[-1].params, x[:BATCH])
    assert watcher.losses[0] == pytest.approx(loss(outputs, y[:BATCH]), rel=1e-5)
    shuffled = run({**given, "train": {**given["train"], "shuffle": True}}, root, "single", chunk=1)
    assert shuffled.losses[0] != pytest.approx(watcher.losses[0], rel=1e-3)
    assert shuffled.losses[-1] == pytest.approx(watcher.losses[-1], rel=1e-5)


ORDERS: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    ({"shuffle": True}, {}, [("`gru` carries its state from batch to batch, but the rows are shuffled", "`shuffle: false`")]),
    ({"shuffle": None}, {}, [("`gru` carries its state from batch to batch, but the rows are shuffled", "add `shuffle: false` to `train`")]),
    ({}, {"validation": 5}, [("but the validation rows are drawn at random", "`validation: {last: 5}`")]),
    ({}, {"validation": 0.2}, [("but the validation rows are drawn at random", "`validation: {last: 1000}`")]),
    ({}, {"validation": {"first": 5}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("train", "data", "expected"), ORDERS)
def test_an_order_that_breaks_sequences_is_refused(train: Any, data: Any, expected: list[tuple[str, str]]) -> None:
    given = raw("epoch", **train)
    given["data"].update(data)
    found = check(json.dumps(given), "spec.json").problems
    assert [problem.code for problem in found] == ["E504"] * len(expected)
    for problem, (message, cure) in zip(found, expected, strict=True):
        assert message in problem.message and cure in problem.helps[0]
    plain = raw(None, **train)
    plain["data"].update(data)
    assert not check(json.dumps(plain), "spec.json").problems


def test_how_long_state_lasts_is_said_in_words() -> None:
    wrong: Any
    for wrong, cure in ((True, "did you mean `epoch`?"), (False, "remove it")):
        [problem] = check(json.dumps(raw(wrong)), "spec.json").problems
        assert problem.code == "E106" and problem.helps == (cure,)


def test_a_run_is_evaluated_and_predicted_by_the_commands(root: Root, tmp_path: Path) -> None:
    given = raw("epoch", optimizer={"sgd": 0.5})
    (root.folder / "spec.json").write_text(json.dumps(given))
    folder = tmp_path / "run"
    assert modelc("train", "spec.json", "--run-dir", folder, cwd=root.folder).code == 0
    scored = modelc("evaluate", folder, "--format", "json", "--weights", "last", cwd=root.folder)
    to = ("-o", tmp_path / "y.npz", "--raw", "--weights", "last")
    assert modelc("predict", folder, "--split", "validation", *to, cwd=root.folder).code == 0
    outputs, labels = np.load(tmp_path / "y.npz")["y"], rows_of(root)[1][ROWS:]
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    for value in (json.loads(scored.out)["values"]["loss"], loss(outputs, labels)):
        assert value == pytest.approx(last["validation/loss"], rel=1e-5)
