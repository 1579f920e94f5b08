"""Shared by all commands that read a spec: their options, and loading the checked task."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.console import FINDINGS, USAGE, refuse, show_problems

if TYPE_CHECKING:
    from modelc.compiler.api import Checked
    from modelc.compiler.binding.task import Task
    from modelc.compiler.diagnostics.problem import Problem


def existing(folder: Path | None) -> Path | None:
    """`folder`, if it exists. Ends the command if it does not."""
    if folder is not None and not os.path.isdir(folder):
        refuse(f"there is no folder `{folder}`")
    return folder


RootFolder = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="DIR",
        help="Folder that specs may read files from; default: the folder of each spec.",
        callback=existing,
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="DIR",
        help="Folder of the data, if it is not the recorded one.",
        callback=existing,
    ),
]
Folders = tuple[Path | None, Path | None]
"""Those of `--root` and `--data-root`."""
DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        metavar="DIR",
        help="Folder that the paths of data files begin at; all other paths stay where they are.",
        callback=existing,
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value of every spec; repeatable.")
]


def checked_spec(
    path: Path,
    settings: Sequence[str],
    root: Path | None,
    needed: Mapping[str, str] | None = None,
    data_root: Path | None = None,
) -> "tuple[Task, Checked]":
    """The task of a spec, and the result of its check; prints the problems, and ends the command if there is an error.

    `needed` are the sections that the command requires, with an example of each.
    """
    from modelc.compiler.api import check_file
    from modelc.compiler.binding.needed_sections import lacking_sections

    checked = check_file(path, settings=settings, root=root, data_root=data_root)
    problems, task = checked.problems, checked.task
    if task is not None and not checked.errors:
        problems += lacking_sections(task, needed or {})
    if problems:
        problems = noted(problems, path)
        show_problems(problems, checked.sources, sys.stderr)
    if any(problem.code == "E009" for problem in problems):
        raise typer.Exit(USAGE)
    if task is None or any(problem.is_error for problem in problems):
        raise typer.Exit(FINDINGS)
    return task, checked


def noted(problems: "tuple[Problem, ...]", path: Path) -> "tuple[Problem, ...]":
    """`problems` of the spec at `path`; of one in a run, the first says what to edit instead."""
    from modelc.runtime.runs.run_layout import run_around

    folder = run_around(path)
    if folder is None:
        return problems
    from modelc.runtime.runs.kept_spec import with_note_on_run

    return with_note_on_run(problems, folder)
