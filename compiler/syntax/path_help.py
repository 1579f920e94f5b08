"""What to say of a path that cannot be read, and what to write instead: the very words, with the option that they need."""

import json
import os
import re
from pathlib import Path
from typing import Protocol

from modelc.compiler.diagnostics.command_line import path_word
from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.diagnostics.problem import Label, Place, Problem
from modelc.compiler.syntax.beneath import NotRegularError, real_path
from modelc.compiler.syntax.file_root import reason_of
from modelc.compiler.syntax.path_rules import refusal
from modelc.compiler.syntax.scalars import resolve

DATA = (".npz", ".npy", ".txt")
"""Endings of files of rows, arrays and names."""
COPY = "copy the file into the folder of the spec"
PLAIN = re.compile(r"[\w./-]*\w")
"""A path without anything that means something to YAML."""


class Roots(Protocol):
    """What is asked of a root here; see `file_root.Root`."""

    @property
    def folder(self) -> Path: ...
    @property
    def chosen(self) -> str: ...
    @property
    def beside(self) -> Path | None: ...
    @property
    def recorded(self) -> Path | None: ...


def refusal_helps(root: Roots, path: str) -> tuple[str, ...]:
    """What to do about a path that leaves the root, or has a form that no path may have.

    Computed from the words of the path and from the links in it; nothing outside of the root is looked at.
    """
    if root.chosen == "run":
        return ()
    if root.chosen == "rows":
        return (where_paths_begin(root),)
    if root.chosen == "data":
        return (f"{where_paths_begin(root)}: name one that has it, or copy the file into it",)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", path):
        return (f"download it, and {COPY}",)
    slashed = path.replace("\\", "/")
    if not path.isprintable() or re.match(r"[A-Za-z]:|//", slashed):
        return (COPY,)
    folder = real_path(root.folder)
    written = written_path(root, slashed)
    if os.path.commonpath([folder, written]) == folder and written != folder:
        if os.path.relpath(written, folder) != path:
            return (f"write `{shown(os.path.relpath(written, folder))}`: {where_paths_begin(root)}",)
        # What is written is below the root, and a link in it leads out.
        target = real_path(written)
    else:
        target = written
    return widening_helps(folder, written, target)


def widening_helps(folder: str, written: str, target: str) -> tuple[str, ...]:
    """The `--root` that has both the folder and the file, and the path from there."""
    wider = os.path.commonpath([folder, os.path.dirname(target)])
    path, others = os.path.relpath(written, wider), os.path.relpath(folder, wider)
    # The whole disk is no root: whoever wants that will know how to say it.
    if (
        wider == os.path.dirname(wider)
        or os.path.commonpath([folder, written]) == written
        or refusal(path, "")
        or refusal(others, "")
    ):
        return (COPY,)
    option = f"--root {path_word(option_value(wider))}"
    help = f"write `{shown(path)}` and add `{option}`: all paths then begin at that folder, the others with `{others}/`"
    return (help, f"or {COPY}")


def missing_helps(root: Roots, path: str) -> tuple[str, ...]:
    """What to do about a path that names no file; the path that was meant where it is relative to the file it stands in."""
    if root.chosen == "run":
        moved = "if the data has moved, name its folder with `--root DIR`"
        return (f"it was looked for in `{root.folder}`: {moved}{where_it_was(root)}",)
    if root.chosen == "rows":
        return (where_paths_begin(root),)
    folder, written = real_path(root.folder), real_path(written_path(root, path))
    if os.path.commonpath([folder, written]) == folder and os.path.isfile(written):
        return (f"write `{shown(os.path.relpath(written, folder))}`: {where_paths_begin(root)}",)
    if near := file_alike(folder, real_path(os.path.join(folder, path))):
        return (f"did you mean `{shown(near)}`?",)
    if path.endswith("/"):
        bare = path.rstrip("/")
        return (f"write `{shown(bare)}`: a `/` at the end is for folders", *missing_helps(root, bare))
    if root.chosen in ("option", "data"):
        return (where_paths_begin(root) + where_it_was(root),)
    here, above = real_path(Path()), os.path.dirname(folder)
    for start, what in ((here, "the current folder"), (above, "the folder above")):
        written = real_path(os.path.join(start, path))
        if os.path.commonpath([start, written, folder]) == start != folder and os.path.isfile(written):
            others = os.path.relpath(folder, start)
            option = f"--root {path_word(option_value(start))}"
            return (f"to begin at {what}, add `{option}`: then all paths do, and the others begin with `{others}/`",)
    return ("paths are relative to the folder of the spec, or to `--root DIR`",)


def where_it_was(root: Roots) -> str:
    """What to add about the folder that a run recorded, where another one was looked into."""
    return f"; when the run was trained, it was in `{root.recorded}`" if root.recorded is not None else ""


def file_alike(folder: str, missing: str) -> str:
    """The path from `folder` of the file that is most likely meant by a `missing` one below it: the same with an ending, or data
    of almost that name in the same folder. Empty where there is none.
    """
    around, name = os.path.split(missing)
    if os.path.commonpath([folder, around]) != folder or not os.path.isdir(around):
        return ""
    try:
        names = sorted(entry for entry in os.listdir(around) if os.path.isfile(os.path.join(around, entry)))
    except OSError:
        return ""
    with_ending = [other for other in names if os.path.splitext(other)[0] == name]
    ending, numbers = os.path.splitext(name)[1], re.findall(r"\d+", name)
    # Files that are told apart by a number are others; so is the spec itself, which nothing here knows.
    others = [other for other in names if os.path.splitext(other)[1] == ending and re.findall(r"\d+", other) == numbers]
    found = with_ending[0] if len(with_ending) == 1 else most_alike(name, others if ending in DATA else (), 0.85)
    return os.path.relpath(os.path.join(around, found), folder) if found else ""


def unreadable(path: Path, shown: str, error: OSError | NotRegularError) -> Problem:
    """The problem with a file that could not be opened or read."""
    helps: tuple[str, ...] = ()
    if isinstance(error, NotRegularError):
        reason = f"it is {error.kind}, expected a regular file"
        advice = "write the text to a file, or pass it by standard input: `-`"
        helps = ("name a file in it" if error.kind == "a folder" else advice,)
    elif not isinstance(error, FileNotFoundError):
        reason = reason_of(error)
    else:
        reason = "no such file"
        folder = path.parent
        readable = os.path.isdir(folder) and os.access(folder, os.R_OK)
        near = [name for name in os.listdir(folder) if os.path.exists(folder / name)] if readable else []
        close = most_alike(path.name, near)
        helps = (f"did you mean `{path_word(folder / close)}`?",) if close else ()
    return Problem("E009", f"`{shown}` cannot be read: {reason}", Label(Place(shown, 0, 0, 0, 0)), helps=helps)


def hard_link_warning(path: str, links: int) -> tuple[str, tuple[str, ...]]:
    """The message and helps about the file at `path` that has several names, of which others may be anywhere."""
    return f"`{path}` is one of {links:,} hard links to a file, and the others may be outside the root", (
        "replace it by a copy; or, if a tool that you know shares the file, suppress this: `# modelc: ignore W913`",
    )


def written_path(root: Roots, path: str) -> str:
    """The absolute path that is meant by `path`, as the author of the file that it stands in will have thought of it."""
    return os.path.normpath(os.path.join(real_path(root.beside or root.folder), os.path.expanduser(path)))


def where_paths_begin(root: Roots) -> str:
    if root.chosen == "option":
        return f"paths begin at the folder of `--root {path_word(str(root.folder))}`"
    if root.chosen == "rows":
        return f"paths in new rows begin at `{root.folder}`, or at `--root DIR`"
    if root.chosen == "data":
        return f"paths of data begin at the folder of `--data-root {path_word(str(root.folder))}`"
    return "paths are relative to the folder of the spec that is read, also in files in other folders"


def option_value(folder: str) -> str:
    """`folder` from the current folder, where that is no longer than its absolute path."""
    try:
        near = os.path.relpath(folder)
    except OSError:
        # The current folder was deleted.
        return folder
    return near if len(near) <= len(folder) else folder


def shown(path: str) -> str:
    """`path` as YAML takes it: in quotes where it would not be the same text without."""
    plain = PLAIN.fullmatch(path) and isinstance(resolve(path), str)
    return path if plain else json.dumps(path, ensure_ascii=False)
