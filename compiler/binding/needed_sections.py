"""The sections that a command needs of a spec, where it has them not."""

from collections.abc import Mapping

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.problem import Label, Problem

FOR_TRAINING = {
    "data": "data: {source: {npz: train.npz}, targets: {kind: {category: {column: label, classes: 3}}}}",
    "train": "train: {loss: cross_entropy, optimizer: adam, epochs: 10}",
}
"""What training needs besides a model, with an example of each."""


def lacking_sections(task: Task, needed: Mapping[str, str]) -> tuple[Problem, ...]:
    """A problem for each of the `needed` sections, which have an example each, that the spec of `task` has not."""
    return tuple(
        Problem(
            "E104",
            f"to train, a spec needs the section `{section}`",
            Label(task.spec.document.value(()), f"`{section}` is missing"),
            helps=(f"for example `{example}`",),
        )
        for section, example in needed.items()
        if section not in task.spec.stated
    )
