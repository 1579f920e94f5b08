"""The options of `modelc train` that say how rows are read and come to the device, and what is said of it."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from modelc.runtime.training.ways_of_feeding import Way

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.data.prepared_rows import Reading
    from modelc.runtime.training.execution import Execution
    from modelc.runtime.training.observer import Outcome
    from modelc.runtime.training.parallelism import Parallelism

Feed = Annotated[
    Way | None,
    typer.Option(
        "--feed",
        help="How rows come to the device: all of them lie there, or those of some steps are gathered from mapped files; "
        "default: resident if there is room. It changes no bit.",
    ),
]
VerifyData = Annotated[
    bool,
    typer.Option(
        "--verify-data", help="Read the files of the data again, and compare what the cache has of their rows."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Say how long steps have waited for rows.")]


class AskedRows(NamedTuple):
    """What a command line says of rows."""

    feed: Way | None = None
    verify: bool = False
    verbose: bool = False


def reading_of(asked: AskedRows, task: "Task", parallelism: "Parallelism") -> "Reading":
    """How the rows of `task` are to be read for a training on these devices."""
    from modelc.runtime.training_data import reading_for

    return reading_for(task, parallelism, asked.feed, verify=asked.verify)


def fed(execution: "Execution", asked: AskedRows, task: "Task", dataset: "Dataset") -> "Execution":
    """`execution` with how the rows of a data set come to the devices. Raises RunError E502 where training has no memory for what it
    needs.
    """
    from modelc.runtime import training_data

    return training_data.fed(execution, task, dataset, asked.feed)


def waits_line(outcome: "Outcome", seconds: float) -> str:
    """How long steps have waited for rows, of so many seconds of a training."""
    share = 100 * outcome.rows_waited / seconds if seconds else 0.0
    waited = f"rows: steps waited {outcome.rows_waited:.2f} s for them, {share:.0f} % of the time"
    return f"{waited}; gathering them took {outcome.rows_gathered:.2f} s" if outcome.rows_gathered else waited
