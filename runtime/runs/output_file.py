"""Refuses an output file before anything is computed for it: one that is read, or that is part of a run."""

import os
from collections.abc import Iterable
from pathlib import Path

from modelc.compiler.binding.source_headers import files_of
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.expansion.spec_files import shown_path
from modelc.compiler.syntax.beneath import real_path
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_there, is_pattern
from modelc.runtime.runs.files import need_file, writing
from modelc.runtime.runs.run_layout import run_around


def need_output(path: Path, reads: Iterable[str | Path] = ()) -> None:
    """Raise RunError E604 unless a file can be put at `path` without changing a run or one of the files in `reads`.

    What is the same file is decided by device and inode, so neither links nor other spellings of a path hide it.
    """
    with writing(path):
        os.stat(path.absolute().parent)
    if (run := run_around(path)) is not None:
        raise RunError(
            "E604",
            f"cannot write `{path}`: it is in the run `{run}`, which stays as it was trained",
            helps=("name a file outside of the run",),
        )
    found = need_file(path)
    for read in reads:
        if found is not None and is_file(read, found):
            same = real_path(read) == os.path.join(real_path(path.parent), path.name)
            what = "what this command reads" if same else f"`{shown_path(Path(read))}`, which this command reads"
            raise RunError(
                "E604",
                f"cannot write `{path}`: it is {what}",
                helps=("name another file",),
            )


def is_file(path: str | Path, found: os.stat_result) -> bool:
    """Whether `path` is the file that `found` describes."""
    try:
        return os.path.samestat(os.stat(path), found)
    except (OSError, ValueError):
        # Not there, so nothing that could be written over; whoever reads it reports that.
        return False


def data_files(task: Task, root: Root) -> list[Path]:
    """The paths of the files that the sources of `task` read below `root`, as far as they are there."""
    given, below = [path for _, path in files_of(task.data)] if task.data is not None else [], root.data or root
    return [
        below.folder / path for name in given for path in (files_there(below, name) if is_pattern(name) else (name,))
    ]
