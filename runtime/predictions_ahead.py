"""Predictions of windows as rows: one for each step of the horizon, which name the series and the time."""

from dataclasses import replace
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Output, Task
from modelc.runtime.data.arrays import Array, Arrays

AHEAD = "ahead"
"""The column that counts the steps of the horizon, from 1."""


def is_by_step(task: Task) -> bool:
    """Whether each output of a task has a value, or an array, for each step of the horizon of its windows."""
    if task.windows is None or task.data is None or task.data.shifted:
        return False
    return all(one.type.shape[:1] == (task.windows.horizon,) for one in task.outputs.values())


def outputs_by_row(task: Task) -> dict[str, Output]:
    """The outputs of a task as rows of predictions have them."""
    if not is_by_step(task):
        return dict(task.outputs)
    return {name: one._replace(type=replace(one.type, shape=one.type.shape[1:])) for name, one in task.outputs.items()}


def predictions_by_row(task: Task, predicted: Arrays) -> Arrays:
    """What is predicted of windows `[windows, steps, ...]` as rows of predictions `[rows, ...]`."""
    if not is_by_step(task):
        return predicted
    return {name: values.reshape(-1, *values.shape[2:]) for name, values in predicted.items()}


def labels_by_row(task: Task, labels: Arrays, windows: int) -> Arrays:
    """The columns that tell rows of predictions of so many windows apart: the series, the time, and how many steps ahead it is.

    Of outputs that have no steps each window is a row, with the time of the first step.
    """
    if task.windows is None:
        return {}
    steps = task.windows.horizon if is_by_step(task) else 1
    found: dict[str, Any] = {
        called(task, name): as_text(np.repeat(column, steps) if column.ndim == 1 else column[:, :steps].reshape(-1))
        for name, column in labels.items()
    }
    return found | ({called(task, AHEAD): np.tile(np.arange(1, steps + 1), windows)} if is_by_step(task) else {})


def label_names(task: Task) -> tuple[str, ...]:
    """The names of the columns that tell rows of predictions apart; none without windows."""
    if task.windows is None:
        return ()
    ahead = (AHEAD,) if is_by_step(task) else ()
    return tuple(called(task, name) for name in (*task.windows.columns, *ahead))


def called(task: Task, name: str) -> str:
    """The name of a column beside predictions, which is that of no output."""
    return f"data/{name}" if name in task.outputs else name


def as_text(column: Array) -> Array:
    """Texts and dates as texts that files of predictions hold, numbers as they are."""
    if column.dtype.kind == "S":
        return np.asarray(np.strings.decode(column, "utf-8"))
    if column.dtype.kind == "M":
        return np.asarray(np.datetime_as_string(column))
    return np.array([str(text) for text in column.tolist()]) if column.dtype.kind == "T" else column
