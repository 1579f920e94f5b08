"""Small trainings on meshes of 8 simulated devices whose rows are resident, and gathered, as JSON; a process of its own, as jax asks
for the number of devices when it starts:

    python -m tests.runtime.fed FOLDER KIND...

For each kind and mesh: the digest of figures and of all state at the end, in each way.
"""

import json
import os
import sys

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from modelc.compiler.syntax.file_root import Root
from modelc.runtime.training import gathered_rows
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.parallelism import Parallelism
from modelc.runtime.training.ways_of_feeding import Feeding, Way
from tests.runtime.resharded import MESHES, loop_on
from tests.runtime.training.test_resume import Keeper
from tests.runtime.watching import Watcher

gathered_rows.MOST_BYTES = 17 * 4 * 20
WAYS: tuple[Way, ...] = ("resident", "mapped")


def digest(parallelism: Parallelism, kind: str, root: Root, way: Way) -> str:
    """The digest of what a training leaves whose rows come in this way."""
    watcher, keeper = Watcher(), Keeper()
    other = loop_on(parallelism, kind, root, watcher, keeper)
    execution = replace(other.execution, feeding=Feeding(way, "test"))
    loop = Loop(other.task, other.dataset, execution, watcher, lambda: False, keeper)
    loop.run(loop.first())
    state = b"".join(array.tobytes() for part in keeper.kept[-1].arrays.values() for array in part.values())
    return sha256(state + repr([record.values for record in watcher.records]).encode()).hexdigest()


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(
        json.dumps(
            {
                kind: {
                    f"{mesh.mesh} {mesh.shard}": [digest(mesh, kind, Root(where, where), way) for way in WAYS]
                    for mesh in MESHES
                }
                for kind in sys.argv[2:]
            }
        )
    )
