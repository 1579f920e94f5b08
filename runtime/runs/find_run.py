"""Finds a run from a command-line argument: a run directory, `runs/<name>`, or the spec that was trained."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics import command_line
from modelc.compiler.diagnostics.command_line import path_word
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.syntax.beneath import file_kind
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_layout import RECORD, holds_run, is_run

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


def find_run(text: str, root: Path | None = None, command: Command = ("evaluate",)) -> FoundRun:
    """The run that `text` refers to: of a folder of runs, or of a spec, the latest one that finished.

    `root` is the folder that a spec may read files from, by default as it was for the run; `command` is for messages.
    Raises RunError E602 with the existing runs, E607 if the runs of a spec are of another content than it has now.
    """
    path = Path(text)
    try:
        if holds_run(path):
            return FoundRun(Run(path))
    except OSError as error:
        raise RunError("E602", f"`{path}` cannot be read: {reason_of(error)}") from None
    if os.path.basename(path) == RECORD and is_run(path.parent):
        raise RunError(
            "E602", f"`{path}` is the record of a run", helps=(f"name its folder: `{path_word(path.parent)}`",)
        )
    if os.path.isdir(path):
        runs = runs_in(path)
        message = f"`{path}` is not a run directory and contains none"
        runs.need_usable()
        return FoundRun(latest(runs.there, path, message), runs.notes())
    if os.path.isfile(path):
        from modelc.runtime.runs.runs_of_spec import run_of_spec

        return run_of_spec(path, root, command)
    if os.path.exists(path):
        raise RunError("E602", f"`{path}` is {file_kind(os.stat(path).st_mode)}, expected a run directory or a spec")
    known = known_runs()
    near = suggest(text, known).new or suggest(str(RUNS / text), known).new
    raise RunError(
        "E602",
        f"there is no run `{path}`",
        notes=(f"runs here: {', '.join(known)}",) if known and not near else (),
        helps=(
            f"did you mean `{path_word(near)}`?"
            if near
            else "name a run directory, `runs/NAME`, or the spec that was trained",
        ),
    )


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a folder, or of several: those whose record can be read, and what is wrong with the others."""

    there: tuple[Run, ...] = ()
    damaged: tuple[RunError, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """What to say of the runs that are passed over."""
        shown = tuple(f"a run is passed over: {error.message}" for error in self.damaged[:SHOWN])
        more = len(self.damaged) - len(shown)
        return (*shown, f"{more:,} more runs that cannot be read are passed over") if more else shown

    def need_usable(self) -> None:
        """Raise RunError E602 about a run that cannot be read, unless another one is usable."""
        if self.damaged and not any(run.record.status in USABLE for run in self.there):
            raise self.damaged[0]


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


def latest(runs: Sequence[Run], folder: Path, message: str, spec: Path | None = None) -> Run:
    """The latest usable one of the `runs` in `folder`, of `spec` if that is known.

    Raises RunError E602, with `message` if there are none.
    """
    usable = [run for run in runs if run.record.status in USABLE]
    if usable:
        return max(usable, key=age)
    if runs:
        last = max(runs, key=age)
        state = "is still running, or was killed" if last.record.status == "running" else "failed"
        raise RunError(
            "E602",
            f"no run in `{folder}` has finished: the last one {state}",
            helps=(f"to use what it saved, name it: `{path_word(last.folder)}`",),
        )
    train = "modelc train SPEC" if spec is None else command_line.command("train", spec)
    raise RunError("E602", message, helps=(f"train first: `{train}`",))


def age(run: Run) -> tuple[str, str]:
    """What runs are ordered by, the latest last."""
    return run.record.started, run.record.id


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


def known_runs() -> list[str]:
    """The folders of runs below the current directory."""
    return [str(folder) for folder in entries(RUNS) if any(is_run(entry) for entry in readable_entries(folder))]


def task_name(task: Task, path: Path) -> str:
    """The name of the runs of a task that was read from `path`."""
    return run_name(task.spec.name, path)


def run_name(name: str, path: Path) -> str:
    """`name`, else one made from the file's stem, in letters, digits, `_` and `-`."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:100]
    return name or stem or "spec"
