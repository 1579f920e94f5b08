"""The baselines of a training: fitted to its training rows once it has ended, and scored on all rows that are held out."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.baselines.baseline import Baseline, Fitted, baselines, fit
from modelc.runtime.data.dataset import Dataset, Part

T = TypeVar("T")
Warn = Callable[[str], None]
"""Says a warning to the user."""


class Trained(NamedTuple):
    """The baselines that were fitted in a training, None where the memory is not enough for them; and what they score, by the split."""

    fitted: Fitted | None
    scores: Mapping[str, Sequence[Baseline]]


def trained_baselines(task: Task, prepared: PreparedTask, dataset: Dataset, warn: Warn) -> Trained:
    """The baselines of a data set, on all of its rows that are held out."""
    parts = {"validation": dataset.validation, "test": dataset.test}
    fitted = fitted_to(task, dataset.train, warn)
    if fitted is None:
        return Trained(None, {})
    scores = {key: scored(prepared, fitted, part, warn) for key, part in parts.items() if part is not None}
    return Trained(fitted, {} if None in scores.values() else {key: found or () for key, found in scores.items()})


def fitted_to(task: Task, train: Part, warn: Warn) -> Fitted | None:
    """The baselines, fitted to training rows; None, after a warning, where the memory is not enough for them."""
    return if_memory(lambda: fit(task, train), warn)


def scored(prepared: PreparedTask, fitted: Fitted, part: Part, warn: Warn) -> Sequence[Baseline] | None:
    """What baselines score on the rows of `part`; None, after a warning, where the memory is not enough for them."""
    return if_memory(lambda: baselines(prepared, fitted, part), warn)


def if_memory(compute: Callable[[], T], warn: Warn) -> T | None:
    """What `compute` returns; None, after a warning, where the memory is not enough for it."""
    try:
        return compute()
    except (RunError, MemoryError) as error:
        if isinstance(error, RunError) and error.code != "E502":
            raise
        warn("there are no baselines: the memory is exhausted")
        return None
