"""The options of `modelc train` for several processes, and their common end."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelc.cli.console import FINE, INTERRUPTED, refuse
from modelc.compiler.diagnostics.command_line import shell_word
from modelc.compiler.library.base.lazy import jax

if TYPE_CHECKING:
    from modelc.cli.stopping import Stopping
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.runs.cadence import Saving
    from modelc.runtime.training.execution import Execution
    from modelc.runtime.training.observer import Checkpoint
    from modelc.runtime.training.processes import Processes

MOST = 100_000
"""More processes than any machine has; jax refuses what 32 bits cannot hold by a TypeError."""
Coordinator = Annotated[
    str | None,
    typer.Option(
        "--coordinator", metavar="HOST:PORT", help="Train in several processes, the first of which listens here."
    ),
]
Count = Annotated[
    int | None,
    typer.Option("--processes", metavar="N", min=1, max=MOST, help="How many processes, with --coordinator."),
]
Index = Annotated[
    int | None,
    typer.Option(
        "--process", metavar="I", min=0, max=MOST, help="Which of them this is, counted from 0, with --coordinator."
    ),
]
Distributed = Annotated[
    bool,
    typer.Option("--distributed", help="Train in the processes that SLURM, Kubernetes, MPI or a TPU pod has started."),
]


def processes_of(coordinator: str | None, count: int | None, index: int | None, *, found: bool) -> "Processes | None":
    """The processes that the options ask for, None for this one alone; `found` says that jax is to find them."""
    from modelc.runtime.training.processes import Processes

    given = (coordinator, count, index)
    if found and given == (None, None, None):
        return Processes()
    if found:
        refuse(
            "`--distributed` finds the processes itself", helps=("leave `--coordinator` and its options out, or it",)
        )
    if given == (None, None, None):
        return None
    if coordinator is None or count is None or index is None:
        helps = ("`--coordinator HOST:PORT --processes N --process I`, the same but for I in each process",)
        refuse("`--coordinator`, `--processes` and `--process` belong together", helps=helps)
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        helps = ("write the host of the first process and a free port of it, such as `--coordinator 10.0.0.1:8476`",)
        refuse(f"`--coordinator` is a host and a port, got `{coordinator}`", helps=helps)
    if index >= count:
        helps = (f"processes are counted from 0: the last is `--process {shell_word(str(count - 1))}`",)
        refuse(f"there is no process {index} of {count}", helps=helps)
    return Processes(coordinator, count, index)


def leads(spec: object, environment: "Mapping[str, Any]", saving: "Saving", step: int = 0) -> bool:
    """Whether this process writes and prints: the first of several that train the same from `step` on, or the only one.

    Raises RunError E507 if they do not.
    """
    from modelc.runtime.training.processes import is_first, need_same

    facts: dict[str, object] = {
        "spec": spec,
        "columns": environment["data"],
        "mesh": (environment["mesh"], environment["shard"]),
        "execution": environment["execution"],
        "versions": environment["versions"],
        "checkpoint": step,
        "--checkpoint-every": saving.cadence.steps,
    }
    if environment["device"]["platform"] == "cpu":
        # What each computes for itself, as new weights, has to be the same to the bit.
        facts["processors"] = (environment["cpus"], environment["instructions"])
    need_same(facts)
    return is_first()


def follow(
    task: "PreparedTask",
    dataset: "Dataset",
    execution: "Execution",
    saving: "Saving",
    stop: "Stopping",
    given: "Checkpoint | None" = None,
) -> None:
    """Train as the first process does, from the checkpoint `given` on, and leave it to that to write and to print."""
    from modelc.runtime.training.loop import fit
    from modelc.runtime.training.observer import NoSaver, Several

    outcome = fit(task, dataset, execution, Several(), stop, NoSaver(saving.cadence.after), given)
    if outcome.reason == "interrupted":
        raise typer.Exit(stop.code or INTERRUPTED)


def silence_libraries() -> None:
    """Let go nowhere what libraries below Python print on standard output, on CPUs: whom gloo has connected. What is
    printed from Python stays as it is.
    """
    if jax.default_backend() != "cpu":
        # There it may be what the user asks for, as by `NCCL_DEBUG`.
        return
    sys.stdout.flush()
    own = os.dup(sys.stdout.fileno())
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    # As long as the process is.
    sys.stdout = open(own, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, buffering=1)  # noqa: SIM115


@contextmanager
def ending_all(processes: "Processes | None") -> Iterator[None]:
    """End this process at once if the block fails, where there are others: they wait for it, and it would wait for them."""
    if processes is None:
        yield
        return
    try:
        yield
    except typer.Exit as ended:
        if ended.exit_code == FINE or ended.exit_code >= INTERRUPTED:
            raise
        leave(ended.exit_code)
    except Exception as error:  # noqa: BLE001 - reported as at the outermost border, which is not reached
        from modelc.cli.main import report

        leave(report(error))


def leave(code: int) -> None:
    """End the process without what Python and jax do at their end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
