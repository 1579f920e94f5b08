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
    age,
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
    if (named := named_run(text)) is not None:
        return named
    if os.path.basename(path) == RECORD and is_run(path.parent):
        raise RunError(
            "E602", f"`{path}` is the record of a run", helps=(f"name its folder: `{path_word(path.parent)}`",)
        )
    if os.path.isdir(path):
        runs = runs_in(path)
        message = f"`{path}` is not a run directory and contains none"
        runs.need_usable()
        found = latest(runs.there, path, message, command)
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


def run_to_resume(text: str, missing: str = "there is nothing to go on with") -> FoundRun:
    """The run directory `text`, the one with a tag, or the latest of a folder of runs, however it ended; no spec.

    Raises RunError E602, which says what is `missing` where there is no run.
    """
    path = Path(text)
    if (named := named_run(text)) is not None:
        return named
    if os.path.isdir(path):
        found = runs_in(path)
        if found.there:
            # An older one is not written to in place of the latest.
            return FoundRun(first_whole([max(found.there, key=age)]).run, found.notes())
        if found.damaged:
            raise found.damaged[0]
    what = "is a file" if os.path.isfile(path) else "has no run" if os.path.exists(path) else "does not exist"
    helps = (
        "name a run directory, `runs/NAME` for the latest run of that name, or `runs/NAME:TAG`; a spec is none of these",
    )
    raise RunError("E602", f"{missing}: `{text}` {what}", helps=helps)


def named_run(text: str) -> FoundRun | None:
    """The run that `text` names itself, by its directory or by a tag; None if it names none. Raises RunError E602."""
    path = Path(text)
    try:
        found = Run(path) if holds_run(path) else tagged_run(text)
        return None if found is None else first_whole([found])
    except OSError as error:
        raise RunError("E602", f"`{path}` cannot be read: {reason_of(error)}") from None


def known_runs() -> list[str]:
    """The folders of runs below the current directory."""
    return [str(folder) for folder in entries(RUNS) if any(is_run(entry) for entry in readable_entries(folder))]
