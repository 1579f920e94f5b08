"""A training that is stopped and goes on gives the bits of one that was never stopped: weights, state, optimizer, figures."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop, fit
from modelc.runtime.training.observer import Checkpoint
from tests.runtime.kinds import KINDS, raw_of, rows_in
from tests.runtime.small import ready
from tests.runtime.watching import Watcher


class Keeper:
    """Keeps a checkpoint at every chance."""

    def __init__(self, every: int | None = None) -> None:
        self.kept: list[Checkpoint] = []
        self.every = every

    def saves_at(self, step: int) -> int | None:
        return None if self.every is None else (step // self.every + 1) * self.every

    def is_due(self, step: int) -> bool:
        return self.every is None or step % self.every == 0

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        self.kept.append(checkpoint())

    def ended(self, checkpoint: Callable[[], Checkpoint]) -> None:
        self.kept.append(checkpoint())

    def failed(self, checkpoint: Callable[[], Checkpoint]) -> None:
        raise AssertionError


def loop_of(
    raw: dict[str, Any] | Path, root: Root, chunk: int, watcher: Watcher, keeper: Keeper, mode: Any = "scan"
) -> Loop:
    task, dataset = ready(raw, root)
    return Loop(prepare(task), dataset, Execution(mode, chunk, "test"), watcher, lambda: False, keeper)


def facts(checkpoint: Checkpoint) -> Any:
    """The facts without times."""
    found = {key: value for key, value in checkpoint.facts.items() if key not in ("seconds", "spent")}
    for key in ("best", "last"):
        found[key] = found[key] and {name: value for name, value in found[key].items() if name != "seconds"}
    return found


def need_same(given: Checkpoint, wanted: Checkpoint) -> None:
    assert (given.step, given.epoch) == (wanted.step, wanted.epoch)
    np.testing.assert_equal(facts(given), facts(wanted))
    assert {part: [*arrays] for part, arrays in given.arrays.items()} == {
        part: [*arrays] for part, arrays in wanted.arrays.items()
    }
    for part, arrays in wanted.arrays.items():
        for name, array in arrays.items():
            assert array.tobytes() == given.arrays[part][name].tobytes(), (given.step, part, name)


@pytest.mark.parametrize("kind", KINDS)
def test_going_on_from_any_step_gives_the_same_bits(kind: str, tmp_path: Path) -> None:
    root = rows_in(tmp_path)
    straight, keeper = Watcher(), Keeper()
    loop = loop_of(raw_of(kind), root, 1, straight, keeper)
    outcome = loop.run(loop.first())
    kept, records = keeper.kept, [asdict(record) for record in straight.records]
    assert outcome.reason == ("early_stopping" if kind == "early" else "finished")
    assert len(kept) > 6 and kept[-1].step == outcome.step
    for index, checkpoint in enumerate(kept[:-1]):
        keeper.kept, straight.records = [], []
        again = loop.run(loop.resumed(checkpoint))
        assert again.reason == outcome.reason
        for given, wanted in zip(keeper.kept, kept[index + 1 :], strict=True):
            need_same(given, wanted)
        for record in straight.records:
            wanted_record = next(one for one in records if one["epoch"] == record.epoch)
            np.testing.assert_equal({**asdict(record), "seconds": 0}, {**wanted_record, "seconds": 0})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [2, 3, 256])
def test_neither_the_length_of_chunks_nor_saving_changes_a_bit(kind: str, chunk: int, tmp_path: Path) -> None:
    root = rows_in(tmp_path)
    ends = []
    for length, every in ((1, None), (chunk, None), (chunk, 5)):
        keeper = Keeper(every)
        loop = loop_of(raw_of(kind), root, length, Watcher(), keeper)
        loop.run(loop.first())
        ends.append(keeper.kept[-1])
        if every is not None:
            assert {one.step for one in keeper.kept} >= set(range(5, ends[0].step, 5))
    for end in ends[1:]:
        need_same(end, ends[0])


def test_going_on_with_another_length_of_chunks_gives_the_same_bits(tmp_path: Path) -> None:
    root = rows_in(tmp_path)
    keeper, other = Keeper(), Keeper()
    loop = loop_of(raw_of("image"), root, 2, Watcher(), keeper)
    loop.run(loop.first())
    second = loop_of(raw_of("image"), root, 256, Watcher(), other)
    second.run(second.resumed(keeper.kept[1]))
    need_same(other.kept[-1], keeper.kept[-1])


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    root = rows_in(tmp_path)
    keeper = Keeper()
    loop = loop_of(raw_of("dense"), root, 256, Watcher(), keeper)
    loop.run(loop.first())
    task, dataset = ready(raw_of("image"), root)
    with pytest.raises(RunError, match="not of this training: `params` lacks") as caught:
        fit(prepare(task), dataset, Execution("scan", 4, "test"), Watcher(), lambda: False, given=keeper.kept[0])
    assert caught.value.code == "E603"
