"""Updates by every optimizer on several simulated devices and on one, as JSON; a process of its own, as jax asks for their
number when it starts:

    python -m tests.runtime.optimized DATA,MODEL,SHARD...

Of each mesh and optimizer: how far weights are from those of one device after some updates, in parts of the longest way that
one has gone; and how many arrays of its state are divided.
"""

import json
import os
import sys
from functools import partial

DEVICES = 8
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={DEVICES}"

from typing import Any

import jax
import numpy as np
import optax

from modelc.compiler.api import load
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.runtime.training.parallelism import Parallelism
from modelc.runtime.training.placement import Placement, place
from tests.runtime.small import spec

STEPS = 3
RATE = 0.01
BLOCK = {"residual": [{"dense": 8}], "repeat": 8}
"""Is rolled: its weights are held stacked."""


def task_of_all_shapes() -> PreparedTask:
    return prepare(load(spec([{"dense": 8}, BLOCK, {"dense": 3, "name": "y"}])))


def updates(placement: Placement, params: Any, gradients: Any) -> Any:
    """The weights after some updates by each optimizer, and the state; `gradients` have those of each step."""
    transforms = {name: OPTIMIZERS.build({name: RATE}).transform(STEPS) for name in OPTIMIZERS}

    def run(params: Any, gradients: Any) -> Any:
        found = {}
        for name, transform in transforms.items():
            shardings = placement.optimizer(params, jax.eval_shape(transform.init, params))
            step = partial(update, placement, transform, shardings)
            first = params, placement.constrain(transform.init(params), shardings)
            found[name] = jax.lax.scan(step, first, gradients)[0]
        return found

    return jax.jit(run)(placement.put(params, placement.params), gradients)


def update(placement: Placement, transform: Any, shardings: Any, carry: Any, gradient: Any) -> Any:
    params, state = carry
    changes, state = transform.update(placement.constrain(gradient, placement.moments), state, params)
    params = placement.constrain(optax.apply_updates(params, changes), placement.params)
    return (params, placement.constrain(state, shardings)), None


def main(meshes: list[str]) -> None:
    task = task_of_all_shapes()
    params = jax.device_get(lower(task).init(jax.random.key(0))[0])
    generator = np.random.default_rng(0)
    gradients = jax.tree.map(lambda one: generator.normal(size=(STEPS, *one.shape)).astype(np.float32), params)
    assert any("*" in path for path in params)
    alone = jax.device_get(updates(place(task), params, gradients))
    told: dict[str, Any] = {}
    for mesh in meshes:
        data, model, shard = mesh.split(",")
        parallelism = Parallelism(int(data), int(model), shard)  # type: ignore[arg-type]  # one of the words
        for name, (found, state) in updates(place(task, parallelism), params, gradients).items():
            apart = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), jax.device_get(found), alone[name][0])
            gone = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), alone[name][0], params)
            divided = [leaf for leaf in jax.tree.leaves(state) if not leaf.sharding.is_fully_replicated]
            told.setdefault(mesh, {})[name] = max(jax.tree.leaves(apart)) / max(jax.tree.leaves(gone)), len(divided)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
