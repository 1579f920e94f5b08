"""`modelc data`: what the rows of a spec are like; and how new rows differ from those that a run was trained on."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from modelc.cli.checking import DataRoot, Folders, RootFolder, Settings, checked_spec
from modelc.cli.console import FINDINGS, columns, refuse, say, say_document, show_problems
from modelc.cli.plugins import PluginNames, enable

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.compiler.syntax.file_root import Root
    from modelc.runtime.data.data_check import CheckedData
    from modelc.runtime.overview.overview import Overview

Form = Literal["text", "json"]


def data(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|RUN",
            help="The spec; or, with a FILE, a run directory, `runs/NAME` for its latest, or the spec.",
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Rows to compare with those that the run was trained on: .csv, .parquet, .jsonl or .npz.",
        ),
    ] = None,
    rows: Annotated[
        int | None, typer.Option("--rows", metavar="N", min=0, help="How many rows of a spec are shown; default: 2.")
    ] = None,
    max_drift: Annotated[
        float | None,
        typer.Option(
            "--max-drift",
            metavar="BOUND",
            min=0,
            help="With a FILE: exit code 1 if a column has more drift, such as 0.25, is gone or has another type.",
        ),
    ] = None,
    output_format: Annotated[
        Form, typer.Option("--format", help="Text for people, or the same facts as JSON for programs.")
    ] = "text",
    root: RootFolder = None,
    data_root: DataRoot = None,
    settings: Settings = None,
    plugins: PluginNames = None,
) -> None:
    """Show the data of a spec: its parts, columns and classes, what readers make of them, rows, and what is odd in them.

    With a FILE, show how its rows differ from those that a run was trained on, column by column.
    Exit code 1 if the data of the spec has an error, or the rows of the file differ by more than `--max-drift`.
    """
    if file is None and max_drift is not None:
        refuse("`--max-drift` compares the rows of a file with those of a run", helps=("write `modelc data RUN FILE`",))
    enable(plugins)
    if file is None:
        show_spec(Path(subject), 2 if rows is None else rows, output_format, (root, data_root), tuple(settings or ()))
        return
    given = {"--rows": rows is not None, "--set": bool(settings)}
    for option in (option for option, is_given in given.items() if is_given):
        refuse(f"`{option}` is for the data of a spec, not for `{file}`", helps=(f"leave `{option}` out",))

    from modelc.cli.drift import show_drift

    show_drift(subject, file, max_drift, output_format, (root, data_root))


def show_spec(spec: Path, rows: int, output_format: Form, folders: Folders, settings: "tuple[str, ...]") -> None:
    """Print what the data of a spec is like. Ends the command if it has an error."""
    from modelc.compiler.diagnostics.command_line import command
    from modelc.runtime.runs.run_layout import run_around

    if os.path.isdir(spec) and run_around(spec) is not None:
        helps = (f"name a file with rows to compare them with those of its training: `{command('data', spec)} FILE`",)
        refuse(f"`{spec}` is a run, and no spec", helps=helps)
    root, data_root = folders
    task, checked = checked_spec(spec, settings, root, data_root=data_root)
    if task.source is None:
        refuse(f"`{spec}` has no `data.source`, so there are no rows to look at", helps=("add `data: {source: ...}`",))

    from modelc.compiler.fixes.suppressions import unsuppressed
    from modelc.compiler.syntax.file_root import spec_root
    from modelc.runtime.data.data_check import read_checked

    where = spec_root(spec, root, data_root)
    read = read_checked(task, where, raw=True)
    problems = unsuppressed(read.problems, checked.sources)
    if problems:
        show_problems(problems, checked.sources, sys.stderr)
    found = overview_of(read, where, rows)
    if found is not None:
        say_overview(read.task, found, str(spec), output_format)
    if any(problem.is_error for problem in problems):
        raise typer.Exit(FINDINGS)


def overview_of(read: "CheckedData", root: "Root", rows: int) -> "Overview | None":
    """What can be said of the data: all, or of its columns alone where it is not as the spec says; None of nothing."""
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.overview.overview import overview, raw_overview

    if read.dataset is not None:
        return overview(read.task, read.dataset, root, rows)
    try:
        return raw_overview(read.task, root)
    except RunError:
        # It is among the problems.
        return None


def say_overview(task: "Task", found: "Overview", name: str, output_format: Form) -> None:
    """Print an overview."""
    if output_format == "json":
        from modelc.cli.overview_json import overview_json
        from modelc.compiler.diagnostics.render.json_text import json_text

        say_document(json_text(overview_json(found)) + "\n")
        return

    from modelc.cli.overview_text import overview_lines
    from modelc.cli.summary import UNBOUNDED
    from modelc.compiler.explain.pretty_printer import show_named

    assert task.source is not None
    say(*overview_lines(found, name, show_named(task.source), columns() or UNBOUNDED))
