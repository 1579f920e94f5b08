"""What a spec is trained with: its task, completed, the arrays that its weights begin with, and its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from modelc.compiler.api import Checked
from modelc.compiler.binding.array_files import with_arrays
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.fixes.suppressions import unsuppressed
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.data_check import need_counted, warnings_of_data
from modelc.runtime.data.dataset import Dataset, complete
from modelc.runtime.data.decoded_rows import has_decoded
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.data.prepared_rows import Reading, dataset_of, rows_bytes
from modelc.runtime.initial.begun import begun
from modelc.runtime.initial.same_ids import need_same_ids
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.memory import need_memory, room_for_rows
from modelc.runtime.training.parallelism import Parallelism
from modelc.runtime.training.ways_of_feeding import Way, choose_feeding, decoded_feeding


def training_data(
    task: Task,
    checked: Checked,
    root: Root,
    reading: Reading,
    report: Callable[[Sequence[Problem]], None],
    elsewhere: Run | None = None,
) -> tuple[Task, Mapping[str, str], Dataset]:
    """The completed task with its initial weights, of the run `elsewhere` where there is one, the digests of the arrays in files
    that weights begin with, and its data, after reporting what the data warns of. Raises SpecError and RunError.
    """
    task, arrays = with_arrays(task, root)
    task, warnings = complete(task, root)
    begins = begun(task, root, elsewhere)
    task = begins.task
    if fresh := [one for one in unsuppressed(warnings, checked.sources) if one not in checked.problems]:
        report(fresh)
    dataset = dataset_of(task, root, reading=reading)
    need_same_ids(begins, dataset.train.learnt)
    need_counted(task, dataset)
    if found := unsuppressed(warnings_of_data(task, dataset, root), checked.sources):
        report(found)
    return balanced(as_learnt(task, dataset.train.learnt), dataset.train), arrays, dataset


def reading_for(task: Task, parallelism: Parallelism, asked: Way | None = None, *, verify: bool = False) -> Reading:
    """How the rows of `task` are to be read for a training on these devices, to which they may be asked to come in one way."""
    room = room_for_rows(task, parallelism)
    decode = None if asked is None else asked == "decoded"
    return Reading(lambda size: choose_feeding(asked, size, room).way == "mapped", verify, decode)


def fed(execution: Execution, task: Task, dataset: Dataset, asked: Way | None = None) -> Execution:
    """`execution` with how the rows of a data set come to the devices. Raises RunError E502 where training has no memory for what it
    needs.
    """
    room = room_for_rows(task, execution.parallelism)
    size = rows_bytes(dataset)
    found = decoded_feeding(asked, size) if has_decoded(dataset.train) else choose_feeding(asked, size, room)
    need_memory(task, dataset, execution.parallelism, found.way)
    return replace(execution, feeding=found)
