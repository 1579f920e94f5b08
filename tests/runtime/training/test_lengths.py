"""How long a training goes on: by the clock, which is a made one here, by steps of a phase, and after it was stopped."""

from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelc.compiler.language.settings import Settings
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.lengths import Course, seconds_left
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.observer import Checkpoint
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_phases import Phased
from tests.runtime.training.test_resume import Keeper, need_same

PER_EPOCH = 3
HELD_OUT = {"validation": {"last": 5}}
NOTHING: Any = None


class Ticking(Keeper):
    """Keeps a checkpoint at every chance, by a clock for which each chunk takes a second, and each evaluation `slow`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def saves_at(self, step: int) -> int | None:
        self.now += 1.0
        return super().saves_at(step)


class Timed(Phased):
    """Trains by steps of a second each; `slow` is how long an evaluation takes."""

    def __init__(self, root: Root, clock: pytest.MonkeyPatch, slow: float = 0.0, **train: Any) -> None:
        super().__init__(spec(data=HELD_OUT, **{"epochs": None, "optimizer": {"sgd": 0.1}, **train}), root)
        self.keeper: Ticking = Ticking()
        self.slow = slow
        clock.setattr("modelc.runtime.training.loop.time", SimpleNamespace(perf_counter=lambda: self.keeper.now))

    def loop(self, number: int, before: int) -> Any:
        is_new = (number, before) not in self.loops
        loop = super().loop(number, before)
        assert loop.per_epoch == PER_EPOCH and loop.validation is not None
        run = loop.validation.run

        def slowly(*weights: Any) -> Any:
            self.keeper.now += self.slow
            return run(*weights)

        if is_new:
            loop.validation.run = slowly  # type: ignore[assignment,method-assign]
        return loop

    @property
    def ended(self) -> list[tuple[int, int]]:
        """The epochs, each with the step with which it has ended."""
        return [(record.epoch, record.step) for record in self.watcher.records]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return write_rows(tmp_path)


@pytest.mark.parametrize(
    ("train", "slow", "course"),
    [
        ({"time": "5 s"}, 0.0, [(1, 3), (2, 5)]),
        ({"time": "5 s", "epochs": 9}, 0.0, [(1, 3), (2, 5)]),
        ({"time": "1 h", "epochs": 2}, 0.0, [(1, 3), (2, 6)]),
        ({"time": "1 h", "steps": 4}, 0.0, [(1, 3), (2, 4)]),
        ({"time": "2.5 s", "steps": 2}, 0.0, [(1, 2)]),
        # An evaluation counts, and where one is not over in time, the training is.
        ({"time": "7 s"}, 3.0, [(1, 3), (2, 4)]),
        ({"time": "6 s"}, 3.0, [(1, 3)]),
        ({"time": "5 s"}, 3.0, [(1, 3)]),
    ],
)
def test_the_clock_or_the_steps_end_a_training_whichever_is_first(
    root: Root, monkeypatch: pytest.MonkeyPatch, train: dict[str, Any], slow: float, course: list[tuple[int, int]]
) -> None:
    found = Timed(root, monkeypatch, slow, **train)
    outcome = found.train()
    assert (outcome.reason, outcome.step) == ("finished", course[-1][1]) and found.ended == course
    assert sum(record.seconds for record in found.watcher.records) == course[-1][1] + slow * len(course)


def test_the_last_epoch_is_evaluated_and_recorded_wherever_the_clock_ends_it(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Timed(root, monkeypatch, time="7 s", validate_every=5, metrics=["accuracy"])
    found.train()
    assert found.ended == [(1, 3), (2, 6), (3, 7)]
    *others, last = found.watcher.records
    assert "validation/accuracy" in last.values and isfinite(last.values["train/loss"])
    assert not any("validation/accuracy" in record.values for record in others)
    # Its means are those of the steps that it had.
    whole = Timed(root, monkeypatch, steps=7, metrics=["accuracy"])
    whole.train()
    assert whole.watcher.records[-1].values == last.values


@pytest.mark.parametrize(
    "train",
    [
        {"time": "7 s"},
        {"time": "7 s", "epochs": 9, "optimizer": {"adam": {"learning_rate": {"cosine": 0.1}}}},
        {
            "phases": [
                {"name": "one", "steps": 4},
                {"name": "two", "time": "5 s", "from": "best"},
                {"name": "three", "epochs": 1, "optimizer": {"sgd": {"learning_rate": {"cosine": 0.1}}}},
            ]
        },
    ],
)
def test_a_run_that_was_stopped_goes_on_for_the_time_that_is_left(
    root: Root, monkeypatch: pytest.MonkeyPatch, train: dict[str, Any]
) -> None:
    """By the made clock the steps that fit into the time are the same, and so are all bits."""
    straight = Timed(root, monkeypatch, **train)
    outcome = straight.train()
    kept, records = straight.keeper.kept, [asdict(record) for record in straight.watcher.records]
    assert [one.step for one in kept if one.ended < one.epoch]
    for index, checkpoint in enumerate(kept[:-1]):
        straight.keeper.now = 1e6
        again = straight.train(checkpoint)
        assert (again.reason, again.step) == (outcome.reason, outcome.step)
        for given, wanted in zip(straight.keeper.kept, kept[index + 1 :], strict=True):
            need_same(given, wanted)
            assert given.facts["spent"] == wanted.facts["spent"]
        for record in straight.watcher.records:
            assert asdict(record) == records[record.epoch - 1]


def test_phases_begin_where_the_one_before_has_ended_inside_an_epoch(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases = [
        {"name": "one", "steps": 4},
        {"name": "two", "time": "5 s"},
        {"name": "three", "epochs": 1},
        {"name": "four", "steps": 2},
    ]
    found = Timed(root, monkeypatch, phases=phases)
    assert found.train().reason == "finished"
    assert found.ended == [(1, 3), (2, 4), (3, 7), (4, 9), (5, 12), (6, 14)]
    assert [record.phase for record in found.watcher.records] == ["one", "one", "two", "two", "three", "four"]
    progress = [(one.epoch, one.step, one.done) for one in found.watcher.steps]
    assert progress[3:8] == [(2, 1, 4), (3, 1, 5), (3, 2, 6), (3, 3, 7), (4, 1, 8)]
    assert {one.epochs for one in found.watcher.steps} == {0}


@pytest.mark.parametrize(
    ("longer", "course"),
    [
        ({"time": "9 s"}, [(3, 8), (4, 9)]),
        ({"time": "1 h", "epochs": 3}, [(3, 8)]),
        ({"time": "1 h", "steps": 6}, [(3, 6)]),
    ],
)
def test_a_run_that_the_clock_has_ended_goes_on_with_the_next_epoch(
    root: Root, monkeypatch: pytest.MonkeyPatch, longer: dict[str, Any], course: list[tuple[int, int]]
) -> None:
    first = Timed(root, monkeypatch, time="5 s")
    first.train()
    assert first.ended == [(1, 3), (2, 5)]
    found = Timed(root, monkeypatch, **longer)
    outcome = found.train(first.keeper.kept[-1])
    assert outcome.reason == "finished" and found.ended == course


@pytest.mark.parametrize("lengths", [("5 s", "7 s"), ("6 s", "11 s"), ("2 s", "3 s")])
def test_a_training_is_repeated_where_the_clock_had_ended_it_whatever_it_says_now(
    root: Root, monkeypatch: pytest.MonkeyPatch, lengths: tuple[str, str]
) -> None:
    """It was given more time once, so that an epoch inside of it may be cut short, and evaluated out of its turn."""
    short = Timed(root, monkeypatch, time=lengths[0], validate_every=4)
    short.train()
    long = Timed(root, monkeypatch, time=lengths[1], validate_every=4)
    long.train(short.keeper.kept[-1])
    records = [*short.watcher.records, *long.watcher.records]
    ends = {record.epoch: record.step for record in records}
    evaluated = {record.epoch for record in records if any("validation/" in key for key in record.values)}
    assert short.watcher.records[-1].epoch in evaluated
    again = Timed(root, monkeypatch, time="1 h", validate_every=4)
    again.course = Course(ends, frozenset({max(ends)}), frozenset(evaluated))
    outcome = again.train()
    assert outcome.reason == "finished"
    assert [{**asdict(one), "seconds": 0} for one in again.watcher.records] == [
        {**asdict(one), "seconds": 0} for one in records
    ]
    last = long.keeper.kept[-1]
    need_same(replace(again.keeper.kept[-1], facts=last.facts), last)


def test_a_checkpoint_that_was_saved_when_no_epoch_could_be_cut_short_is_gone_on_from(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Timed(root, monkeypatch, epochs=3)
    found.train()
    kept = found.keeper.kept
    inside = next(one for one in kept if one.step == 5)
    facts = {key: value for key, value in inside.facts.items() if key not in ("since", "first", "spent")}
    found.train(replace(inside, facts=facts))
    assert found.ended == [(2, 6), (3, 9)]
    last: Checkpoint = found.keeper.kept[-1]
    need_same(last, kept[-1])


def test_what_is_left_is_what_ends_first_in_each_phase() -> None:
    state = LoopState(NOTHING, 20, Tally({}, {}), seconds=2.0, spent=5.0, since=10)

    def left(*phases: Settings, speed: float = 2.0) -> float:
        return seconds_left(phases, 64, state, speed)

    assert left(Settings(steps=50)) == 20.0
    assert left(Settings(time=30.0)) == left(Settings(time=30.0), speed=0.0) == 23.0
    assert left(Settings(steps=50, time=30.0)) == 20.0 and left(Settings(epochs=50, time=30.0)) == 23.0
    assert left(Settings(time=30.0), Settings(steps=50), Settings(time=3.0)) == 23.0 + 25.0 + 3.0
    assert left(Settings(time=30.0), Settings(steps=50), speed=0.0) == 0.0
    assert left(Settings(time=1.0)) == 0.0
