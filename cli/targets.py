"""The files that `modelc validate` and `modelc format` read: paths as given, specs in folders, and matches of globs."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STDIN, STDIN_NAME = "-", "<stdin>"
"""Standard input as an argument, and as messages call it."""
ENDINGS = (".yaml", ".yml", ".json")
VERSION_KEY = re.compile(rb"^(?:\{\s*)?[\"']?modelc[\"']?\s*:", re.MULTILINE)
"""The key at the beginning of a line: what marks most specs as such without parsing them."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The files to check, in order, without duplicates; `skipped` counts YAML and JSON files in folders that are not
    specs.

    `empty` has the folders without a spec and the globs without a match.
    """

    targets: tuple[str, ...]
    skipped: int
    empty: tuple[str, ...]

    def skipped_line(self) -> str:
        files = "file that is not a spec" if self.skipped == 1 else "files that are not specs"
        return f"skipped {self.skipped} {files}"

    def why_none(self) -> str:
        """A help for a folder without specs."""
        before = f"{self.skipped_line()}: " if self.skipped else ""
        return f"{before}specs end in {', '.join(ENDINGS)}, and have the key `modelc` at their top"


def find_targets(paths: Sequence[str]) -> Targets:
    """The files that `paths` refer to. A missing path is a target too: reading it reports the error."""
    targets: dict[str, str] = {}
    skipped: set[str] = set()
    empty: list[str] = []

    def add(files: list[str], path: str) -> None:
        for file in files:
            targets.setdefault(os.path.realpath(file), file)
        if not files:
            empty.append(path)

    for path in paths:
        if path == "-":
            targets.setdefault(path, path)
        elif os.path.isdir(path):
            specs = {file: is_spec(file) for file in files_below(path)}
            skipped.update(os.path.realpath(file) for file, counts in specs.items() if not counts)
            add([file for file, counts in specs.items() if counts], path)
        elif glob.has_magic(path) and not os.path.lexists(path):
            add([file for file in sorted(glob.glob(path, recursive=True)) if not os.path.isdir(file)], path)
        else:
            targets.setdefault(os.path.realpath(path), path)
    return Targets(tuple(targets.values()), len(skipped - targets.keys()), tuple(empty))


def files_below(folder: str) -> Iterator[str]:
    """The YAML and JSON files below `folder`, by path; names that start with `_` or `.` are left out."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "_.")
        for name in sorted(files):
            path = os.path.join(where, name)
            if name[0] not in "_." and name.lower().endswith(ENDINGS) and os.path.isfile(path):
                yield path


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
