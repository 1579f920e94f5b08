"""What cannot fit in memory is refused before it is compiled."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import physical_memory
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training import memory
from modelc.runtime.training.device import computing
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.fitting_batch import Room, need_of_step, room_for
from modelc.runtime.training.memory import CHECKPOINTING, OwnMemory, need_memory, weight_bytes
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from tests.runtime.small import ready, spec, write_rows


def test_a_model_larger_than_the_machine_is_refused(tmp_path: Path) -> None:
    layers = [{"dense": 2**20}, {"dense": 2**20}, {"dense": 3, "name": "y"}]
    with pytest.raises(RunError, match=r"training needs about 17,\d+\.\d GB of memory, but this machine has") as caught:
        need_memory(*ready(spec(layers, optimizer="adam"), write_rows(tmp_path)))
    assert caught.value.code == "E502"
    layer = r"no `batch_size` would fit: make the model smaller; `dense_2` takes most, 17,\d+\.\d GB"
    assert re.fullmatch(layer, caught.value.helps[0])


def test_what_would_fit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4 rows of (4096 + 3) values fit beside the weights and the rows, 5 do not, of the 8 that were wanted."""
    task, dataset = ready(spec([{"dense": 4096}, {"dense": 3, "name": "y"}], optimizer="adam"), write_rows(tmp_path))
    weights, rows, row = 16 * (4 * 4096 + 4096 + 4096 * 3 + 3), 29 * (4 * 4 + 4), 4 * (4096 + 3)
    for room, expected in ((7, 4), (4, 4), (3, 2)):
        monkeypatch.setattr(memory, "physical_memory", lambda room=room: weights + rows + room * row)
        with pytest.raises(RunError, match="training needs about") as caught:
            need_memory(task, dataset)
        parts = f"`gradient_accumulation: {8 // expected}` below `train:`, which computes it in so many parts"
        fewer = f"lower `batch_size`: {expected} would fit by this estimate"
        assert caught.value.helps == (fewer, f"or keep the batch, and write {parts}", f"or write {CHECKPOINTING}")
        assert task.training is not None
        followed = [task.training.settings._replace(gradient_accumulation=8 // expected)]
        followed += [task.training.settings._replace(gradient_checkpointing=True)]
        for settings in followed:
            need_memory(replace(task, training=task.training._replace(settings=settings)), dataset)


BIG, HEAD = 4 * (4 * 4096 + 4096), 4 * (4096 * 3 + 3)
"""The bytes of the weights of two layers, of which Adam makes four times as much where they are trained."""


@pytest.mark.parametrize(
    ("train", "needed"),
    [
        ({}, 4 * BIG + 4 * HEAD + 8 * 4 * (4096 + 3)),
        # Nothing of what is before the first weight that is trained is kept.
        ({"freeze": ["big"]}, BIG + 4 * HEAD + 8 * 4 * 3),
        ({"freeze": ["y"]}, 4 * BIG + HEAD + 8 * 4 * (4096 + 3)),
        # The phase that needs most.
        (
            {
                "epochs": None,
                "phases": [
                    {"name": "head", "epochs": 1, "freeze": ["big"]},
                    {"name": "rest", "epochs": 1, "freeze": ["y"]},
                    {"name": "all", "epochs": 1, "optimizer": "sgd"},
                ],
            },
            4 * BIG + HEAD + 8 * 4 * (4096 + 3),
        ),
    ],
)
def test_what_is_frozen_has_neither_gradients_nor_values_that_are_kept(
    train: dict[str, Any], needed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [{"dense": 4096, "name": "big"}, {"dense": 3, "name": "y"}]
    task, dataset = ready(spec(layers, **{"optimizer": "adam", **train}), write_rows(tmp_path))
    there = needed + 29 * (4 * 4 + 4)
    monkeypatch.setattr(memory, "physical_memory", lambda: there)
    need_memory(task, dataset)
    monkeypatch.setattr(memory, "physical_memory", lambda: there - 1)
    with pytest.raises(RunError, match="training needs about"):
        need_memory(task, dataset)


def test_rows_that_are_compared_are_not_advised_to_be_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"dense": 4, "name": "small"}, {"dense": 4096, "name": "y"}]
    raw = spec(layers, loss="supervised_contrastive", gradient_checkpointing=["small"])
    task, dataset = ready(raw, write_rows(tmp_path))
    monkeypatch.setattr(memory, "physical_memory", lambda: 2 * 4 * (20 + 5 * 4096) + 2 * 4 * 4096 + 29 * 20)
    with pytest.raises(RunError, match="training needs about") as caught:
        need_memory(task, dataset)
    assert not any("gradient_" in help for help in caught.value.helps)


WEIGHTS, BIAS = 4 * 4096 + 4096 + 4096 * 3, 3
"""The elements of the weights of the model below, which 4 devices can divide, and those which they cannot."""


@pytest.mark.parametrize(
    ("parallelism", "kept", "moments"),
    [
        (ONE_DEVICE, WEIGHTS + BIAS, WEIGHTS + BIAS),
        (Parallelism(4), WEIGHTS + BIAS, WEIGHTS + BIAS),
        (Parallelism(4, 1, "optimizer"), WEIGHTS + BIAS, WEIGHTS // 4 + BIAS),
        (Parallelism(4, 1, "params"), WEIGHTS // 4 + BIAS, WEIGHTS // 4 + BIAS),
        # Along `model` lie the outputs of a layer: 4096 are divided, 3 are not.
        (Parallelism(1, 2), (4 * 4096 + 4096) // 2 + 4096 * 3 + 3, (4 * 4096 + 4096) // 2 + 4096 * 3 + 3),
    ],
)
@pytest.mark.parametrize("is_own", [True, False])
def test_each_device_needs_memory_for_its_part_of_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parallelism: Parallelism, kept: int, moments: int, is_own: bool
) -> None:
    task, dataset = ready(spec([{"dense": 4096}, {"dense": 3, "name": "y"}], optimizer="adam"), write_rows(tmp_path))
    each = 8 * (kept + moments) + 8 * 4 * (4096 + 3) // parallelism.devices
    rows, count = 29 * (4 * 4 + 4), parallelism.devices
    needed = (1 if is_own else count) * each + rows
    monkeypatch.setattr("jax.local_device_count", lambda: 8)
    for there in (needed, needed - 1):
        own = OwnMemory(there, 0) if is_own else None
        monkeypatch.setattr(memory, "own_memory", lambda own=own: own)
        monkeypatch.setattr(memory, "physical_memory", lambda there=there: there)
        if there == needed:
            need_memory(task, dataset, parallelism)
            continue
        with pytest.raises(RunError) as caught:
            need_memory(task, dataset, parallelism)
        said = {
            (True, True): "training needs about 0.0 GB of memory, but the device has 0.0 GB",
            (True, False): f"training needs about 0.0 GB of memory on each of {count} devices, but each has 0.0 GB",
            (False, True): "training needs about 0.0 GB of memory, but this machine has 0.0 GB",
            (False, False): f"training on {count} devices needs about 0.0 GB of memory, but this machine has 0.0 GB",
        }
        assert caught.value.message == said[is_own, count == 1]
        fewer = "lower `batch_size`: 4 would fit by this estimate"
        sharded = "or let each device keep a part of the weights: `--shard params`"
        is_sharded = parallelism.data == 1 or parallelism.shard == "params"
        parts = (
            "or keep the batch, and write `gradient_accumulation: 2` below `train:`, which computes it in so many parts"
        )
        others = (parts, f"or write {CHECKPOINTING}")
        assert caught.value.helps == (fewer, *others, *(() if is_sharded else (sharded,)))


@pytest.mark.parametrize(
    ("optimizer", "copies"),
    [
        ("sgd", 2),
        ({"sgd": {"momentum": 0.9}}, 3),
        ("lion", 3),
        ("adam", 4),
        ("amsgrad", 5),
        # The weights apart, mean squares, and the averages.
        ("schedule_free", 5),
        # Rows and columns of two kernels, the elements of two biases, single ones for what each has not, and four counts.
        ("adafactor", 2 + (4 + 8 + 8 + 3 + (8 + 3) + 2 + 4 + 4) / (4 * 8 + 8 + 8 * 3 + 3)),
    ],
)
def test_what_an_optimizer_keeps_is_counted(tmp_path: Path, optimizer: Any, copies: float) -> None:
    task, _ = ready(spec([{"dense": 8}, {"dense": 3, "name": "y"}], optimizer=optimizer), write_rows(tmp_path))
    elements = 4 * 8 + 8 + 8 * 3 + 3
    assert sum(weight_bytes(task, ONE_DEVICE).values()) == pytest.approx(4 * copies * elements)


def test_a_batch_that_would_fit_is_one_that_the_devices_divide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = spec([{"dense": 2**14}, {"dense": 3, "name": "y"}], optimizer="adam")
    raw = {**raw, "train": {**raw["train"], "batch_size": 48}}
    task, dataset = ready(raw, write_rows(tmp_path, rows=48))
    monkeypatch.setattr(memory, "own_memory", lambda: OwnMemory(16 * 8 * 2**14 + 10 * 4 * 2**14 + 10_000, 0))
    with pytest.raises(RunError) as caught:
        need_memory(task, dataset, Parallelism(3))
    # Each of 3 devices has room for some 10 rows: 8 is a power of two, and the batch three times that.
    assert caught.value.helps[0] == "lower `batch_size`: 24 would fit by this estimate"


def test_a_device_without_memory_says_which_batch_would_fit(tmp_path: Path) -> None:
    raw = spec([{"dense": 2**16}, {"dense": 3, "name": "y"}])
    task, dataset = ready({**raw, "train": {**raw["train"], "batch_size": 64}}, write_rows(tmp_path, rows=64))
    prepared, execution = prepare(task), Execution("scan", 1, "test")
    needs = {size: need_of_step(prepared, dataset, execution, size) for size in (64, 32, 1)}
    assert needs[64] is not None and needs[32] is not None and needs[1] is not None
    # At least the activations and their gradients of 32 rows, and less than four times as much.
    assert 32 * 2**16 * 4 < needs[64] - needs[32] < 4 * 2 * 32 * 2**16 * 4
    left = int(needs[32] / 0.8) + 1
    before = left + dataset.train.bytes
    halved = need_of_step(prepared, dataset, execution, 64, 2)
    assert halved is not None and needs[32] < halved < needs[64]
    assert room_for(prepared, dataset, execution, before) == (needs[64], left, (32, needs[32]), None, True)
    more = int(halved / 0.8) + 1
    there = room_for(prepared, dataset, execution, more + dataset.train.bytes)
    assert there is not None and there[:4] == (needs[64], more, (32, needs[32]), (2, halved))
    assert "`gradient_accumulation: 2`" in there.helps[1] and CHECKPOINTING in there.helps[2]
    told = room_for(prepared, dataset, execution, 1000)
    assert told is not None and told.fits is None and told.parts is None
    assert room_for(prepared, dataset, execution, None) is None
    enough = room_for(prepared, dataset, execution, 2**40)
    assert enough is not None and enough.is_enough


def test_what_a_step_needs_is_that_of_the_phase_that_needs_most(tmp_path: Path) -> None:
    phases = [{"name": name, "epochs": 1, "optimizer": name} for name in ("sgd", "adam", "sgd_too")]
    phases[2]["optimizer"] = "sgd"
    raw = spec([{"dense": 2**14, "name": "big"}, {"dense": 3, "name": "y"}], epochs=None, phases=phases)
    task, dataset = ready(raw, write_rows(tmp_path))
    prepared, execution = prepare(task), Execution("scan", 1, "test")
    needed = [need_of_step(one, dataset, execution, 8) for one in prepared.phases]
    found = room_for(prepared, dataset, execution, 2**40)
    assert needed[0] is not None and needed[1] is not None and found is not None
    assert found.needed == needed[1] > needed[0] == needed[2]


def give(room: Room | None) -> Room | None:
    return room


def test_exhausted_memory_is_told_from_other_failures_by_what_a_step_needs() -> None:
    lacking, enough = Room(10**10, 10**9, (32, 10**8)), Room(10**8, 10**9, None)
    for words, room, code in (
        ("RESOURCE_EXHAUSTED: Out of memory", None, "E502"),
        ("RESOURCE_EXHAUSTED: Out of memory", lacking, "E502"),
        ("INTERNAL: a library failed", lacking, "E502"),
        ("INTERNAL: a library failed", enough, "E505"),
        ("INTERNAL: a library failed", None, "E505"),
        ("UNAVAILABLE: gone", lacking, "E505"),
    ):
        with pytest.raises(RunError) as caught, computing(partial(give, room)):
            raise jax.errors.JaxRuntimeError(words)
        assert caught.value.code == code, words
        if code == "E502" and room is lacking:
            assert caught.value.helps == ("lower `batch_size`: 32 would fit, with about 0.1 GB",)
            assert caught.value.notes[1] == "a step needs about 10.0 GB beside the rows, and 1.0 GB are left"


def test_a_small_model_is_not(tmp_path: Path) -> None:
    need_memory(*ready(spec(), write_rows(tmp_path)))


def test_the_machine_has_memory() -> None:
    memory = physical_memory()
    assert memory is None or memory > 2**28
