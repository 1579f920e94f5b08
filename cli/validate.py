"""`modelc validate`: checks specs without jax, prints what it finds, says by its exit code whether they are valid."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.console import FINDINGS, USAGE, Format, coloured, complain, paint, refuse, write
from modelc.cli.plugins import PluginNames, enable

if TYPE_CHECKING:
    from modelc.compiler.api import Checked

STDIN = "-"


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Specs, folders (searched for specs), quoted globs, or - for stdin."),
    ],
    output_format: Annotated[
        Format, typer.Option("--format", envvar="MODELC_FORMAT", help="How findings are printed.")
    ] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    data: Annotated[bool, typer.Option("--data", help="Read the data as well, and check it.")] = False,
    root: Annotated[
        Path | None,
        typer.Option(
            "--root", metavar="DIR", help="Folder that specs may read files from; by default that of each spec."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value of every spec; repeatable.")
    ] = None,
    plugins: PluginNames = None,
) -> None:
    """Check specs: names, types, shapes, losses and targets.

    With --data, the data is read and checked too.
    In folders, files whose names start with `_` or `.` are skipped, and files that are no specs.
    """
    if root is not None and not root.is_dir():
        refuse(f"there is no folder `{root}`")
    enable(plugins)

    from modelc.cli.targets import find_targets
    from modelc.compiler.render import FORMATS, summary

    found = find_targets(paths)
    for path in found.empty:
        complain(f"nothing to validate in `{path}`", helps=(found.why_none(),))
    if not found.targets:
        raise typer.Exit(USAGE)
    checks = [check_target(target, settings or (), data, root) for target in found.targets]
    problems = [problem for checked in checks for problem in checked.problems]
    # The same finding about an argument of `--set` comes once for each spec.
    problems = list(dict.fromkeys(problems))
    sources = {name: text for checked in checks for name, text in checked.sources.items()}
    if problems or output_format in ("json", "sarif"):
        write(FORMATS[output_format](problems, sources, files=len(checks), colour=coloured(sys.stdout)))
    failed = any(problem.is_error or strict for problem in problems)
    if output_format in ("text", "concise", "github"):
        line = summary(problems, len(checks)) + (f", {found.skipped_line()}" if found.skipped else "")
        stream = sys.stderr if output_format == "github" else sys.stdout
        write(paint("error" if failed else "good", line, stream) + "\n", stream)
    if found.empty or any(problem.code == "E009" for problem in problems):
        raise typer.Exit(USAGE)
    if failed:
        raise typer.Exit(FINDINGS)


def check_target(target: str, settings: Sequence[str], data: bool, root: Path | None) -> "Checked":
    """All problems of one spec, those of its data among them where `data` is true and the spec has no error."""
    from dataclasses import replace

    from modelc.compiler.api import check, check_file
    from modelc.compiler.document import MAX_BYTES

    if target == STDIN:
        checked = check(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>", settings)
    else:
        checked = check_file(Path(target), settings=settings, root=root)
    if not data or checked.errors or checked.task is None or checked.task.data is None:
        return checked

    from modelc.compiler.source import Root, cache_folder
    from modelc.runtime.dataset import check_data

    folder = root or (Path() if target == STDIN else Path(os.path.realpath(target)).parent)
    return replace(checked, problems=checked.problems + check_data(checked.task, Root(folder, cache_folder())))
