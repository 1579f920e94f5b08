"""`modelc validate --data`: reads and checks the data of a spec without compiling anything."""

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.dataset import complete, read_dataset


def check_data(task: Task, root: Root) -> tuple[Problem, ...]:
    """All problems of the data of a task, at their places in the spec; nothing is trained."""
    warnings: tuple[Problem, ...] = ()
    try:
        task, warnings = complete(task, root)
        balanced(task, read_dataset(task, root).train)
    except SpecError as error:
        return error.problems
    except RunError as error:
        return *warnings, error.problem(task.spec.document.value(error.at or ("data",)))
    return warnings
