"""`modelc data`: what the rows of a spec are like; and how new rows differ from those that a run was trained on."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from modelc.cli.checking import RootFolder, Settings, checked_spec
from modelc.cli.console import FINDINGS, columns, refuse, say, say_document, show_problems
from modelc.cli.plugins import PluginNames, enable

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.compiler.syntax.file_root import Root
    from modelc.runtime.data.data_check import CheckedData
    from modelc.runtime.overview.overview import Overview

Form = Literal["text", "json"]


def data(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The spec: a YAML or JSON file.")],
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, help="How many sample rows are shown.")] = 2,
    output_format: Annotated[
        Form, typer.Option("--format", help="Text for people, or the same facts as JSON for programs.")
    ] = "text",
    root: RootFolder = None,
    settings: Settings = None,
    plugins: PluginNames = None,
) -> None:
    """Show the data of a spec: its parts, columns and classes, what readers make of them, sample rows, and what is odd in them.

    Exit code 1 if the data has an error; what is odd is none.
    """
    enable(plugins)
    task, checked = checked_spec(spec, settings or (), root)
    if task.source is None:
        refuse(f"`{spec}` has no `data.source`, so there are no rows to look at", helps=("add `data: {source: ...}`",))

    from modelc.compiler.fixes.suppressions import unsuppressed
    from modelc.compiler.syntax.file_root import spec_root
    from modelc.runtime.data.data_check import read_checked

    where = spec_root(spec, root)
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
    from modelc.compiler.explain.pretty_printer import show_named

    assert task.source is not None
    say(*overview_lines(found, name, show_named(task.source), columns() or 80))
