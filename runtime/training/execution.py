"""How steps are executed: many in one compiled loop, or one call each, and on which devices. The run records it."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from modelc.compiler.binding.task import Task
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training.ways_of_feeding import RESIDENT, Feeding

WORK_PER_CHUNK = 2e10
"""Floating-point operations between two looks at the clock: a fraction of a second on two cores."""
MOST_STEPS = 256


@dataclass(frozen=True, slots=True)
class Execution:
    """`scan` runs `steps_per_chunk` steps in one compiled loop, `single` one call per step; the host reads results once
    per chunk. `feeding` is how rows come to the device, which changes no bit.
    """

    mode: Literal["scan", "single"]
    steps_per_chunk: int
    reason: str
    parallelism: Parallelism = ONE_DEVICE
    feeding: Feeding = RESIDENT


def choose(task: Task, parallelism: Parallelism = ONE_DEVICE) -> Execution:
    """How to run `task` on devices of jax."""
    import jax

    assert task.training is not None
    work = operations(task) * task.training.settings.batch_size
    steps = int(min(max(WORK_PER_CHUNK / max(work, 1.0), 1), MOST_STEPS))
    nodes = [(node.path, node.layer) for node in task.planned.graph.nodes if node.layer is not None]
    slow = [path for path, layer in nodes if not all(part.loop_safe for part in layer.layers())]
    if slow and jax.default_backend() == "cpu":
        reason = f"the gradient of `{slow[0]}` is slow inside a compiled loop on CPU"
        return Execution("single", steps, reason, parallelism)
    return Execution("scan", steps, f"{steps} steps in one compiled loop", parallelism)


def operations(task: Task) -> float:
    """An estimate of the floating-point operations of one training step on one row: 6 for each use of a weight."""
    total = 0.0
    for node in task.planned.graph.nodes:
        plan = task.planned.plans[node.path]
        edges = [feed.edge for feed in node.feeds or ()]
        shapes = [type_.shape for edge in edges if (type_ := task.planned.type(edge)) is not None]
        positions = max(prod(shape[:-1]) for shape in [*shapes, *(out.shape for out in plan.outputs.values())])
        looked_up = node.layer is not None and node.layer.vocabulary_size() is not None
        weights = 0 if looked_up else sum(prod(weight.shape) for weight in plan.params.values())
        total += 6.0 * weights * positions
    return total
