"""Small trainings of every kind on meshes of 8 simulated devices and on one, as JSON; a process of its own, as jax asks for
their number when it starts:

    python -m tests.runtime.resharded FOLDER KIND...

For each kind: the figures of each epoch on each mesh, and the digest of the files of one checkpoint, which is opened and saved
again on one mesh after the other.
"""

import json
import os
import sys

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"

from hashlib import sha256
from pathlib import Path
from typing import Any

from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.runs.checkpoints import Stored, write_files
from modelc.runtime.runs.metrics_log import Chain
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.loop_state import capture
from modelc.runtime.training.observer import Checkpoint
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training.phases import train_in_phases
from tests.runtime.kinds import raw_of, rows_in
from tests.runtime.small import ready
from tests.runtime.training.test_resume import Keeper, need_same
from tests.runtime.watching import Watcher

MESHES = (ONE_DEVICE, Parallelism(8), Parallelism(2, 4, "params"))
CHAIN = (Parallelism(8), Parallelism(4, 2, "optimizer"), Parallelism(4, 1, "params"), ONE_DEVICE, Parallelism(8))


def loop_on(
    parallelism: Parallelism, kind: str, root: Root, watcher: Watcher, keeper: Keeper, phase: tuple[int, int] = (0, 0)
) -> Loop:
    raw = raw_of(kind)
    # Eight devices share the rows of a part.
    parts = raw["train"].get("gradient_accumulation", 1)
    raw["train"]["batch_size"] = 8 * parts
    for layer in raw["model"]["layers"]:
        if "conv2d" in layer:
            # The gradient of a bias before `batch_norm` is rounding alone, of which Adam makes steps of full length.
            layer["conv2d"] = {**layer["conv2d"], "use_bias": False}
    task, dataset = ready(raw, root)
    execution = Execution("scan", 2 // parts, "test", parallelism)
    return Loop(prepare(task), dataset, execution, watcher, lambda: False, keeper, *phase)


def digest(checkpoint: Checkpoint, folder: Path) -> str:
    """The digest of all files of a checkpoint."""
    with OpenFolder.at(folder, make=True) as opened:
        write_files(opened, "a", Stored(checkpoint, None, Chain()))
    return sha256(b"".join(file.name.encode() + file.read_bytes() for file in sorted(folder.iterdir()))).hexdigest()


def main(folder: Path, kind: str) -> Any:
    root = rows_in(folder)
    figures: dict[str, Any] = {}
    inside: Checkpoint | None = None
    for parallelism in MESHES:
        watcher, keeper = Watcher(), Keeper()
        loops: dict[tuple[int, int], Loop] = {}

        def loop_of(number: int, before: int, on: Any = (parallelism, watcher, keeper), loops: Any = loops) -> Loop:
            if (number, before) not in loops:
                loops[number, before] = loop_on(on[0], kind, root, on[1], on[2], (number, before))
            found: Loop = loops[number, before]
            return found

        task = loop_of(0, 0).prepared
        train_in_phases(task, None, loop_of)
        figures[f"{parallelism.mesh} {parallelism.shard}"] = [record.values for record in watcher.records]
        if parallelism.devices == 8:
            # Inside an epoch, with a span that is not full.
            inside = next(one for one in keeper.kept if one.step > (8 if task.phases else 4) and one.ended < one.epoch)
        if parallelism.devices == 8 and task.phases:
            # Going on in the second phase gives the bits of a training that was never stopped.
            assert inside is not None and inside.facts["phase"] == 1
            straight, keeper.kept = keeper.kept, []
            train_in_phases(task, inside, loop_of)
            need_same(keeper.kept[-1], straight[-1])
    assert inside is not None
    digests = [digest(inside, folder / kind / "first")]
    for index, parallelism in enumerate(CHAIN):
        phase = inside.facts["phase"], inside.facts["before"]
        inside = capture(loop_on(parallelism, kind, root, Watcher(), Keeper(), phase).resumed(inside))
        digests.append(digest(inside, folder / kind / str(index)))
    return {"figures": figures, "digests": digests}


if __name__ == "__main__":
    print(json.dumps({kind: main(Path(sys.argv[1]), kind) for kind in sys.argv[2:]}))
