"""Where the arrays of a training lie: a mesh of devices, mostly of one, and a sharding for each array.

Arrays are global: what is computed of them is that of one device, but for rounding. XLA's partitioner adds what the devices
have to tell each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from modelc.compiler.library.contracts.mesh_axes import MESH_AXES
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training.row_state import planned_entries
from modelc.runtime.training.weight_axes import Axes, Named, WeightAxes, weight_axes

Shardings = dict[str, dict[str, NamedSharding]]
"""By path and name, as weights and state are."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A mesh, and where the arrays of one task lie on it."""

    mesh: Mesh
    parallelism: Parallelism
    weights: Named

    def along(self, *axes: str | tuple[str, ...] | None) -> NamedSharding:
        """The sharding of arrays whose first axes lie along `axes` of the mesh, and all others along none."""
        return NamedSharding(self.mesh, PartitionSpec(*axes))  # type: ignore[no-untyped-call]  # untyped in jax

    @property
    def everywhere(self) -> NamedSharding:
        """Whole on each device."""
        return self.along()

    @property
    def rows(self) -> NamedSharding:
        """The rows of a batch, on the first axis, along `data`."""
        return self.along("data")

    @property
    def batches(self) -> NamedSharding:
        """The rows of each of several batches, on the second axis, along `data`."""
        return self.along(None, "data")

    def of_axes(self, axes: Axes) -> NamedSharding:
        return self.along(*(along or None for along in axes))

    @property
    def params(self) -> Shardings:
        """Of the weights between two steps."""
        return self.shardings(lambda one: one.kept(self.parallelism.shard))

    @property
    def moments(self) -> Shardings:
        """Of gradients, and of what an optimizer keeps of each weight in its shape."""
        return self.shardings(lambda one: one.moments(self.parallelism.shard))

    def shardings(self, axes: Callable[[WeightAxes], Axes]) -> Shardings:
        """Those of arrays in the shapes of the weights, which lie along such `axes`."""
        return {
            path: {name: self.of_axes(one.whole(axes(one))) for name, one in named.items()}
            for path, named in self.weights.items()
        }

    def state(self, task: PreparedTask) -> Shardings:
        """Of the state of a model: per-row state lies where its rows do, all other everywhere."""
        per_row = {(path, name) for path, name, _ in planned_entries(task)}
        return {
            path: {name: self.rows if (path, name) in per_row else self.everywhere for name in plan.state}
            for path, plan, _ in task.weight_sets()
            if plan.state
        }

    def optimizer(self, params: Any, state: Any) -> Any:
        """Of the `state` of an optimizer of `params`. What it keeps in another shape than the weight's lies everywhere."""
        moments = self.moments

        def sharding(way: tuple[Any, ...], leaf: Any) -> NamedSharding:
            path, name = weight_at(way)
            weight = params.get(path, {}).get(name)
            return self.everywhere if weight is None or weight.shape != leaf.shape else moments[path][name]

        return jax.tree_util.tree_map_with_path(sharding, state)

    def gathered(self, path: str, weights: Mapping[str, Array]) -> dict[str, Array]:
        """The weights of a node where it computes with them: whole along `data`, if they are not between two steps; of
        one copy, if they are of a rolled repeat.
        """
        if self.mesh.size == 1 or not weights:
            return dict(weights)
        found, is_params = self.weights[path], self.parallelism.shard == "params"
        return {
            name: gather(array, self.of_axes(found[name].used), self.of_axes(found[name].sharded))
            if is_params or found[name].by_rule
            else array
            for name, array in weights.items()
        }

    def on_one_device(self, weights: Any, state: Any) -> tuple[Any, Any]:
        """Weights and state with which something is to be computed again on one device: copies on the host, where there are several."""
        found: tuple[Any, Any] = (weights, state) if self.parallelism.devices == 1 else on_host((weights, state))
        return found

    def constrain(self, tree: Any, shardings: Any) -> Any:
        """The arrays of a traced tree, to lie as a sharding says, or those of a like tree."""
        # For one device it says nothing, and would still keep XLA from moving operations across it.
        return tree if self.mesh.size == 1 else lie(tree, shardings)

    def put(self, tree: Any, shardings: Any) -> Any:
        """Arrays of the host on the mesh; `shardings` are those of a tree, or one for all of it."""
        if isinstance(shardings, NamedSharding):
            return jax.tree.map(lambda array: put_one(array, shardings), tree)
        return jax.tree.map(put_one, tree, shardings)


def place(task: PreparedTask, parallelism: Parallelism = ONE_DEVICE) -> Placement:
    """The placement of a task on the first devices of jax. Raises ValueError if there are not enough."""
    shape = tuple(parallelism.sizes.values())
    # Automatic axes: the partitioner finds what is not said here. With explicit ones every operation has to say it.
    types = (AxisType.Auto,) * len(MESH_AXES)
    mesh = jax.make_mesh(shape, MESH_AXES, axis_types=types, devices=jax.devices()[: parallelism.devices])
    return Placement(mesh, parallelism, weight_axes(task, parallelism))


def on_host(tree: Any) -> Any:
    """A copy of arrays on the host, each whole. In several processes all have to ask."""
    return jax.tree.map(gathered_one, tree) if jax.process_count() > 1 else jax.device_get(tree)


def gathered_one(array: Array) -> Any:
    """A copy of an array on the host, from the devices of all processes: one array after the other is whole on each device."""
    if not array.is_fully_addressable and not array.is_fully_replicated:
        whole = NamedSharding(array.sharding.mesh, PartitionSpec())  # type: ignore[no-untyped-call,attr-defined]  # untyped in jax
        array = jax.jit(lambda one: one, out_shardings=whole)(array)
    return np.asarray(array)


def weight_at(way: tuple[Any, ...]) -> tuple[str, str]:
    """The path and the name of the weight of which an optimizer keeps what is at `way` in its state."""
    path, name = (str(getattr(part, "key", "")) for part in (None, None, *way)[-2:])
    return path, name


def put_one(array: Any, sharding: NamedSharding) -> Array:
    """An array of the host as a global one; each process puts what its own devices hold."""
    if sharding.is_fully_addressable:
        placed: Array = jax.device_put(array, sharding)
        return placed
    whole = np.asarray(array)
    return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])


def lie(tree: Any, shardings: Any) -> Any:
    """The arrays of a traced tree, to lie as the shardings say."""
    return jax.lax.with_sharding_constraint(tree, shardings)  # type: ignore[no-untyped-call]  # untyped in jax


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def gather(array: Array, used: NamedSharding, kept: NamedSharding) -> Array:
    """`array`, which lies as `kept`, as `used`; its gradient the other way round.

    That lies as `used` first, behind a barrier: else the partitioner would take the way that it is kept for one that suits
    all that it is computed of, and rearrange the values of a batch.
    """
    return gather_forward(array, used, kept)[0]


def gather_forward(array: Array, used: NamedSharding, kept: NamedSharding) -> tuple[Array, None]:
    return lie(array, used), None


def gather_backward(used: NamedSharding, kept: NamedSharding, _: None, gradient: Array) -> tuple[Array]:
    return (lie(jax.lax.optimization_barrier(lie(gradient, used)), kept),)


gather.defvjp(gather_forward, gather_backward)
