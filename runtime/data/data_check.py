"""`modelc validate --data`: reads and checks the data of a spec without compiling anything."""

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.counted_elements import counts_of_term
from modelc.runtime.data.dataset import Dataset, complete, read_dataset

MEANT = {
    "mask": "a mask is true where the loss counts",
    "sample_weight": "give some of these rows a weight above 0, or remove `sample_weight` to weight all rows equally",
    "class_weight": "give a class of these rows a weight above 0",
}
"""What to do about each of the things that can leave all rows out."""
VALIDATION = (
    "or choose validation rows of which some count: a fraction, such as `validation: 0.2`, draws from all rows",
)


def check_data(task: Task, root: Root) -> tuple[Problem, ...]:
    """All problems of the data of a task, at their places in the spec; nothing is trained."""
    warnings: tuple[Problem, ...] = ()
    try:
        task, warnings = complete(task, root)
        dataset = read_dataset(task, root)
        need_counted(task, dataset)
        balanced(task, dataset.train)
    except SpecError as error:
        return error.problems
    except RunError as error:
        return *warnings, error.problem(task.spec.document.value(error.at or ("data",)))
    return warnings


def need_counted(task: Task, dataset: Dataset) -> None:
    """Raise RunError E403 for a loss term in which no training row counts, or no validation row.

    Its loss would be that of nothing: without a gradient, or without a value that epochs could be compared by. What the
    model itself masks is not known here.
    """
    for word, part in (("training", dataset.train), ("validation", dataset.validation)):
        for term in task.terms if part is not None else ():
            if isinstance(term.loss, NoLoss) or not term.weight or part is None:
                continue
            counts, causes = counts_of_term(task, term, part.inputs, part.targets)
            if counts:
                continue
            names = [f"the mask `{term.mask}`" if cause == "mask" else f"`{cause}`" for cause in causes]
            verb = "leaves" if len(names) == 1 else "together leave"
            places: dict[str, Path] = {"mask": (*term.at, "mask"), "sample_weight": ("data", "sample_weight")}
            raise RunError(
                "E403",
                f"no {word} row counts in the loss of `{term.name}`: {' and '.join(names)} {verb} all of them out",
                helps=(MEANT[causes[-1]], *(VALIDATION if word == "validation" else ())),
                at=places.get(causes[0], term.at),
            )
