"""What a spec is trained with: its task, completed, the arrays that its weights begin with, and its rows."""

from collections.abc import Callable, Mapping, Sequence

from modelc.compiler.api import Checked
from modelc.compiler.binding.array_files import with_arrays
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.fixes.suppressions import unsuppressed
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.data_check import need_counted, warnings_of_data
from modelc.runtime.data.dataset import Dataset, complete
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.data.prepared_rows import dataset_of
from modelc.runtime.training.memory import need_memory
from modelc.runtime.training.parallelism import Parallelism


def training_data(
    task: Task,
    checked: Checked,
    root: Root,
    parallelism: Parallelism,
    report: Callable[[Sequence[Problem]], None],
) -> tuple[Task, Mapping[str, str], Dataset]:
    """The completed task, the digests of the arrays in files that its weights begin with, and its data, after reporting what
    the data warns of. Raises SpecError and RunError.
    """
    task, arrays = with_arrays(task, root)
    task, warnings = complete(task, root)
    if fresh := [one for one in unsuppressed(warnings, checked.sources) if one not in checked.problems]:
        report(fresh)
    dataset = dataset_of(task, root)
    need_counted(task, dataset)
    if found := unsuppressed(warnings_of_data(task, dataset, root), checked.sources):
        report(found)
    task = balanced(as_learnt(task, dataset.train.learnt), dataset.train)
    need_memory(task, dataset, parallelism)
    return task, arrays, dataset
