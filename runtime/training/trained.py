"""Which weights a training changes: the others are no part of what is differentiated, nor of what an optimizer keeps."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.lowering.prepared_task import PreparedTask


def trained(task: PreparedTask, tree: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of a tree with an entry for each weight, such as the weights themselves, what belongs to those that training changes."""
    found: dict[str, dict[str, Any]] = {}
    for path, plan, _ in task.weight_sets():
        names = [name for name, weight in plan.params.items() if weight.trainable]
        if names:
            found[path] = {name: tree[path][name] for name in names}
    return found
