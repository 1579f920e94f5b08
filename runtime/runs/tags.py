"""Tags of runs: `runs/NAME:TAG` names the run in `runs/NAME` that was trained with `--tag TAG`.

A tag is given once, as in git: two runs beside each other have it only if one of them failed, which then does not count.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from modelc.compiler.diagnostics.command_line import command, path_word
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.likeness import most_alike
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_folders import SHOWN, Runs, age, is_empty, runs_in
from modelc.runtime.runs.ways_on import to_go_on

TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Nothing in one has a meaning in a shell, in a path or in `runs/NAME:TAG`."""
RULE = "a tag has up to 64 letters, digits, `.`, `_` and `-`, the first a letter or digit"
MOST_NOTE = 10_000
"""Characters of a note."""


def tagged_run(text: str) -> Run | None:
    """The run that `text` names as `FOLDER:TAG`; None if it is no such name, or there is something of this name.

    Raises RunError E602 if none or several of the runs in the folder have the tag.
    """
    place, colon, tag = text.rpartition(":")
    if not colon or not TAG.fullmatch(tag) or not os.path.isdir(place or ".") or os.path.lexists(text):
        return None
    folder = Path(place or ".")
    runs = runs_in(folder)
    there = with_tag(runs, tag)
    if not there:
        raise unknown(folder, tag, runs)
    if len(there) > 1:
        raise RunError(
            "E602",
            f"{len(there):,} runs in `{folder}` have the tag `{tag}`",
            notes=tuple(f"`{run.folder}`, {run.state} at epoch {run.record.epoch:,}" for run in there[:SHOWN]),
            helps=(f"name one of them: `{path_word(there[0].folder)}`",),
        )
    return there[0]


def with_tag(runs: Runs, tag: str) -> list[Run]:
    """The runs with a tag, the latest first: without those that failed, unless all of them did."""
    there = sorted((run for run in runs.there if tag in run.record.tags), key=age, reverse=True)
    return [run for run in there if holds_tags(run)] or there


def holds_tags(run: Run) -> bool:
    """Whether no other run may have the tags of this one."""
    return run.record.status != "failed" and not is_empty(run)


def unknown(folder: Path, tag: str, runs: Runs) -> RunError:
    """RunError E602: no run has the tag."""
    known = sorted({tag for run in runs.there for tag in run.record.tags})
    near = most_alike(tag, known)
    helps = [f"did you mean `{path_word(f'{folder}:{near}')}`?"] if near else []
    if not known:
        helps = [f"tags are given in training: `{command('train', 'SPEC', '--tag', tag)}`"]
    notes = [] if near or not known else [f"tags there: {', '.join(known)}"]
    return RunError(
        "E602", f"no run in `{folder}` has the tag `{tag}`", notes=(*notes, *runs.notes()), helps=tuple(helps)
    )


def need_new_tags(folder: Path, tags: Sequence[str]) -> None:
    """Raise RunError E601 if a run in `folder` has one of the tags of a run that is about to begin there."""
    runs = runs_in(folder) if tags else Runs()
    for tag in tags:
        for run in filter(holds_tags, with_tag(runs, tag)):
            helps = (f"choose another tag{'' if run.state == 'running' else ', or remove that run'}", *to_go_on(run))
            message = f"the run `{run.folder}` has the tag `{tag}` already, and a tag names one run"
            raise RunError("E601", message, helps=helps)
