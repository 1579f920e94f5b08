"""Training with float16: it follows full precision, gets over gradients that overflow, and ends where they always do."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.training.epoch_sums import SEPARATOR
from modelc.runtime.training.loop_state import used_weights_of
from modelc.runtime.training.loss_scale import FIRST, PATIENCE, LossScale, after_overflow, after_update
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_loop import train
from tests.runtime.training.test_resume import Keeper, loop_of
from tests.runtime.watching import Watcher

KERNEL = SEPARATOR.join(("y", "kernel"))


def half(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "model": {**raw["model"], "precision": "mixed_float16"}}


@pytest.mark.parametrize("parts", [1, 2])
def test_training_follows_full_precision(parts: int, tmp_path: Path) -> None:
    root, raw = write_rows(tmp_path), spec(epochs=4, gradient_accumulation=parts)
    full, narrow = train(raw, root), train(half(raw), root)
    losses = [[record.values["train/loss"] for record in one.records] for one in (full, narrow)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-2) and losses[1] != losses[0]
    for weight in jax.tree.leaves(narrow.snapshots[-1].params):
        assert weight.dtype == np.float32


def test_a_gradient_that_overflows_skips_the_update_and_the_step_counts(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 8)
    # Weight 30 of the loss: at a scale of 2 ** 15, its gradients by logits are beyond 65,504.
    losses = {"y": {"cross_entropy": None, "weight": 30.0}}
    rate = {"learning_rate": {"piecewise": {"boundaries": [1, 2, 3], "values": [0.02, 0.03, 0.04, 0.05]}}}
    averaging = {"ema": 0.9}
    raw = half(spec(loss=None, losses=losses, optimizer={"sgd": rate}, epochs=6, weight_averaging=averaging))
    keeper, watcher = Keeper(), Watcher()
    loop = loop_of(raw, root, 1, watcher, keeper)
    loop.run(loop.first())
    first = keeper.kept[0]
    steps = {one.step: one.arrays for one in keeper.kept}
    skipped = [step for step, arrays in steps.items() if arrays["scale"]["updates"] == 0]
    assert skipped and len(steps) == 6 and steps[6]["scale"]["updates"] == 6 - len(skipped)
    for step in skipped:
        assert steps[step]["scale"]["scale"] == FIRST / 2**step
        assert np.isfinite(watcher.records[step - 1].values["train/loss"])
        jax.tree.map(np.testing.assert_array_equal, steps[step]["params"], first.arrays["params"])
    told = [record.skipped for record in watcher.records]
    assert told == [1 if record.step in skipped else 0 for record in watcher.records]
    # A schedule counts updates, not steps.
    rates = [record.learning_rate for record in watcher.records[len(skipped) :]]
    assert rates == [0.02, 0.02, 0.03, 0.04, 0.05][: len(rates)]
    done = len(skipped) + 1
    kernel = {step: arrays["params"][KERNEL] for step, arrays in steps.items()}
    assert not np.array_equal(kernel[done], kernel[1])
    # The averages begin with the first update, not with the initial weights.
    np.testing.assert_array_equal(steps[done]["averages"][KERNEL], kernel[done])
    used = used_weights_of(keeper.kept[-1])
    jax.tree.map(np.testing.assert_array_equal, used, watcher.snapshots[-1].params)
    assert not np.array_equal(used["y"]["kernel"], kernel[6])
    assert watcher.records[-1].values["train/loss"] < watcher.records[0].values["train/loss"]


def test_what_always_overflows_ends_the_training(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 8)
    x = np.load(root.folder / "rows.npz")["x"]
    write_rows(tmp_path, 8, x=x * 1e6)
    with pytest.raises(RunError) as caught:
        train(half(spec(epochs=40)), root)
    assert caught.value.code == "E501"
    # From 2 ** 15 down to 1 there are 15 halves, and then one more overflow.
    assert "step 16 " in caught.value.message
    assert any("mixed_bfloat16" in help for help in caught.value.helps)


def test_the_scale_is_halved_and_doubled_as_keras_does() -> None:
    scale = after_overflow(LossScale(np.float32(8), np.int32(5), np.int32(7)))  # type: ignore[arg-type]  # as on the host
    assert [float(one) for one in scale] == [4, 0, 7]
    for _ in range(PATIENCE - 1):
        scale = LossScale(scale.scale, scale.steady + 1, scale.updates + 1)
    assert [float(one) for one in after_update(scale)] == [8, 0, 7 + PATIENCE]
