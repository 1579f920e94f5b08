"""Finds the runs of a spec: those whose spec, with all files that it extends and uses, had the content that it has now.

A name alone says nothing: several specs may have one, and a spec may be edited or renamed after it was trained.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from modelc.compiler.diagnostics import command_line
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.expansion.spec_files import class_files, merge_files, name_classes, needs_files, shown_path
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.beneath import real_path
from modelc.compiler.syntax.document import MAX_BYTES, Document
from modelc.compiler.syntax.document import read as read_document
from modelc.compiler.syntax.file_root import Root, cache_folder, reason_of
from modelc.runtime.runs.plugins import need_plugins
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
    run_name,
    runs_in,
    usable,
)
from modelc.runtime.runs.run_layout import MERGED, is_run
from modelc.runtime.runs.spec_content import content_digest, describe_differences, json_of, with_class_names

Likeness = Literal["same", "different", "unknown"]
"""Whether the content of a run's spec is that of a spec; unknown if the run recorded too little."""


class SpecFile:
    """A spec on disk, to be compared with runs. Raises RunError E602 if it cannot be read."""

    def __init__(self, path: Path, root: Path | None) -> None:
        self.path = path
        self.real = Path(real_path(path))
        self.root = root
        self.name = str(path)
        try:
            with open(path, "rb") as file:
                self.text = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise RunError("E602", f"`{path}` cannot be read: {reason_of(error)}") from None
        own, problems = read_document(self.text, self.name)
        if own is None:
            raise self.unreadable(problems)
        self.own = own
        self.merged = cache(self.merge)
        self.content = cache(self.digest)

    def merge(self, root: Path) -> tuple[Document | None, tuple[Problem, ...]]:
        """The spec with the files that it extends, uses and has class names from, found below `root`; None if one of them cannot be had."""
        below = Root(root, cache_folder())
        document, problems, _ = merge_files(self.text, self.name, below)
        if document is not None and class_files(document.data):
            named = name_classes(document, below)
            document = replace(document, data=with_class_names(document.data, named.names))
            problems += named.problems
        return document, tuple(problem for problem in problems if problem.is_error)

    def digest(self, root: Path) -> str | None:
        """The digest of the content with files found below `root`; None if one of them cannot be had."""
        document, problems = self.merged(root)
        return None if document is None or problems else content_digest(document.data)

    def roots(self, run: Run) -> list[Path]:
        """The folders that files may be below: the given one, and what the root of the run was to its spec."""
        return [root for root in (self.root, self.root_of(run)) if root is not None]

    def root_of(self, run: Run) -> Path:
        """The folder that has the place of the run's root, seen from this spec instead of the one that was trained."""
        if run.record.source is None:
            return self.real.parent
        up = os.path.relpath(run.record.root, os.path.dirname(origin(run)))
        return Path(os.path.normpath(self.real.parent / up))

    def likeness(self, run: Run) -> Likeness:
        if run.record.content is None:
            return self.likeness_of_text(run)
        return "same" if run.record.content in map(self.content, self.roots(run)) else "different"

    def likeness_of_text(self, run: Run) -> Likeness:
        """The likeness to a run that recorded only the text of the spec, not that of other files."""
        try:
            text = run.kept(run.record.spec, MAX_BYTES)
        except RunError:
            return "unknown"
        then, _ = read_document(text, run.record.spec)
        if then is None:
            return "unknown"
        if content_digest(then.data) != content_digest(self.own.data):
            return "different"
        return "unknown" if needs_files(then.data) or class_files(then.data) else "same"

    def run_name(self) -> str:
        name = self.own.data.get("name")
        return run_name(name if isinstance(name, str) and NAME.fullmatch(name) else "", self.path)

    def folders(self) -> list[Path]:
        """The folders of all runs that may be of it: below the current directory, and beside the spec."""
        beside = self.path.parent / RUNS
        return [RUNS] if real_path(beside) == real_path(RUNS) else [RUNS, beside]

    def unreadable(self, problems: Sequence[Problem]) -> RunError:
        return RunError(
            "E602",
            f"`{self.path}` cannot be read, so its runs cannot be told from others",
            notes=tuple(f"{problem.code}: {problem.message}" for problem in problems[:3]),
            helps=(
                f"`{command_line.command('validate', self.path)}` shows where; or name a run directory, or `runs/NAME`",
            ),
        )


def run_of_spec(path: Path, root: Path | None, command: Command) -> FoundRun:
    """The latest finished run whose spec has the content of that at `path`, by preference one of this very file.

    Raises RunError E602 if there is none, or if the spec cannot be read; E607 if the runs there are of another content.
    """
    spec = SpecFile(path, root)
    name = spec.run_name()
    read = runs_in(*(folder / name for folder in spec.folders()))
    runs = read.there
    likeness = [spec.likeness(run) for run in runs]
    alike: dict[Likeness, list[Run]] = {
        kind: [run for run, found in zip(runs, likeness, strict=True) if found == kind]
        for kind in ("same", "different", "unknown")
    }
    same = alike["same"] if usable(alike["same"]) else [*alike["same"], *renamed(spec, name)]
    if usable(same):
        run, damaged = first_whole(usable(same), lambda run: (origin(run) == str(spec.real), age(run)))
        notes = (*remarks(spec, name, run, alike["different"]), *read.notes(), *damaged)
        return FoundRun(run if run.record.source is None else Run(run.folder, spec.root_of(run)), notes)
    if usable(alike["unknown"]):
        run, damaged = first_whole(usable(alike["unknown"]))
        unknown = f"`{run.folder}` recorded too little to tell whether `{path}` has changed since it was trained"
        return FoundRun(run, (unknown, *settings_remark(run), *read.notes(), *damaged))
    read.need_usable()
    if not same and usable(alike["different"]):
        meant = max(usable(alike["different"]), key=lambda run: (not is_of_another_file(spec, run), age(run)))
        error = changed(spec, meant, command)
        raise error.replaced(notes=(*error.notes, *read.notes()))
    folder = RUNS / name
    missing = f"`{path}` has not been trained here: no run in `{folder}`"
    return latest(same or runs, folder, missing, command, path)


def renamed(spec: SpecFile, name: str) -> Iterator[Run]:
    """The runs under other names than `name` whose spec had the content of this one."""
    for folder in (one for runs in spec.folders() for one in entries(runs) if one.name != name):
        for entry in readable_entries(folder):
            try:
                run = Run(entry) if is_run(entry) else None
            except RunError:
                # Damaged, and perhaps no business of this spec.
                continue
            if run is not None and run.record.content is not None and spec.likeness(run) == "same":
                yield run


def origin(run: Run) -> str:
    """Where the spec of the run was when it was trained; empty if that is not recorded."""
    return "" if run.record.source is None else os.path.normpath(os.path.join(run.record.root, run.record.source))


def is_of_another_file(spec: SpecFile, run: Run) -> bool:
    """Whether `run` is of another file, which still exists: not of this one where it was before it was moved."""
    where = origin(run)
    return where not in ("", str(spec.real)) and os.path.exists(where)


def remarks(spec: SpecFile, name: str, run: Run, others: Sequence[Run]) -> Iterator[str]:
    """What to say about the choice of `run`: that later runs are passed over, and how it differs from the spec."""
    later = [other for other in usable(others) if age(other) > age(run) and not is_of_another_file(spec, other)]
    if later:
        newest = max(later, key=age).folder
        yield f"taking `{run.folder}`: the later run `{newest}` is of another content of `{spec.path}`"
    if is_of_another_file(spec, run) or (origin(run) and run.folder.parent.name != name):
        where = shown_path(Path(origin(run)))
        yield f"`{run.folder}` was trained from `{where}`, which had the content that `{spec.path}` has"
    yield from settings_remark(run)


def settings_remark(run: Run) -> Iterator[str]:
    if run.record.settings:
        settings = " ".join(f"--set {command_line.shell_word(setting)}" for setting in run.record.settings)
        yield f"`{run.folder}` was trained with `{settings}`"


def changed(spec: SpecFile, run: Run, command: Command) -> RunError:
    """RunError E607: the latest run that may have been meant is of another content.

    Raises RunError E606 if a plug-in is not enabled without which the content may only seem to be another one.
    """
    need_plugins(run.folder, run.record.plugins)
    document: Document | None = spec.own
    problems: tuple[Problem, ...] = ()
    if run.record.content is not None:
        found = [spec.merged(root) for root in spec.roots(run)]
        document, problems = next((one for one in found if one[0] is not None and not one[1]), found[0])
    if document is None or problems:
        return spec.unreadable(problems)
    before = content_of(run)
    message = f"the latest run, `{run.folder}`, was trained before `{spec.path}` was changed"
    if is_of_another_file(spec, run):
        where = shown_path(Path(origin(run)))
        message = f"`{spec.path}` has not been trained here: `{run.folder}` is of another spec, `{where}`"
    return RunError(
        "E607",
        message,
        notes=(*(describe_differences(before, document) if before is not None else ()), *settings_remark(run)),
        helps=(
            f"to use that run as it was trained, name it: `{command_line.command(command[0], run.folder, *command[1:])}`",
            f"to train the spec as it is now: `{command_line.command('train', spec.path)}`",
        ),
    )


def content_of(run: Run) -> Any:
    """The data of the run's spec with all files, without settings; None if it was not recorded or cannot be read."""
    try:
        if run.record.content is not None:
            content = json.loads(run.kept(MERGED, MAX_BYTES))
            json_of(content)
            return with_class_names(content, run.class_names())
        document, _ = read_document(run.kept(run.record.spec, MAX_BYTES), run.record.spec)
    except (RunError, ValueError, RecursionError):
        return None
    return None if document is None else document.data
