"""However rows come to the device, a training has the same bits: its figures, its weights and all of its state, also where it is stopped
and goes on in another way.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.training import gathered_rows
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.ways_of_feeding import Feeding, Way
from tests.runtime.kinds import KINDS, raw_of, rows_in
from tests.runtime.small import ready
from tests.runtime.training.test_devices import printed
from tests.runtime.training.test_resume import Keeper, need_same
from tests.runtime.watching import Watcher

WAYS: tuple[Way, ...] = ("resident", "mapped")


def loop_of(raw: dict[str, Any], root: Root, way: Way, watcher: Watcher, keeper: Keeper, mode: Any = "scan") -> Loop:
    task, dataset = ready(raw, root)
    return Loop(
        prepare(task), dataset, Execution(mode, 2, "test", feeding=Feeding(way, "test")), watcher, lambda: False, keeper
    )


def figures(watcher: Watcher) -> list[Any]:
    return [{**asdict(record), "seconds": None} for record in watcher.records]


@pytest.mark.parametrize(
    ("kind", "mode"), [*((kind, "scan") for kind in KINDS), ("image", "single"), ("series", "single")]
)
def test_rows_that_are_gathered_give_the_bits_of_resident_ones(
    kind: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A step or two at a time.
    monkeypatch.setattr(gathered_rows, "MOST_BYTES", 17 * 4 * 20)
    root, raw = rows_in(tmp_path), raw_of(kind)
    resident, kept = Watcher(), Keeper()
    loop = loop_of(raw, root, "resident", resident, kept, mode)
    loop.run(loop.first())
    mapped, keeper = Watcher(), Keeper()
    gathering = loop_of(raw, root, "mapped", mapped, keeper, mode)
    gathering.run(gathering.first())
    np.testing.assert_equal(figures(mapped), figures(resident))
    wanted = {checkpoint.step: checkpoint for checkpoint in kept.kept}
    assert len(keeper.kept) >= len(kept.kept) > 3
    for checkpoint in keeper.kept:
        if checkpoint.step in wanted:
            need_same(checkpoint, wanted[checkpoint.step])
    half = keeper.kept[len(keeper.kept) // 2]
    for going_on in (loop, gathering):
        keeper.kept = kept.kept = []
        again = Keeper()
        going_on.saver = again
        going_on.run(going_on.resumed(half))
        need_same(again.kept[-1], wanted[max(wanted)])


def test_blocks_are_another_order_and_the_same_in_each_way(tmp_path: Path) -> None:
    root, found = rows_in(tmp_path), []
    for way in WAYS:
        for shuffle in (True, {"blocks": 1}, {"blocks": 4}):
            raw, keeper = raw_of("dense"), Keeper()
            raw["train"]["shuffle"] = shuffle
            loop = loop_of(raw, root, way, Watcher(), keeper)
            loop.run(loop.first())
            found.append(keeper.kept[-1])
    for one, other in zip(found[:3], found[3:], strict=True):
        need_same(other, one)
    ends = {b"".join(array.tobytes() for array in one.arrays["params"].values()) for one in found}
    assert len(ends) == 3


@pytest.mark.parametrize("kinds", [("dense", "image"), ("series", "weighted"), ("photos",)])
def test_on_eight_devices_too(kinds: tuple[str, ...], tmp_path: Path) -> None:
    rows_in(tmp_path)
    for kind, meshes in printed("fed", str(tmp_path), *kinds).items():
        for mesh, (resident, *others) in meshes.items():
            assert others == [resident] * (2 if kind == "photos" else 1), (kind, mesh)
