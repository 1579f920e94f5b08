"""`modelc verify`: says of every file of a run whether it is as it was written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from modelc.cli.checking import DataFolder, DataRoot, Folders
from modelc.cli.console import FINDINGS, Line, Styled, say, say_document
from modelc.cli.plugins import PluginNames, enable, task_of

if TYPE_CHECKING:
    from modelc.runtime.runs.verification import CheckedFile, State, Verified

STYLES = {"ok": "good", "wrong": "error", "newer": "error"}
DATA, COLUMN = "data", "column "
"""How the entries of `--data` begin: those of the data as a whole, and of each column."""


def verify(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run directory, `runs/NAME:TAG`, or `runs/NAME` for all runs of it.")
    ],
    data: Annotated[
        bool, typer.Option("--data", help="Compare the columns of the data too, which must be there.")
    ] = False,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="Output format of the list.")
    ] = "text",
    root: DataFolder = None,
    data_root: DataRoot = None,
    plugins: PluginNames = None,
) -> None:
    """Verify a run: compare its record, metrics, weights and checkpoints with their digests. Exit code 1 if one differs.

    Reads only. What a killed process has left behind is named; `modelc train --resume RUN` removes it.
    """
    enable(plugins)
    from modelc.runtime.runs.find_run import folders_of
    from modelc.runtime.runs.verification import verify as verified

    found = [
        with_columns(verified(folder), (root, data_root)) if data else verified(folder) for folder in folders_of(run)
    ]
    if output_format == "json":
        say_json(found)
    else:
        for one in found:
            say(*lines(one))
    if not all(one.is_whole for one in found):
        raise typer.Exit(FINDINGS)


def with_columns(found: "Verified", folders: Folders) -> "Verified":
    """`found`, with the columns of the data as further entries. Whatever stands in their way is the state of the data."""
    from modelc.compiler.diagnostics.exceptions import RunError, SpecError
    from modelc.runtime.runs.verification import CheckedFile

    try:
        entries = columns_of(found.folder, folders)
    except RunError as error:
        entries = [CheckedFile(DATA, "wrong", f"cannot be compared: {error.message}")]
    except SpecError as error:
        entries = [CheckedFile(DATA, "wrong", f"does not fit the run: {error.problems[0].message}")]
    return found._replace(files=(*found.files, *entries))


def columns_of(folder: Path, folders: Folders) -> "list[CheckedFile]":
    """The columns of the data, those of rows that have columns of their own too, compared with their digests. Raises RunError and
    SpecError.
    """
    from modelc.cli.console import inform, start_device
    from modelc.runtime.data.prepared_rows import Reading
    from modelc.runtime.runs.environment import (
        OWN_ROWS,
        changed_columns,
        changed_own_columns,
        known_digests,
        other_number,
    )
    from modelc.runtime.runs.kept_spec import rows_for
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.runs.verification import CheckedFile

    run = Run(folder)
    task = task_of(run)
    start_device()
    where, notes = run.find_root(folders[0], task.source, folders[1])
    inform(*notes)
    recorded, (_, dataset) = run.environment(), rows_for(run, task, where, reading=Reading(verify=True))
    before, now = known_digests(recorded), dataset.digests

    def compared(column: str, name: str, changed: Sequence[str] | None, other: str) -> CheckedFile:
        if changed is None:
            return CheckedFile(column, "unknown")
        said = f"has changed since training{f': {other}' if other else ''}"
        return CheckedFile(column, "wrong", said) if name in changed else CheckedFile(column, "ok")

    changed, other = changed_columns(recorded, now.train.digests), other_number(before.train, now.train)
    found = [compared(f"{COLUMN}{name}", name, changed, other) for name in sorted(now.train.digests)]
    for part in OWN_ROWS:
        was, is_now = getattr(before, part), getattr(now, part)
        of_part, other = changed_own_columns(recorded, part, is_now.digests), other_number(was, is_now)
        columns = sorted(is_now.digests)
        found += [compared(f"{COLUMN}{name} of the {part} rows", name, of_part, other) for name in columns]
    return found


def lines(found: "Verified") -> list[Line]:
    """What is said of a run: how it ended, a line for each file, and their numbers."""
    record = found.record
    state = "its record cannot be read"
    if record is not None:
        ended = "in training" if found.is_training else record.status.replace("_", " ")
        ended = "ended without a record: its process was killed" if found.was_killed else ended
        state = f"{ended}, epoch {record.epoch:,}, step {record.step:,}"
    said: list[Line] = [(Styled("strong", str(found.folder)), f"  {state}")]
    if record is not None:
        said += [f"  tag    {found.folder.parent}:{tag}" for tag in record.tags]
        said += [f"  note   {line}" for line in record.note.splitlines()]
        if record.commit is not None:
            said.append(f"  commit {record.commit.id[:12]}{', with changes' if record.commit.changed else ''}")
    width = max(len(file.state) for file in found.files)
    for file in found.files:
        style, word = STYLES.get(file.state, "dim"), f"{file.state:<{width}}"
        said.append(("  ", Styled(style, word), f"  {file.path}{f': {file.reason}' if file.reason else ''}"))
    return [*said, summary(found), *remarks(found), ""]


def summary(found: "Verified") -> str:
    """The numbers of entries in each state."""
    counts: dict[State, int] = {}
    for file in found.files:
        counts[file.state] = counts.get(file.state, 0) + 1
    words: dict[State, str] = {
        "wrong": "not as written",
        "newer": "in a format that this version of modelc does not know",
        "unknown": "without a digest to compare with",
        "left over": "left behind by a process that was killed",
        "other": "not of the run",
    }
    others = [f"{counts[state]:,} {word}" for state, word in words.items() if state in counts]
    return "; ".join([f"{counts.get('ok', 0):,} as written", *others])


def remarks(found: "Verified") -> list[Line]:
    """What to do about a run, where there is something."""
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.runs.unsound import UnknownFormatError
    from modelc.runtime.runs.ways_on import to_go_on, to_look_into, to_train_again, was_stopped

    said: list[Line] = []
    wrong = [file.path for file in found.files if file.state == "wrong"]
    of_data = [path for path in wrong if path == DATA or path.startswith(COLUMN)]
    if len(wrong) > len(of_data):
        said.append("  = help: copy what is wrong again from an intact copy of the run, or train again")
    if of_data:
        said.append("  = help: give it the data that it was trained on, by `--root DIR` if that is elsewhere")
    if any(file.state == "newer" for file in found.files):
        said += [f"  = help: {help}" for help in UnknownFormatError.helps]
    if found.record is not None and found.is_whole and not found.is_training:
        run = Run(found.folder)
        helps = (*to_go_on(run), *to_look_into(run))
        if was_stopped(run) and not helps:
            helps = (f"it has no checkpoint to go on from; {to_train_again(run)[0]}",)
        said += [f"  = help: {help}" for help in helps]
    return said


def say_json(found: "Sequence[Verified]") -> None:
    """Print what was found as one JSON document."""
    from modelc.compiler.diagnostics.render.json_text import json_text

    runs = [
        {
            "run": str(one.folder),
            "id": one.record and one.record.id,
            "tags": one.record.tags if one.record else [],
            "note": one.record.note if one.record else "",
            "commit": one.record and one.record.commit and one.record.commit.model_dump(),
            "status": one.record and ("killed" if one.was_killed else one.record.status),
            "whole": one.is_whole,
            "files": [file._asdict() for file in one.files],
        }
        for one in found
    ]
    say_document(json_text({"version": 1, "whole": all(one.is_whole for one in found), "runs": runs}) + "\n")
