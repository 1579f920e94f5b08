"""Checks how long a training is, and in which epochs it is evaluated, against its data and its schedule."""

from modelc.compiler.binding.task import Task
from modelc.compiler.language.suggestions.reporter import Reporter


def check_evaluations(reporter: Reporter, task: Task, *, validates: bool) -> None:
    """Warn of validation rows that are to be evaluated every few epochs where there are none."""
    path = ("train", "validate_every")
    if validates or task.data is None or not task.data.complete or path not in reporter.document.values:
        return
    message, help = (
        "`validate_every` has no effect without validation rows",
        "add `validation: 0.2` to `data`, or remove it",
    )
    reporter.add("W912", message, path, key=True, label="no rows to evaluate", help=help)
