"""The files that `modelc validate` and `modelc format` read: paths as given, specs in folders, and matches of globs."""

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from modelc.cli.console import complain, warn
from modelc.cli.globs import glob_matches
from modelc.compiler.diagnostics.phrases import counted
from modelc.runtime.runs.run_layout import is_run, run_around

STDIN, STDIN_NAME = "-", "<stdin>"
"""Standard input as an argument, and as messages call it."""
ENDINGS = (".yaml", ".yml", ".json")
OTHERS = frozenset({"buck-out", "build", "dist", "node_modules", "site-packages", "venv"})
"""Folders with files that others made, as ruff leaves them out; names that start with `_` or `.` are left out anyway."""
VIRTUAL = "pyvenv.cfg"
"""The file that makes a folder a virtual environment, whatever its name (PEP 405)."""
VERSION_KEY = re.compile(rb"^(?:\{\s*)?[\"']?modelc[\"']?\s*:", re.MULTILINE)
"""The key at the beginning of a line: what marks most specs as such without parsing them."""


class Targets(NamedTuple):
    """The files to check, in order, without duplicates.

    `skipped` counts YAML and JSON files in folders that are not specs, `runs` the run directories that were left out.
    `empty` has the folders without a spec, `unmatched` the globs without a match, `sealed` the files, and their runs,
    that were named to be rewritten and are in a run.
    """

    targets: tuple[str, ...]
    skipped: int = 0
    runs: int = 0
    empty: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    sealed: tuple[tuple[str, Path], ...] = ()

    def incomplete(self) -> bool:
        """Whether something of what was named is not done. A folder without specs is no reason among other targets."""
        return bool(self.unmatched or self.sealed or (self.empty and not self.targets))

    def skipped_line(self) -> str:
        """`skipped 2 files that are not specs and 1 run`; empty if nothing was."""
        files = "file that is not a spec" if self.skipped == 1 else "files that are not specs"
        parts = [f"{self.skipped:,} {files}"] if self.skipped else []
        parts += [counted(self.runs, "run")] if self.runs else []
        return f"skipped {' and '.join(parts)}" if parts else ""

    def with_skipped(self, line: str) -> str:
        """`line`, a summary, with what was skipped."""
        return ", ".join(filter(None, (line, self.skipped_line())))

    def why_none(self) -> str:
        """A help for a folder without specs."""
        line = self.skipped_line()
        before = f"{line}: " if line else ""
        return f"{before}specs end in {', '.join(ENDINGS)}, and have the key `modelc` at their top"


def find_targets(paths: Sequence[str], *, rewrite: bool = False) -> Targets:
    """The files that `paths` refer to. A missing path is a target too: reading it reports the error.

    To `rewrite` them, nothing in a run is found, since a run stays as it was trained.
    """
    finder = Finder(rewrite)
    for path in paths:
        finder.find(path)
    return finder.targets()


def complain_of(found: Targets, verb: str) -> None:
    """Say where there is nothing to `verb`, and of each file that was to be rewritten and is in a run that it stays."""
    for path in found.unmatched + found.empty:
        nothing = f"nothing to {verb} in `{path}`"
        if path in found.empty and found.targets:
            # A shell makes such arguments of `*`.
            warn(nothing)
        else:
            complain(nothing, helps=(found.why_none(),))
    for file, run in found.sealed:
        complain(
            f"`{file}` is left unchanged: it is part of a run, which stays as it was trained",
            notes=(f"the run directory is `{run}`",),
            helps=("copy the file out of the run, and change the copy",),
        )


class Finder:
    """Collects files: `found` by real path, `others` that are not specs, and run directories."""

    def __init__(self, rewrite: bool) -> None:
        self.rewrite = rewrite
        self.found: dict[str, str] = {}
        self.others: set[str] = set()
        self.runs: set[str] = set()
        self.empty: list[str] = []
        self.unmatched: list[str] = []
        self.sealed: list[tuple[str, Path]] = []

    def find(self, path: str) -> None:
        """Add what one argument refers to."""
        if path == STDIN:
            self.found.setdefault(path, path)
        elif os.path.isdir(path):
            specs = {file: is_spec(file) for file in self.files_below(path)}
            self.others.update(os.path.realpath(file) for file, counts in specs.items() if not counts)
            self.add([file for file, counts in specs.items() if counts], path, self.empty)
        elif glob.has_magic(path) and not os.path.lexists(path):
            matches = glob_matches(path)
            files = [file for file in sorted(matches.found) if may_be_file(file) and not self.in_run(file)]
            self.add([*files, *sorted(matches.unread)], path, self.unmatched)
        elif self.rewrite and (run := run_around(path)) is not None:
            self.sealed.append((path, run))
        else:
            self.found.setdefault(os.path.realpath(path), path)

    def add(self, files: Sequence[str], path: str, without: list[str]) -> None:
        for file in files:
            self.found.setdefault(os.path.realpath(file), file)
        if not files:
            without.append(path)

    def in_run(self, path: str) -> bool:
        """Whether the file or folder is in a run, which is to be rewritten and so is left out."""
        run = run_around(path) if self.rewrite else None
        if run is not None:
            self.runs.add(str(run))
        return run is not None

    def files_below(self, folder: str) -> Iterator[str]:
        """The YAML and JSON files below `folder`, by path; runs and what others made are left out.

        Folders that cannot be read come too, at the end: reading them reports the error.
        """
        if self.in_run(folder):
            return
        unread: list[str] = []
        for where, folders, files in os.walk(folder, onerror=lambda error: unread.append(str(error.filename))):
            folders[:] = sorted(name for name in folders if self.is_searched(where, name))
            for name in sorted(files):
                path = os.path.join(where, name)
                if name[0] in "_." or not name.lower().endswith(ENDINGS) or not may_be_file(path):
                    continue
                # A link may lead into a run.
                if not os.path.islink(path) or not self.in_run(path):
                    yield path
        yield from unread

    def is_searched(self, where: str, name: str) -> bool:
        """Whether specs are looked for in the folder `name`."""
        path = Path(where, name)
        if name[0] in "_." or name in OTHERS or os.path.exists(path / VIRTUAL):
            return False
        if is_run(path):
            self.runs.add(os.path.realpath(path))
            return False
        return True

    def targets(self) -> Targets:
        skipped = len(self.others - self.found.keys())
        lists = (tuple(self.empty), tuple(self.unmatched), tuple(self.sealed))
        return Targets(tuple(self.found.values()), skipped, len(self.runs), *lists)


def may_be_file(path: str) -> bool:
    """Whether there is a regular file at `path`, or something that cannot be looked at: reading it reports the error."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def is_spec(path: str) -> bool:
    """Whether the file has the top-level key `modelc`. An unreadable file counts as one, so that it is reported."""
    from modelc.compiler.syntax.document import MAX_BYTES, read

    try:
        with open(path, "rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError:
        return True
    if b"modelc" not in text:
        return False
    if VERSION_KEY.search(text):
        return True
    document, _ = read(text, path)
    return document is not None and ("modelc" in document.data or ("modelc",) in document.holes)
