"""Estimates the memory that training needs, and compares it with the machine's, before anything is compiled."""

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import gigabytes, physical_memory
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.data.row_memory import size_of


def need_memory(task: Task, dataset: Dataset) -> None:
    """Raise RunError E502 if `task` cannot be trained on `dataset` in the memory of this machine.

    The estimate is a lower bound: weights, their gradients and the optimizer's two moments, the activations of one
    batch, kept once for the backward pass, and the rows. Training may still run out of memory.
    """
    assert task.training is not None
    there = physical_memory()
    plans = task.planned.plans.values()
    weights = 4 * sum(size_of(weight.shape, weight.dtype) for plan in plans for weight in plan.params.values())
    batch = min(task.training.settings.batch_size, dataset.train.rows)
    values = batch * sum(size_of(out.shape, out.dtype) for plan in plans for out in plan.outputs.values())
    rows = sum(part_bytes(part) for part in (dataset.train, dataset.validation) if part is not None)
    needed = weights + values + rows
    if there is None or needed <= there:
        return
    parts = {"weights, gradients and optimizer state": weights, "activations of one batch": values, "rows": rows}
    raise RunError(
        "E502",
        f"training needs about {gigabytes(needed)} of memory, but this machine has {gigabytes(there)}",
        notes=("; ".join(f"{name}: {gigabytes(count)}" for name, count in parts.items()),),
        helps=("lower `batch_size`, or find the largest layer with `modelc summary`",),
    )


def part_bytes(part: Part) -> int:
    return sum(array.nbytes for array in (*part.inputs.values(), *part.targets.values()))
