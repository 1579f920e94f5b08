"""What a training begins with: the weights before its first step by name, on one device, or printed as digests on eight simulated
ones.
"""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"

from modelc.compiler.api import check_file
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import spec_root
from modelc.runtime.data.prepared_rows import Reading
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import NoSaver
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training_data import training_data
from tests.runtime.watching import Watcher


def weights_before(path: Path, parallelism: Parallelism = ONE_DEVICE) -> tuple[dict[str, Any], list[str]]:
    """The weights and the state of the spec at `path` before the first step, by `path:name`, and the layers that were fitted."""
    checked = check_file(path)
    assert checked.task is not None and not checked.errors, checked.problems
    task, _, dataset = training_data(checked.task, checked, spec_root(path, None), Reading(), lambda problems: None)
    watcher = Watcher()
    execution = Execution("scan", 4, "test", parallelism)
    loop = Loop(prepare(task), dataset, execution, watcher, lambda: False, NoSaver())
    found = loop.weights(loop.first())()
    trees = (found.params, found.state)
    arrays = {
        f"{path}:{name}": one for tree in trees for path, entries in tree.items() for name, one in entries.items()
    }
    return arrays, [one.path for one in watcher.learnt]


def digests(arrays: dict[str, Any]) -> dict[str, str]:
    return {name: sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}


if __name__ == "__main__":
    arrays, _ = weights_before(Path(sys.argv[1]), Parallelism(4, 2, "params"))
    print(json.dumps(digests(arrays)))
