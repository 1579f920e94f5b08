"""Estimates the memory that training needs, and compares it with the machine's, before anything is compiled."""

from collections.abc import Mapping

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import gigabytes, physical_memory
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Weight
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.data.row_memory import size_of


def need_memory(task: Task, dataset: Dataset) -> None:
    """Raise RunError E502 if `task` cannot be trained on `dataset` in the memory of this machine.

    The estimate is a lower bound: weights, their gradients and the optimizer's two moments, the activations of one
    batch, kept once for the backward pass, and the rows. Training may still run out of memory.
    """
    assert task.training is not None
    there = physical_memory()
    plans = task.planned.plans
    of_weights = {path: 4 * sum(map(bytes_of, plan.params.values())) for path, plan in plans.items()}
    of_values = {path: sum(map(bytes_of, plan.outputs.values())) for path, plan in plans.items()}
    weights, row = sum(of_weights.values()), sum(of_values.values())
    batch = min(task.training.settings.batch_size, dataset.train.rows)
    values = batch * row
    rows = sum(part_bytes(part) for part in (dataset.train, dataset.validation) if part is not None)
    needed = weights + values + rows
    if there is None or needed <= there:
        return
    parts = {"weights, gradients and optimizer state": weights, "activations of one batch": values, "rows": rows}
    raise RunError(
        "E502",
        f"training needs about {gigabytes(needed)} of memory, but this machine has {gigabytes(there)}",
        notes=("; ".join(f"{name}: {gigabytes(count)}" for name, count in parts.items()),),
        helps=(
            what_would_fit(there - weights - rows, row, {path: of_weights[path] + of_values[path] for path in plans}),
        ),
    )


def what_would_fit(left: int, row: int, layers: Mapping[str, int]) -> str:
    """What to do where `left` bytes are for activations, of which each row takes `row`; else the layer that takes most."""
    most = left // max(row, 1)
    if most >= 1:
        return f"lower `batch_size`: {1 << (most.bit_length() - 1):,} would fit by this estimate"
    largest = max(layers, key=layers.__getitem__)
    return f"no `batch_size` would fit: make the model smaller; `{largest}` takes most, {gigabytes(layers[largest])}"


def bytes_of(array: Weight | TensorType) -> int:
    return size_of(array.shape, array.dtype)


def part_bytes(part: Part) -> int:
    return sum(array.nbytes for array in (*part.inputs.values(), *part.targets.values()))
