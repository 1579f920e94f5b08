"""Phases: each trains what it says from where the one before has ended, by an optimizer of its own, and resumes to the bit."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.lengths import Course
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import Checkpoint, Outcome
from modelc.runtime.training.phases import train_in_phases
from tests.runtime.kinds import raw_of, rows_in
from tests.runtime.small import ready
from tests.runtime.training.test_resume import Keeper, need_same
from tests.runtime.watching import Watcher


class Phased:
    """Trains a phased task as often as is asked, and compiles each phase once."""

    def __init__(self, raw: dict[str, Any], root: Root, chunk: int = 1) -> None:
        task, self.dataset = ready(raw, root)
        self.task: PreparedTask = prepare(task)
        self.execution = Execution("scan", chunk, "test")
        self.watcher, self.keeper = Watcher(), Keeper()
        self.stop: Callable[[], bool] = lambda: False
        self.course: Course | None = None
        self.loops: dict[tuple[int, int], Loop] = {}

    def loop(self, number: int, before: int) -> Loop:
        if (number, before) not in self.loops:
            more = self.watcher, lambda: self.stop(), self.keeper, number, before, self.course
            self.loops[number, before] = Loop(self.task, self.dataset, self.execution, *more)
        return self.loops[number, before]

    def train(self, given: Checkpoint | None = None) -> Outcome:
        self.watcher.records, self.watcher.snapshots, self.keeper.kept = [], [], []
        return train_in_phases(self.task, given, self.loop)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return rows_in(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def straight(root: Root) -> tuple[Phased, Outcome, list[Checkpoint], list[dict[str, Any]]]:
    phased = Phased(raw_of("phased"), root)
    outcome = phased.train()
    records = [{**asdict(record), "seconds": 0} for record in phased.watcher.records]
    return phased, outcome, phased.keeper.kept, records


def test_epochs_number_through_and_each_phase_trains_what_it_says(
    straight: tuple[Phased, Outcome, list[Checkpoint], list[dict[str, Any]]],
) -> None:
    _, outcome, kept, records = straight
    assert outcome.reason == "finished"
    assert [(one["epoch"], one["phase"]) for one in records] == [(1, "head"), (2, "head"), (3, "all"), (4, "all")]
    ends = {one.epoch: one for one in kept if one.epoch == one.ended}
    body = [name for name in ends[2].arrays["params"] if name.startswith("body/")]
    statistics = list(ends[2].arrays["state"])
    assert body and statistics

    def same(part: str, names: list[str], one: int, other: int) -> list[bool]:
        return [ends[one].arrays[part][name].tobytes() == ends[other].arrays[part][name].tobytes() for name in names]

    assert all(same("params", body, 1, 2)) and all(same("state", statistics, 1, 2))
    assert not any(same("params", body, 2, 3)) and not any(same("state", statistics, 2, 3))
    assert not any("body" in name for name in ends[2].arrays["optimizer"])
    assert any("body" in name for name in ends[3].arrays["optimizer"])
    # The optimizer begins anew: it counts the steps of its phase.
    [count] = {int(array) for name, array in ends[4].arrays["optimizer"].items() if name.endswith("count")}
    assert count == ends[4].step - ends[2].step


def test_a_record_has_the_rate_of_the_last_update_by_the_steps_of_its_phase(
    straight: tuple[Phased, Outcome, list[Checkpoint], list[dict[str, Any]]],
) -> None:
    phased, _, _, records = straight
    steps = 2 * phased.loop(0, 0).per_epoch
    wanted = [
        highest * 0.5 * (1 + np.cos(np.pi * (steps * part - 1) / steps))
        for highest in (0.05, 0.01)
        for part in (0.5, 1)
    ]
    np.testing.assert_allclose([one["learning_rate"] for one in records], wanted, rtol=1e-5)


def test_going_on_from_any_step_of_any_phase_gives_the_same_bits(
    straight: tuple[Phased, Outcome, list[Checkpoint], list[dict[str, Any]]],
) -> None:
    phased, outcome, kept, records = straight
    assert {one.facts["phase"] for one in kept} == {0, 1} and len(kept) > 8
    for index, checkpoint in enumerate(kept[:-1]):
        again = phased.train(checkpoint)
        assert again.reason == outcome.reason
        for given, wanted in zip(phased.keeper.kept, kept[index + 1 :], strict=True):
            need_same(given, wanted)
        for record in phased.watcher.records:
            np.testing.assert_equal({**asdict(record), "seconds": 0}, records[record.epoch - 1])


def test_a_phase_that_begins_with_the_best_weights_does(root: Root) -> None:
    raw = raw_of("phased")
    raw["train"]["phases"] = [
        {"name": "good", "epochs": 1, "optimizer": {"sgd": 1e-3}},
        {"name": "wild", "epochs": 2, "optimizer": {"sgd": 100.0}},
        {"name": "still", "epochs": 1, "optimizer": {"sgd": 1e-30}, "from": "best", "freeze": ["**/moving_*"]},
    ]
    phased = Phased(raw, root, 256)
    outcome = phased.train()
    best = next(one for one in reversed(phased.watcher.records[:3]) if one.best)
    assert best.epoch < 3 and outcome.best is not None and outcome.best.epoch == best.epoch
    last, then = phased.watcher.snapshots[3], phased.watcher.snapshots[best.epoch - 1]
    for path, named in then.params.items():
        for name, array in named.items():
            assert array.tobytes() == last.params[path][name].tobytes(), (path, name)
    assert phased.watcher.records[3].values["validation/loss"] == best.values["validation/loss"]


def test_early_stopping_ends_its_phase_and_stopping_the_run_ends_all(root: Root) -> None:
    raw = raw_of("phased")
    raw["train"]["early_stopping"] = 1
    raw["train"]["phases"] = [
        {"name": "still", "epochs": 9, "optimizer": {"sgd": 1e-30}, "freeze": ["**/moving_*"]},
        {"name": "all", "epochs": 2},
    ]
    phased = Phased(raw, root, 256)
    outcome = phased.train()
    # The second epoch is not better than the first one.
    assert [(one.epoch, one.phase) for one in phased.watcher.records][:3] == [(1, "still"), (2, "still"), (3, "all")]
    assert outcome.step == phased.watcher.records[-1].step
    phased.stop = lambda: len(phased.watcher.records) >= 2
    stopped = phased.train()
    assert stopped.reason == "interrupted" and len(phased.watcher.records) == 2
    phased.stop = lambda: False
    records = phased.watcher.records
    phased.train(phased.keeper.kept[-1])
    assert [one.epoch for one in phased.watcher.records] == [3, 4][: len(phased.watcher.records)] and records


def test_a_plateau_counts_the_steps_of_its_phase_and_each_record_names_it(root: Root) -> None:
    raw = raw_of("phased")
    schedule = {"learning_rate": 0.01, "patience": 1, "min_delta": 100, "warmup_steps": 7}
    raw["train"] |= {
        "optimizer": {"adam": {"learning_rate": {"reduce_on_plateau": schedule}}},
        "validate_every": 2,
        "phases": [{"name": "head", "epochs": 6, "freeze": ["body"]}, {"name": "all", "epochs": 4}],
    }
    phased = Phased(raw, root, 256)
    per_epoch = phased.loop(0, 0).per_epoch
    assert phased.train().step == 10 * per_epoch
    assert [one.phase for one in phased.watcher.records] == ["head"] * 6 + ["all"] * 4
    # Validated are the second, fourth and sixth epoch, of which the first two are to be compared if not in the warm-up.
    first = 2 * -(-7 // (2 * per_epoch))
    assert phased.watcher.rates
    assert min(epoch for epoch, _ in phased.watcher.rates) == first + 2
    assert [epoch for epoch, _ in phased.watcher.rates if epoch > 6] == [
        epoch for epoch in (8, 10) if epoch > 6 + first
    ]


def test_the_averages_of_a_phase_begin_with_its_first_update(root: Root) -> None:
    raw = raw_of("phased")
    raw["train"]["weight_averaging"] = {"ema": 0.9}
    phased = Phased(raw, root)
    phased.train()
    ends = {one.step: one.arrays for one in phased.keeper.kept}
    per_epoch = phased.loop(0, 0).per_epoch
    for first in (1, 2 * per_epoch + 1):
        averages, later = ends[first]["averages"], ends[first + 1]["averages"]
        assert averages
        for name, average in averages.items():
            np.testing.assert_array_equal(average, ends[first]["params"][name])
            assert not np.array_equal(later[name], ends[first + 1]["params"][name])


def test_a_stop_between_two_phases_leaves_the_weights_of_the_epoch_that_has_ended(root: Root) -> None:
    raw = raw_of("phased")
    raw["train"]["weight_averaging"] = {"ema": 0.9}
    del raw["train"]["phases"][1]["from"]
    phased = Phased(raw, root)
    whole = phased.train()
    straight = phased.keeper.kept
    phased.stop = lambda: len(phased.watcher.records) >= 2
    stopped = phased.train()
    assert stopped.reason == "interrupted" and stopped.step == 2 * phased.loop(0, 0).per_epoch
    ended, last = phased.watcher.snapshots[1], phased.watcher.snapshots[-1]
    jax.tree.map(np.testing.assert_array_equal, last.params, ended.params)
    between = phased.keeper.kept[-1]
    # Asked to stop at once again, and then to go on.
    phased.stop = lambda: True
    again = phased.train(between)
    assert again.reason == "interrupted" and again.step == stopped.step
    jax.tree.map(np.testing.assert_array_equal, phased.watcher.snapshots[-1].params, ended.params)
    phased.stop = lambda: False
    assert phased.train(phased.keeper.kept[-1]).reason == whole.reason
    need_same(phased.keeper.kept[-1], straight[-1])


def test_phases_of_all_that_has_a_state_of_its_own_go_on_to_the_bit(root: Root) -> None:
    """A scale of the loss, averages, parts of a batch, a rate by the monitor, patience, and phases that end inside an epoch."""
    plateau = {"learning_rate": 0.05, "patience": 1, "min_delta": 10.0}
    raw = raw_of("phased")
    raw["model"]["precision"] = "mixed_float16"
    raw["train"] |= {
        "optimizer": {"adam": {"learning_rate": {"reduce_on_plateau": plateau}}},
        "gradient_accumulation": 2,
        "weight_averaging": {"ema": 0.9},
        "validate_every": 2,
        "early_stopping": {"patience": 1, "min_delta": 100.0},
        "phases": [
            {"name": "head", "epochs": 5, "freeze": ["body"]},
            {"name": "all", "steps": 4, "from": "best", "optimizer": {"muon": 0.01}, "early_stopping": 3},
            {"name": "last", "epochs": 5, "from": "best", "freeze": ["y"]},
        ],
    }
    phased = Phased(raw, root)
    outcome = phased.train()
    kept, ends = phased.keeper.kept, [(record.epoch, record.phase) for record in phased.watcher.records]
    # Of each phase the second epoch that is evaluated is the first that is not better than one before; the rate is lowered then too.
    parts = {"head": range(1, 5), "all": range(5, 7), "last": range(7, 11)}
    assert ends == [(epoch, name) for name, epochs in parts.items() for epoch in epochs]
    assert [epoch for epoch, _ in phased.watcher.rates] == [4, 10]
    for index in range(0, len(kept) - 1, 3):
        again = phased.train(kept[index])
        assert (again.reason, again.step, again.skipped) == (outcome.reason, outcome.step, outcome.skipped)
        need_same(phased.keeper.kept[-1], kept[-1])
