"""The options of `modelc train` that say how rows are read and come to the device, and what is said of it."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from modelc.cli.console import refuse
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
        help="How rows come to the device: all of them lie there, or those of some steps are gathered from mapped files, or decoded "
        "from images and the like; default: the first of these that there is room for. It changes no bit.",
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
    """How the rows of `task` are to be read for a training on these devices. Ends the command where they cannot come as they are to."""
    from modelc.runtime.data.decoding import may_be_decoded
    from modelc.runtime.training_data import reading_for

    if asked.feed == "decoded" and not may_be_decoded(task):
        refuse(
            "`--feed decoded` is for rows that are read each by itself from files of their own, such as images: those of this spec are not",
            helps=("leave `--feed decoded` out",),
        )
    return reading_for(task, parallelism, asked.feed, verify=asked.verify)


def fed(execution: "Execution", asked: AskedRows, task: "Task", dataset: "Dataset") -> "Execution":
    """`execution` with how the rows of a data set come to the devices. Raises RunError E502 where training has no memory for what it
    needs.
    """
    from modelc.runtime import training_data

    return training_data.fed(execution, task, dataset, asked.feed)


def waits_line(outcome: "Outcome", seconds: float) -> str:
    """How long steps have waited for rows, of so many seconds of a training."""
    times = outcome.rows
    share = 100 * times.waited / seconds if seconds else 0.0
    line = f"rows: steps waited {times.waited:.2f} s for them, {share:.0f} % of the time"
    if times.threads:
        threads = "the thread that decodes" if times.threads == 1 else f"the {times.threads} threads that decode"
        return line if times.busy is None else f"{line}, in which {threads} had work for {100 * times.busy:.0f} %"
    return f"{line}; gathering them took {times.gathered:.2f} s" if times.gathered else line
