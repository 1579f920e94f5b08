"""Finds a run from a command-line argument: a run directory, `runs/<name>`, or the spec that was trained."""

import os
from pathlib import Path

from modelc.compiler.diagnostics.command_line import path_word
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.syntax.beneath import file_kind
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_folders import (
    RUNS,
    Command,
    FoundRun,
    entries,
    first_whole,
    latest,
    readable_entries,
    runs_in,
)
from modelc.runtime.runs.run_layout import RECORD, holds_run, is_run
from modelc.runtime.runs.runs_of_spec import run_of_spec
from modelc.runtime.runs.tags import tagged_run


def find_run(text: str, root: Path | None = None, command: Command = ("evaluate",)) -> FoundRun:
    """The run that `text` refers to: of a folder of runs, or of a spec, the latest one that finished.

    `root` is the folder that a spec may read files from, by default as it was for the run; `command` is for messages.
    Raises RunError E602 with the existing runs, E607 if the runs of a spec are of another content than it has now.
    """
    path = Path(text)
    try:
        if holds_run(path):
            return first_whole([Run(path)])
        if (tagged := tagged_run(text)) is not None:
            return first_whole([tagged])
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
        found = latest(runs.there, path, message)
        return FoundRun(found.run, (*runs.notes(), *found.notes))
    if os.path.isfile(path):
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


def folders_of(text: str) -> list[Path]:
    """The run directory `text`, all of a folder of runs, whatever their state, or the one of a spec. Raises RunError E602."""
    path = Path(text)
    try:
        if holds_run(path):
            return [path]
        if os.path.isdir(path) and (there := [entry for entry in entries(path) if is_run(entry)]):
            return there
        if (tagged := tagged_run(text)) is not None:
            return [tagged.folder]
    except OSError as error:
        raise RunError("E602", f"`{path}` cannot be read: {reason_of(error)}") from None
    return [find_run(text).run.folder]


def known_runs() -> list[str]:
    """The folders of runs below the current directory."""
    return [str(folder) for folder in entries(RUNS) if any(is_run(entry) for entry in readable_entries(folder))]
