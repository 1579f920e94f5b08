"""Constants that no file holds, with the values that training draws: ids that are made of them are known before it."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from modelc.compiler.binding.array_files import with_values
from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Node
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.library.base.lazy import jax
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.library.contracts.layer import State
from modelc.compiler.library.contracts.weight_rules import ReadValues
from modelc.runtime.data.arrays import Array


def with_drawn_constants(task: Task, nodes: Collection[str]) -> Task:
    """`task` with the values of the constants among its `nodes`, by path, that no file holds, as far as they are known."""
    plans = dict(task.planned.plans)
    for node, name, entry in drawn_entries(task, nodes):
        values = drawn_values(task, node.owner, name, entry)
        if values is not None:
            given = ReadValues(digest=f"drawn for {node.owner}/{name}", values=values)
            plans[node.path] = with_values(plans[node.path], name, given)
    return replace(task, planned=TypedGraph(task.planned.graph, plans))


def drawn_entries(task: Task, nodes: Collection[str]) -> Iterator[tuple[Node, str, State]]:
    """The state of the `nodes` that nothing changes and no file holds, with its name."""
    for node in task.planned.graph.nodes:
        state = task.planned.plans[node.path].state if node.path in nodes else {}
        for name, entry in state.items():
            is_read = isinstance(entry.initializer, ReadValues) or entry.initializer.array_file() is not None
            if entry.fixed and not is_read:
                yield node, name, entry


def drawn_values(task: Task, owner: str, name: str, entry: State) -> Array | None:
    """The values with which training begins; None where there is no training whose seed would tell them."""
    seeds = (0, 1) if task.training is None else (task.training.settings.seed,)
    keys = [derive(root_key(seed), "initialize", owner, name) for seed in seeds]
    first, *others = (
        np.asarray(jax.device_get(entry.initializer.sample(key, entry.shape, entry.dtype))) for key in keys
    )
    return first if all(np.array_equal(first, other, equal_nan=True) for other in others) else None
