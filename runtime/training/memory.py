"""Estimates the memory that training needs, and compares it with what there is, before anything is compiled."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.graph.weight_paths import named_by
from modelc.compiler.language.settings import Settings
from modelc.compiler.library.base.memory import available_memory, gigabytes, physical_memory
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.lowering.prepared_task import as_trained
from modelc.runtime.data.dataset import Dataset
from modelc.runtime.data.prepared_rows import rows_bytes
from modelc.runtime.data.row_memory import size_of
from modelc.runtime.training.gathered_rows import bytes_at_once
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training.placement import weight_at
from modelc.runtime.training.update import keeps_averages
from modelc.runtime.training.ways_of_feeding import Way
from modelc.runtime.training.weight_axes import axes_of

CHECKPOINTING = "`gradient_checkpointing: true` below `train:`, which keeps less of each row and takes longer"


class OwnMemory(NamedTuple):
    """The bytes of the memory of a device, and how many of them are used."""

    size: int
    used: int


def room_for_rows(task: Task, parallelism: Parallelism = ONE_DEVICE) -> int | None:
    """The bytes that are left for rows by the estimate of `need_memory`; None where nothing says how much memory there is."""
    assert task.training is not None
    own = own_memory()
    there = physical_memory() if own is None else own.size
    if there is None:
        return None
    rows = task.training.settings.rows_at_once
    taken = sharing(parallelism) * max(taken_by(one, parallelism, rows) for one in phases_of(task))
    # Of a memory that the host and its devices share, rows take their part twice, and others have theirs.
    left = there - taken if own is not None else min(there - taken, available_memory() or there) // 2
    return max(left, 0)


def need_memory(task: Task, dataset: Dataset, parallelism: Parallelism = ONE_DEVICE, way: Way = "resident") -> None:
    """Raise RunError E502 if `task` cannot be trained on `dataset`, fed in this way, in the memory of these devices.

    The estimate is a lower bound: what each device has of weights, their gradients and the state of the optimizer, and of
    the activations of one batch, kept once for the backward pass; and the rows. Training may still run out of memory.
    """
    assert task.training is not None
    own = own_memory()
    there = physical_memory() if own is None else own.size
    sharers = sharing(parallelism)
    settings = task.training.settings
    batch = min(settings.batch_size, dataset.train.rows)
    rows_at_once = min(settings.rows_at_once, batch)
    task = max(phases_of(task), key=lambda one: taken_by(one, parallelism, rows_at_once))
    plans = task.planned.plans
    of_weights, of_values = weight_bytes(task, parallelism), kept_bytes(task)
    weights, row = sum(of_weights.values()), sum(of_values.values())
    values = rows_at_once * row // parallelism.devices
    rows = rows_bytes(dataset) if way == "resident" else bytes_at_once(dataset.train, batch)
    needed = sharers * (weights + values) + rows
    if there is None or needed <= there:
        return
    left = (there - rows) // sharers - weights
    largest = {path: of_weights.get(path, 0) + of_values[path] for path in plans}
    helps = [what_would_fit(left * parallelism.devices, row, largest, parallelism.data)]
    if left > 0:
        helps += keeping_the_batch(task, left * parallelism.devices // max(row, 1), parallelism.data)
    if parallelism.data > 1 and parallelism.shard != "params":
        sharded = sum(weight_bytes(task, replace(parallelism, shard="params")).values())
        if sharers * (sharded + values) + rows <= there:
            helps.append("or let each device keep a part of the weights: `--shard params`")
    parts = {
        "weights, gradients and optimizer state": sharers * weights,
        "activations of one batch": sharers * values,
        "rows": rows,
    }
    message = f"{of_devices(parallelism, own is not None, gigabytes(needed))} {gigabytes(there)}"
    notes = ("; ".join(f"{name}: {gigabytes(count)}" for name, count in parts.items()),)
    raise RunError("E502", message, notes=notes, helps=tuple(helps))


def of_devices(parallelism: Parallelism, is_own: bool, needed: str) -> str:
    """That training needs so much memory, and who has less of it: each device, if the memory is their own."""
    count = parallelism.devices
    if is_own:
        on, has = (f" on each of {count:,} devices", "each") if count > 1 else ("", "the device")
        return f"training needs about {needed} of memory{on}, but {has} has"
    on = f" on {count:,} devices" if count > 1 else ""
    return f"training{on} needs about {needed} of memory, but this machine has"


def own_memory() -> OwnMemory | None:
    """The memory of each device; None where it has none of its own, or does not say how much."""
    stats = jax.local_devices()[0].memory_stats() or {}
    return OwnMemory(stats["bytes_limit"], stats.get("bytes_in_use", 0)) if "bytes_limit" in stats else None


def sharing(parallelism: Parallelism) -> int:
    """How many devices of a training share one memory: those of this process that have none of their own."""
    return min(parallelism.devices, jax.local_device_count()) if own_memory() is None else 1


def phases_of(task: Task) -> list[Task]:
    """Each phase of a training as a task, with what it freezes; the task itself so where it has none."""
    assert task.training is not None
    return [
        replace(task, planned=as_trained(task.planned, one), training=one)
        for one in task.training.phases or (task.training,)
    ]


def taken_by(task: Task, parallelism: Parallelism, rows: int) -> int:
    """What each device has of weights, and of the values of so many rows at once.

    Devices share the rows of a batch, and along `model` they may share the values of each.
    """
    weights, row = sum(weight_bytes(task, parallelism).values()), sum(kept_bytes(task).values())
    return weights + rows * row // parallelism.devices


def weight_bytes(task: Task, parallelism: Parallelism) -> dict[str, int]:
    """What each device has of each set of weights: of these, and unless they are frozen of their gradients, of their averages,
    and of what the optimizer keeps of them.
    """
    assert task.training is not None
    plans = dict(task.planned.owned())
    own = {path: {name: one for name, one in plan.params.items() if one.trainable} for path, plan in plans.items()}
    shapes = {
        path: {name: jax.eval_shape(partial(jnp.zeros, one.shape, one.dtype)) for name, one in named.items()}
        for path, named in own.items()
    }
    state = jax.eval_shape(task.training.optimizer.transform(1).init, shapes)
    copies = 3 if keeps_averages(task.training) else 2

    def parts(weight: Weight, *, of_moments: bool = False) -> int:
        axes = axes_of(weight, parallelism, task.axes, stacked=False)
        along = axes.moments(parallelism.shard) if of_moments else axes.kept(parallelism.shard)
        return prod(parallelism.sizes[one] for each in along for one in each)

    found = {
        path: sum((copies if one.trainable else 1) * (bytes_of(one) // parts(one)) for one in plan.params.values())
        for path, plan in plans.items()
    }
    for way, leaf in jax.tree_util.tree_leaves_with_path(state):
        path, name = weight_at(way)
        if (weight := own.get(path, {}).get(name)) is not None:
            has_shape = leaf.shape == weight.shape
            found[path] += bytes_of(leaf) // (parts(weight, of_moments=True) if has_shape else 1)
    return found


def kept_bytes(task: Task) -> dict[str, int]:
    """What is kept of each node's values for the backward pass, of one row: nothing of what that computes again, or does not reach,
    since nothing before is trained.
    """
    plans, reached = task.planned.plans, set[str]()
    for node in task.planned.graph.nodes:
        is_trained = any(one.trainable for one in plans[node.owner].params.values())
        if is_trained or any(edge.node in reached for edge in node.edges):
            reached.add(node.path)
    found = {path: sum(map(bytes_of, plan.outputs.values())) if path in reached else 0 for path, plan in plans.items()}
    assert task.training is not None
    again = task.training.settings.gradient_checkpointing
    if not again:
        return found
    patterns = again if isinstance(again, tuple) else ("**",)
    return {path: 0 if named_by(patterns, path) else size for path, size in found.items()}


def what_would_fit(left: int, row: int, layers: Mapping[str, int], parts: int) -> str:
    """What to do where `left` bytes are for activations, of which each row takes `row`, and a batch is divided into `parts`;
    else the layer that takes most.
    """
    most = left // max(row, 1) // parts
    if most >= 1:
        return f"lower `batch_size`: {parts << (most.bit_length() - 1):,} would fit by this estimate"
    largest = max(layers, key=layers.__getitem__)
    return f"no `batch_size` would fit: make the model smaller; `{largest}` takes most, {gigabytes(layers[largest])}"


def keeping_the_batch(task: Task, most: int, devices: int) -> list[str]:
    """What to write in place of a smaller batch, where there is room for the values of `most` rows, which so many `devices` share."""
    assert task.training is not None
    settings = task.training.settings
    parts = None if any(term.loss.mixes_rows for term in task.terms) else parts_of_batch(settings, most, devices)
    found = [] if parts is None else [f"or keep the batch, and write {accumulating(parts)}"]
    return found if settings.gradient_checkpointing else [*found, f"or write {CHECKPOINTING}"]


def parts_of_batch(settings: Settings, most: int, devices: int) -> int | None:
    """Into how many more equal parts a batch can be cut, of at most so many rows, which so many `devices` share; None if into none."""
    rows, now = settings.batch_size, settings.gradient_accumulation
    fitting = (parts for parts in range(now + 1, rows + 1) if rows % (parts * devices) == 0 and rows // parts <= most)
    return next(fitting, None)


def accumulating(parts: int) -> str:
    """What cuts a batch into so many parts."""
    return f"`gradient_accumulation: {parts}` below `train:`, which computes it in so many parts"


def bytes_of(array: Weight | TensorType | jax.ShapeDtypeStruct) -> int:
    return size_of(array.shape, str(array.dtype))
