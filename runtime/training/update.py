"""What the gradients of a step make of the weights: clipping, the optimizer, constraints, in this order."""

from typing import Any

import optax

from modelc.compiler.lowering.lower import Tree
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.objective import apply_constraints


def transformation(task: PreparedTask, total_steps: int) -> optax.GradientTransformation:
    """The optax transformation of a task, for a run of `total_steps`: from gradients to what is added to the weights."""
    assert task.training is not None
    return task.training.optimizer.transform(total_steps)


def updated(
    task: PreparedTask, transform: optax.GradientTransformation, params: Tree, gradients: Any, optimizer: Any
) -> tuple[Tree, Any]:
    """The weights and the state of the optimizer after one update by `gradients`, with every constraint applied."""
    updates, new = transform.update(gradients, optimizer, params)
    return apply_constraints(task, optax.apply_updates(params, updates)), new
