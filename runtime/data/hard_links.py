"""Warns of data files that have several names: no check of paths can tell whether the others lie below the root."""

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.problem import Label, Path, Problem
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_help import hard_link_warning
from modelc.runtime.data.dataset import root_for


def report_hard_links(task: Task, root: Root) -> tuple[Problem, ...]:
    """A warning for each file that the sources of a task read and that has several hard links. Raises RunError E405."""
    data = task.data
    if data is None:
        return ()
    document, found = task.spec.document, []
    for source, at in ((data.source, ("data", "source")), (data.test, ("data", "test"))):
        place: Path = at
        for path in () if source is None else source.files():
            links = root_for(task, root, place).hard_links(path)
            if links > 1:
                message, helps = hard_link_warning(path, links)
                found.append(
                    Problem("W913", message, Label(document.value(place), "read from here"), (), helps, path=place)
                )
    return tuple(found)
