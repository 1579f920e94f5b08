"""What a checkpoint costs a training: how long it stands still, and how much slower it is while the files are written.

    python benchmarks/checkpoints.py [--rounds 9] [--units 1024]

A model of dense layers with Adam, 16 MB of weights by default and so 48 MB of state, trains as `modelc train` does. In each
round an epoch without a checkpoint and one with a checkpoint after a part of it take turns, and so does a plain copy of the
state, array by array into new memory. Promised: training stands still for at most 1.2 times such a copy; ends with exit code
1 otherwise. How much longer the epoch takes is printed only: on CPU, writing competes with training for the same cores.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from modelc.compiler.api import check
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import spec_root
from modelc.runtime.data.column_digests import NONE_KNOWN
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.runs.cadence import Saving
from modelc.runtime.runs.checkpoint_saver import CheckpointSaver
from modelc.runtime.runs.new_record import new_id, record_of
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import Checkpoint

MOST_RATIO = 1.2
LAYERS, BATCH = 4, 32
STEPS, CHUNK = 48, 8
"""The steps of an epoch, long enough for all files to be written in it, and those after which one can be saved."""
SPEC = """\
modelc: 1
model:
  inputs: {{x: {{shape: [{units}]}}}}
  layers: [{layers}, {{dense: 1, name: y}}]
data: {{source: {{npz: rows.npz}}, targets: {{y: {{array: y}}}}}}
train: {{loss: mean_squared_error, optimizer: adam, epochs: 1000000, batch_size: {batch}}}
"""


class TimedSaver(CheckpointSaver):
    """Saves once when `is_asked`, and knows how long training stood still for it and when all files were there."""

    is_asked = False
    stood = written_at = 0.0

    def is_due(self, step: int) -> bool:
        return self.is_asked

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        self.is_asked = False
        begun = time.perf_counter()
        super().save(checkpoint)
        self.stood = time.perf_counter() - begun

    def write(self, stored: Any) -> None:
        begun = time.perf_counter()
        super().write(stored)
        self.written_at = time.perf_counter() - begun


def recorder_in(folder: Path, units: int) -> tuple[Recorder, Any]:
    """The recorder of a new run, and its task."""
    layers = ", ".join([f"{{dense: {{units: {units}, activation: relu}}}}"] * LAYERS)
    text = SPEC.format(units=units, layers=layers, batch=BATCH)
    task = check(text.encode(), "wide.yaml").task
    assert task is not None
    record = record_of(task, new_id(), "wide", folder / "wide.yaml", (), spec_root(folder / "wide.yaml", None), {}, {})
    return Recorder.new(folder / "run", record, text.encode(), {}, {}, {}), task


def copied(state: Any) -> tuple[float, int]:
    """The seconds that a copy of all arrays takes, and their bytes."""
    arrays = [np.asarray(array) for array in jax.tree.leaves(state.train)]
    begun = time.perf_counter()
    copies = [array.copy() for array in arrays]
    return time.perf_counter() - begun, sum(copy.nbytes for copy in copies)


def rounds_of(loop: Loop, saver: TimedSaver, rounds: int) -> list[dict[str, float]]:
    """The seconds of each part, round by round."""
    state, found = loop.train_epoch(loop.first()), []

    def epoch(*, save: bool) -> float:
        nonlocal state
        saver.is_asked = save
        begun = time.perf_counter()
        state = loop.train_epoch(state)
        state.train.step.block_until_ready()
        seconds = time.perf_counter() - begun
        saver.wait()
        return seconds

    for number in range(rounds + 1):
        # In turn, so that what the machine does besides falls on both.
        first = bool(number % 2)
        times = {save: epoch(save=save) for save in (first, not first)}
        copy, size = copied(state)
        found.append(
            {
                "plain": times[False],
                "with": times[True],
                "stood": saver.stood,
                "written": saver.written_at,
                "copy": copy,
                "bytes": size,
            }
        )
    return found[1:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--units", type=int, default=1024)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    x = generator.normal(size=(STEPS * BATCH, options.units)).astype(np.float32)
    y = x[:, :1]
    with tempfile.TemporaryDirectory() as place:
        recorder, task = recorder_in(Path(place), options.units)
        with recorder, TimedSaver(recorder, Saving()) as saver:
            dataset = Dataset(Part({"x": x}, {"y": y}, len(x)), None, None, NONE_KNOWN)
            loop = Loop(prepare(task), dataset, Execution("scan", CHUNK, "measured"), recorder, lambda: False, saver)
            rounds = rounds_of(loop, saver, options.rounds)

    def median(key: str) -> float:
        return statistics.median(one[key] for one in rounds)

    def ratio(part: Callable[[dict[str, float]], float]) -> float:
        return statistics.median(part(one) / one["copy"] for one in rounds)

    stood, held = ratio(lambda one: one["stood"]), ratio(lambda one: one["with"] - one["plain"])
    print(f"{rounds[0]['bytes'] / 1e6:.0f} MB of state, {options.rounds} rounds, medians")
    print(f"a copy                     {1000 * median('copy'):7.1f} ms")
    print(f"training stands still      {1000 * median('stood'):7.1f} ms   {stood:5.2f} of a copy")
    print(f"all files are written in   {1000 * median('written'):7.1f} ms")
    print(f"an epoch                   {1000 * median('plain'):7.1f} ms")
    print(f"one with a checkpoint      {1000 * median('with'):7.1f} ms   {held:5.2f} copies longer")
    return int(stood > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
