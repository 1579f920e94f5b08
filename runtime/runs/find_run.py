"""Finds a run from a command-line argument: a run directory, `runs/<name>`, or the spec that was trained."""

import re
from collections.abc import Iterable
from pathlib import Path

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.document import MAX_BYTES, read
from modelc.runtime.runs.run_directory import Run, is_run

RUNS = Path("runs")
"""Where runs are kept, below the current directory."""
USABLE = ("finished", "early_stopping", "interrupted")


def find_run(text: str) -> Run:
    """The run that `text` refers to: of a folder of runs, or of a spec, the latest one that finished.

    Raises RunError E602 with the existing runs.
    """
    path = Path(text)
    if is_run(path):
        return Run(path)
    if path.is_dir():
        return latest(path, f"`{path}` is not a run directory and contains none")
    if path.is_file():
        folder = RUNS / run_name(spec_name(path), path)
        return latest(folder, f"`{path}` has not been trained here: no run in `{folder}`")
    known = known_runs()
    near = suggest(text, known).new or suggest(str(RUNS / text), known).new
    raise RunError(
        "E602",
        f"there is no run `{path}`",
        notes=(f"runs here: {', '.join(known)}",) if known and not near else (),
        helps=(
            f"did you mean `{near}`?" if near else "name a run directory, `runs/NAME`, or the spec that was trained",
        ),
    )


def latest(folder: Path, message: str) -> Run:
    """The latest usable run in `folder`. Raises RunError E602 with `message`."""
    runs = [Run(entry) for entry in entries(folder) if is_run(entry)]
    usable = [run for run in runs if run.record.status in USABLE]
    if usable:
        return max(usable, key=lambda run: (run.record.started, run.record.id))
    if runs:
        last = max(runs, key=lambda run: (run.record.started, run.record.id))
        state = "is still running, or was killed" if last.record.status == "running" else "failed"
        raise RunError(
            "E602",
            f"no run in `{folder}` has finished: the last one {state}",
            helps=(f"to use what it saved, name it: `{last.folder}`",),
        )
    raise RunError("E602", message, helps=("train first: `modelc train SPEC`",))


def entries(folder: Path) -> Iterable[Path]:
    """The entries of `folder`, by name; empty if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def known_runs() -> list[str]:
    """The folders of runs below the current directory."""
    return [str(folder) for folder in entries(RUNS) if any(is_run(entry) for entry in entries(folder))]


def spec_name(path: Path) -> str:
    """The `name` of a spec; None if it has none or cannot be read."""
    try:
        with open(path, "rb") as file:
            document, _ = read(file.read(MAX_BYTES + 1), path.name)
    except OSError:
        return ""
    name = document.data.get("name") if document is not None else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else ""


def task_name(task: Task, path: Path) -> str:
    """The name of the runs of a task that was read from `path`."""
    return run_name(task.spec.name, path)


def run_name(name: str, path: Path) -> str:
    """`name`, else one made from the file's stem, in letters, digits, `_` and `-`."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:100]
    return name or stem or "spec"
