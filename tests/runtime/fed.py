"""Small trainings on meshes of 8 simulated devices whose rows are resident, and gathered, as JSON; a process of its own, as jax asks
for the number of devices when it starts:

    python -m tests.runtime.fed FOLDER KIND...

For each kind and mesh of several devices: the digest of figures and of all state at the end, in each way; the kind `photos` is of files,
whose rows are decoded too.
"""

import json
import os
import sys

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from modelc.compiler.api import load
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import complete
from modelc.runtime.data.decoded_rows import has_decoded
from modelc.runtime.data.prepared_rows import Reading, dataset_of
from modelc.runtime.training import gathered_rows
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training.ways_of_feeding import Feeding, Way
from tests.runtime.data.test_prepared_files import SPECS, write_images
from tests.runtime.resharded import MESHES, loop_on
from tests.runtime.training.test_resume import Keeper
from tests.runtime.watching import Watcher

gathered_rows.MOST_BYTES = 17 * 4 * 20
WAYS: tuple[Way, ...] = ("resident", "mapped")
PHOTOS = "photos"


def loop_of(parallelism: Parallelism, kind: str, root: Root, way: Way, watcher: Watcher, keeper: Keeper) -> Loop:
    """A training whose rows come in this way."""
    if kind == PHOTOS:
        task, _ = complete(load({**SPECS["table"], "train": {**SPECS["table"]["train"], "batch_size": 8}}), root)
        dataset = dataset_of(task, root, reading=Reading(lambda size: way == "mapped", decode=way == "decoded"))
        assert has_decoded(dataset.train) == (way == "decoded")
        execution = Execution("scan", 2, "test", parallelism, Feeding(way, "test"))
        return Loop(prepare(task), dataset, execution, watcher, lambda: False, keeper)
    other = loop_on(parallelism, kind, root, watcher, keeper)
    execution = replace(other.execution, feeding=Feeding(way, "test"))
    return Loop(other.task, other.dataset, execution, watcher, lambda: False, keeper)


def digest(parallelism: Parallelism, kind: str, root: Root, way: Way) -> str:
    """The digest of what a training leaves whose rows come in this way."""
    watcher, keeper = Watcher(), Keeper()
    loop = loop_of(parallelism, kind, root, way, watcher, keeper)
    loop.run(loop.first())
    state = b"".join(array.tobytes() for part in keeper.kept[-1].arrays.values() for array in part.values())
    return sha256(state + repr([record.values for record in watcher.records]).encode()).hexdigest()


def ways_of(kind: str) -> tuple[Way, ...]:
    return (*WAYS, "decoded") if kind == PHOTOS else WAYS


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if PHOTOS in sys.argv[2:]:
        write_images(where, 40)
    print(
        json.dumps(
            {
                kind: {
                    f"{mesh.mesh} {mesh.shard}": [digest(mesh, kind, Root(where, where), way) for way in ways_of(kind)]
                    for mesh in MESHES
                    if mesh != ONE_DEVICE
                }
                for kind in sys.argv[2:]
            }
        )
    )
