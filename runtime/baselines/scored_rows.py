"""Rows as they are scored: baselines are fitted to what counts of the training rows, and scored on what counts of others."""

from dataclasses import replace

import jax
import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Part
from modelc.runtime.training.augmenting import as_scored

AT_ONCE = 4096
"""So many rows are changed at once."""


def scored_rows(task: Task | PreparedTask, part: Part) -> Part:
    """The rows of `part` with the targets that their scores are of."""
    changed = [part for change in task.augment if change.by.leaves_out for part in change.parts]
    inputs, targets = ({part.name for part in changed if part.is_target == which} for which in (False, True))
    if not targets or part.rows == 0:
        return part
    found: dict[str, list[np.ndarray]] = {name: [] for name in targets}
    change = jax.jit(lambda inputs, targets: as_scored(task, inputs, targets)[1])
    for start in range(0, part.rows, AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, part.rows))
        given = (
            {name: np.asarray(part.inputs[name][rows]) for name in inputs},
            {name: part.targets[name][rows] for name in targets},
        )
        for name, array in change(*given).items():
            found[name].append(np.asarray(array))
    return replace(part, targets={**part.targets, **{name: np.concatenate(parts) for name, parts in found.items()}})
