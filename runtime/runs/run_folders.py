"""The folders that runs are kept in: what is there, which run is the latest, and how runs are named."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics import command_line
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.run_directory import ENDINGS, Run
from modelc.runtime.runs.run_layout import holds_run
from modelc.runtime.runs.verification import need_whole_weights
from modelc.runtime.runs.ways_on import ways_on

RUNS = Path("runs")
"""Where runs are kept, below the current directory."""
SHOWN = 3
"""How many of the runs that are passed over are named."""
USABLE = ("finished", "early_stopping", "interrupted")


class FoundRun(NamedTuple):
    """A run, and what to say about the choice."""

    run: Run
    notes: tuple[str, ...] = ()


Command = Sequence[str | Path]
"""The name of a command and its arguments after the run."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a folder, or of several: those whose record can be read, and what is wrong with the others."""

    there: tuple[Run, ...] = ()
    damaged: tuple[RunError, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """What to say of the runs that are passed over."""
        return passed_over(self.damaged)

    def need_usable(self) -> None:
        """Raise RunError E602 about a run that cannot be read, unless another one is usable."""
        if self.damaged and not usable(self.there):
            raise self.damaged[0]


def passed_over(damaged: Sequence[RunError]) -> tuple[str, ...]:
    """What to say of runs that are passed over because of these errors."""
    shown = tuple(f"a run is passed over: {error.message}" for error in damaged[:SHOWN])
    more = len(damaged) - len(shown)
    return (*shown, f"{more:,} more runs that cannot be read are passed over") if more else shown


def runs_in(*folders: Path) -> Runs:
    """The runs in `folders`. Raises RunError E602 if one of these cannot be read."""
    there, damaged = [], []
    for entry in (entry for folder in folders for entry in entries(folder)):
        try:
            if holds_run(entry):
                there.append(Run(entry))
        except OSError as error:
            damaged.append(RunError("E602", f"the folder `{entry}` cannot be read: {reason_of(error)}"))
        except RunError as error:
            damaged.append(error)
    return Runs(tuple(there), tuple(damaged))


def usable(runs: Sequence[Run]) -> list[Run]:
    """Those of `runs` that ended well enough to be taken without being named."""
    return [run for run in runs if run.record.status in USABLE and not is_empty(run)]


def is_empty(run: Run) -> bool:
    """Whether a run was interrupted before its first step."""
    return run.record.status == "interrupted" and run.record.step == 0


def latest(runs: Sequence[Run], folder: Path, message: str, command: Command, spec: Path | None = None) -> FoundRun:
    """The latest usable one of the `runs` in `folder` for a `command`, of `spec` if that is known.

    Raises RunError E602, with `message` if there are none.
    """
    if there := usable(runs):
        return first_whole(there)
    if runs:
        last = max(runs, key=age)
        message = f"no run in `{folder}` has finished: the last one {ENDINGS[last.state]}"
        raise RunError("E602", message, helps=ways_on(last, str(command[0])))
    train = "modelc train SPEC" if spec is None else command_line.command("train", spec)
    raise RunError("E602", message, helps=(f"train first: `{train}`",))


def age(run: Run) -> tuple[str, str]:
    """What runs are ordered by, the latest last."""
    return run.record.started, run.record.id


def first_whole(runs: Sequence[Run], rank: Callable[[Run], Any] = age) -> FoundRun:
    """The one that ranks highest of those of `runs` whose files and weights are as they were written.

    Of a single one, the weights are left to whoever reads them. Raises RunError E602 or E603 about the one that ranks highest
    of all if there is none.
    """
    errors: list[RunError] = []
    for run in sorted(runs, key=rank, reverse=True):
        try:
            run.need_whole()
            if len(runs) > 1:
                need_whole_weights(run)
            return FoundRun(run, passed_over(errors))
        except RunError as error:
            errors.append(error)
    raise errors[0]


def entries(folder: Path) -> Iterable[Path]:
    """The entries of `folder`, by name; empty if it does not exist. Raises RunError E602 if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise RunError("E602", f"the folder `{folder}` cannot be read: {reason_of(error)}") from None


def readable_entries(folder: Path) -> Iterable[Path]:
    """The entries of `folder`, which may be no business of the run that is looked for: empty if it cannot be read."""
    try:
        return entries(folder)
    except RunError:
        return ()


def task_name(task: Task, path: Path) -> str:
    """The name of the runs of a task that was read from `path`."""
    return run_name(task.spec.name, path)


def run_name(name: str, path: Path) -> str:
    """`name`, else one made from the file's stem, in letters, digits, `_` and `-`."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:100]
    return name or stem or "spec"
