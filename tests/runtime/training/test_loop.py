"""The trainer: what it computes, when it stops, and that it can be repeated and trusted."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.layers.convolutional.conv import Conv2D
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.order import Batches, Order, batches_in_order, shuffled
from modelc.runtime.training.execution import Execution, choose
from modelc.runtime.training.feeding import on_device
from modelc.runtime.training.loop import fit
from modelc.runtime.training.step import make
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

SCAN = Execution("scan", 256, "test")


def train(raw: dict[str, Any], root: Root, execution: Execution = SCAN, stop: Any = lambda: False) -> Watcher:
    task, dataset = ready(raw, root)
    watcher = Watcher()
    watcher.outcome = fit(prepare(task), dataset, execution, watcher, stop)
    return watcher


def same(first: Any, second: Any) -> bool:
    leaves = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(a, b) for a, b in leaves)


def test_the_loss_falls(tmp_path: Path) -> None:
    watcher = train(spec(epochs=30), write_rows(tmp_path))
    losses = [record.values["train/loss"] for record in watcher.records]
    assert losses[-1] < 0.6 * losses[0]


def test_two_runs_in_one_process_give_the_same_bits(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    layers = [{"dense": 8}, "batch_norm", "relu", {"dropout": 0.3}, {"dense": 3, "name": "y"}]
    first, second = (train(spec(layers), root) for _ in range(2))
    assert same(first.snapshots[-1].params, second.snapshots[-1].params)
    assert same(first.snapshots[-1].state, second.snapshots[-1].state)


def test_another_seed_gives_another_run(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    first, second = train(spec(), root), train(spec(seed=1), root)
    assert not same(first.snapshots[-1].params, second.snapshots[-1].params)


def test_two_processes_give_the_same_bits(tmp_path: Path) -> None:
    write_rows(tmp_path)
    program = (
        "import sys, hashlib, jax\n"
        "from pathlib import Path\n"
        "from tests.runtime.training.test_loop import train\n"
        "from tests.runtime.small import spec\n"
        "from modelc.compiler.library.contracts.data_source import Root\n"
        "root = Root(Path(sys.argv[1]), Path(sys.argv[1]))\n"
        "layers = [{'dense': 8}, 'batch_norm', 'relu', {'dropout': 0.3}, {'dense': 3, 'name': 'y'}]\n"
        "last = train(spec(layers), root).snapshots[-1]\n"
        "leaves = jax.tree.leaves((last.params, last.state))\n"
        "print(hashlib.sha256(b''.join(leaf.tobytes() for leaf in leaves)).hexdigest())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def test_one_call_a_step_gives_the_numbers_of_the_compiled_loop(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    loop, single = train(spec(), root), train(spec(), root, Execution("single", 3, "test"))
    assert [record.step for record in loop.records] == [record.step for record in single.records]
    for one, other in zip(loop.records, single.records, strict=True):
        assert one.values == pytest.approx(other.values, rel=1e-5)


def test_the_length_of_chunks_changes_no_weights(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    long, short = train(spec(), root), train(spec(), root, Execution("scan", 3, "test"))
    assert same(long.snapshots[-1].params, short.snapshots[-1].params)


@pytest.mark.parametrize("mask", [False, True])
def test_a_padded_batch_is_the_short_one(tmp_path: Path, mask: bool) -> None:
    """Loss, gradients (as the weights after a step of sgd) and batch statistics."""
    root = write_rows(tmp_path)
    layers: list[Any] = [{"dense": 8}, "batch_norm", "relu", {"dense": 3, "name": "y"}]
    raw = spec(layers, metrics=["accuracy"])
    if mask:
        ids = np.random.default_rng(3).integers(0, 9, (29, 6)).astype(np.int32)
        write_rows(tmp_path, x=ids)
        raw["model"]["inputs"]["x"] = {"shape": [6], "dtype": "int32"}
        raw["model"]["layers"] = [
            {"embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True}},
            "batch_norm",
            {"lstm": 5},
            {"dense": 3, "name": "y"},
        ]
    task, dataset = ready(raw, root)
    steps = make(prepare(task), 10)
    data = on_device(dataset.train, steps.placement)

    def one(indices: list[int], real: int) -> Any:
        sums = steps.zero(data, len(indices))
        given = np.array([indices], np.int32), np.array([real], np.int32)
        return steps.single(steps.first(), sums, data, *given, np.int32(0))

    (short, short_sums), (padded, padded_sums) = one([3, 1, 4, 10, 5], 5), one([3, 1, 4, 10, 5, 3, 20, 7], 5)
    for a, b in zip(jax.tree.leaves((short, short_sums)), jax.tree.leaves((padded, padded_sums)), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


def test_a_loss_that_is_not_finite_stops_before_the_weights_are_touched(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    raw = spec([{"dense": 3, "name": "y"}], loss="mean_squared_error", optimizer={"sgd": 1e30}, data={"targets": {}})
    write_rows(tmp_path, y=np.ones((29, 3), np.float32))
    with pytest.raises(RunError, match=r"step 2 \(epoch 1, batch 2\)|step 3 \(epoch 1, batch 3\)") as caught:
        train(raw, root)
    assert caught.value.code == "E501"
    task, dataset = ready(raw, root)
    steps = make(prepare(task), 10)
    data, sums = on_device(dataset.train, steps.placement), steps.zero(on_device(dataset.train, steps.placement), 8)
    indices, real = Batches(Order(0, 1, 29, True), 8).steps(0, 4)
    state, sums = steps.chunk(steps.first(), sums, data, indices, real, np.int32(0), np.int32(4))
    assert int(state.failed) in (1, 2)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(state.params))


def test_interruption_stops_after_the_chunk(tmp_path: Path) -> None:
    calls = iter([False, True])
    watcher = train(spec(epochs=5), write_rows(tmp_path), Execution("scan", 2, "test"), lambda: next(calls, True))
    assert watcher.outcome is not None
    assert watcher.outcome.reason == "interrupted"
    assert watcher.outcome.step <= 4
    assert watcher.snapshots


def test_steps_set_the_length_instead_of_epochs(tmp_path: Path) -> None:
    watcher = train(spec(epochs=None, steps=6), write_rows(tmp_path))
    assert [record.step for record in watcher.records] == [4, 6]


def test_early_stopping_waits_for_its_patience(tmp_path: Path) -> None:
    raw = spec(
        epochs=50, early_stopping=2, optimizer={"sgd": 1e-9}, monitor="validation/accuracy", metrics=["accuracy"]
    )
    raw["data"]["validation"] = 8
    watcher = train(raw, write_rows(tmp_path))
    assert watcher.outcome is not None
    assert watcher.outcome.reason == "early_stopping"
    assert [record.best for record in watcher.records] == [True, False, False]


def test_every_row_is_seen_once_an_epoch_in_an_order_of_its_own() -> None:
    first, second = shuffled(7, 1, 100), shuffled(7, 2, 100)
    assert sorted(first) == sorted(second) == list(range(100))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, shuffled(7, 1, 100))


def test_a_last_batch_is_filled_up_with_its_own_rows() -> None:
    rows, real = batches_in_order(10, 4).steps(0, 3)
    assert rows.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 8, 9]]
    assert real.tolist() == [4, 4, 2]


def test_steps_are_single_on_cpu_where_a_layer_is_slow_inside_a_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_rows(tmp_path)
    layers = [
        {"reshape": [2, 2, 1]},
        {"conv2d": {"filters": 2, "kernel_size": 1}},
        "flatten",
        {"dense": 3, "name": "y"},
    ]
    task, _ = ready(spec(layers), root)
    assert choose(task).mode == "scan"
    monkeypatch.setattr(Conv2D, "loop_safe", False)
    assert choose(task).mode == "single"
    assert "conv2d" in choose(task).reason
