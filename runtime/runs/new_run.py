"""Refuses the folder of a new run before anything is computed for it: one that is in use, inside a run, or cannot be written."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import file_kind, real_path
from modelc.runtime.runs.files import cannot_write
from modelc.runtime.runs.run_layout import LOCK, RECORD, run_around

WITHOUT = {
    "--run-dir": "or omit `--run-dir` to get one in `runs`",
    "--out": "or omit `--out`: the new run is then removed afterwards",
}
"""What can be done instead of naming a folder, by the option that names it."""


def need_free(folder: Path, option: str = "--run-dir") -> None:
    """Raise RunError E601 unless `folder` is missing or empty; E604 if it could not be written to. It is named by
    `option`, for messages.
    """
    try:
        entries = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        need_way(folder, option)
        need_writable(folder)
        return
    except OSError as error:
        raise cannot_write(folder, error) from None
    need_empty(folder, entries, option)


def need_way(folder: Path, option: str) -> None:
    """Raise RunError E601 or E604 if something other than a folder is where the missing `folder`, or one above it, would be."""
    for part in (*reversed(folder.parents), folder):
        try:
            mode = os.lstat(part).st_mode
        except OSError:
            continue
        if os.path.isdir(part):
            continue
        dangling = stat.S_ISLNK(mode) and not os.path.exists(part)
        what = "a broken link" if dangling else "a file" if os.path.isfile(part) else file_kind(mode)
        if part == folder:
            helps = (f"choose a new folder, {WITHOUT[option]}",)
            raise RunError("E601", f"the run directory `{folder}` is {what}", helps=helps)
        helps = (f"move or remove `{part}`, or choose another folder with `{option}`",)
        raise RunError("E604", f"cannot write `{folder}`: `{part}` is {what}", helps=helps)


def need_outside_runs(folder: Path, option: str = "--run-dir") -> None:
    """Raise RunError E601 if the run directory `folder` would be inside another one."""
    run = run_around(os.path.dirname(real_path(folder)))
    if run is not None:
        raise RunError(
            "E601",
            f"the run directory `{folder}` is inside the run `{run}`, which stays as it was trained",
            helps=(f"choose a folder outside of it, {WITHOUT[option]}",),
        )


def need_empty(folder: Path, entries: Sequence[str], option: str = "--run-dir") -> None:
    """Raise RunError E601 unless the lock is all that is among the `entries` of the run directory `folder`."""
    if set(entries) - {LOCK}:
        what = "already contains a run" if RECORD in entries else "is not empty"
        raise RunError(
            "E601",
            f"the run directory `{folder}` {what}",
            helps=(f"choose a new folder, {WITHOUT[option]}",),
        )


def need_writable(folder: Path) -> None:
    """Raise RunError E604 if the missing `folder` could not be created."""
    parent = next((above for above in folder.absolute().parents if os.path.exists(above)), folder)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise cannot_write(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
