"""`modelc validate`: checks specs without jax, prints their problems, and exits with 1 if there are errors."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TextIO

import typer

from modelc.cli.checking import DataRoot, RootFolder, Settings, noted
from modelc.cli.console import (
    FAILED,
    FINDINGS,
    FINE,
    USAGE,
    Format,
    Styled,
    coloured,
    inform,
    pass_on,
    refuse,
    say,
    say_document,
    show_difference,
)
from modelc.cli.plugins import PluginNames, enable
from modelc.cli.targets import STDIN, STDIN_NAME, Targets, complain_of, find_targets

if TYPE_CHECKING:
    from modelc.cli.fixing import Fixed
    from modelc.compiler.api import Checked
    from modelc.compiler.diagnostics.problem import Problem
    from modelc.compiler.diagnostics.render import Unchecked

FOR_PROGRAMS = ("json", "sarif")
"""The formats that are written even where there is no problem."""


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Specs, folders (searched for specs), quoted globs, or - for standard input."
        ),
    ],
    output_format: Annotated[
        Format, typer.Option("--format", envvar="MODELC_FORMAT", help="Output format of the problems.")
    ] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Treat warnings as errors in the exit code.")] = False,
    data: Annotated[bool, typer.Option("--data", help="Read and check the data as well.")] = False,
    root: RootFolder = None,
    data_root: DataRoot = None,
    settings: Settings = None,
    fix: Annotated[bool, typer.Option("--fix", help="Correct in the files what is unambiguous.")] = False,
    difference: Annotated[
        bool, typer.Option("--diff", help="With --fix: do not write; show what would change.")
    ] = False,
    plugins: PluginNames = None,
) -> None:
    """Check specs: names, types, shapes, losses and targets.

    With --data, the data is read and checked too. With --fix, typos and words of other frameworks are corrected in place;
    text from standard input is written to standard output.
    In folders, what starts with `_` or `.`, run directories, virtual environments, folders such as `node_modules` and
    `build`, and files that are not specs are skipped. Nothing in a run directory is fixed.
    """
    enable(plugins)
    if difference and not fix:
        refuse("`--diff` needs `--fix`", helps=("write `modelc validate --fix --diff PATH`",))

    from modelc.compiler.diagnostics.render import summary, unchecked_line

    found = targets_in(paths, root, data_root, rewrite=fix)
    complain_of(found, "validate")
    if not found.targets:
        raise typer.Exit(USAGE)
    specs = [Spec(target, settings or (), data, root, data_root) for target in found.targets]
    fixed = fix_all(specs, difference) if fix else None
    texts: Mapping[str, str] = fixed.texts if fixed else {}
    checks = [outcome(spec, texts, exact=output_format in FOR_PROGRAMS) for spec in specs]
    # The same finding about an argument of `--set`, or of a file of several specs, comes once for each spec.
    problems = list(dict.fromkeys(problem for checked in checks for problem in checked.problems))
    # Standard output is the diff's, or that of the text that came by standard input.
    stream = sys.stderr if fixed and (difference or STDIN in found.targets) else sys.stdout
    unread = [] if data else [checked.unread for checked in checks if checked.unread is not None]
    write_problems(problems, checks, output_format, stream, strict=strict, unread=unread)
    failed = any(problem.is_error or strict for problem in problems)
    would = bool(fixed and difference and fixed.changed())
    if fixed and (line := fixed.line(difference)):
        say(line, stream=stream if output_format in ("text", "concise") else sys.stderr)
    if output_format in ("text", "concise", "github"):
        line = found.with_skipped(summary(problems, len(checks), would=would, strict=strict))
        end = sys.stderr if output_format == "github" else stream
        say(Styled("error" if failed else "good", line), stream=end)
        if (left := unchecked_line(unread)) and not any(problem.is_error for problem in problems):
            inform(left)
    if code := exit_code(problems, found, fixed, findings=failed or would):
        raise typer.Exit(code)


def targets_in(paths: Sequence[str], root: Path | None, data_root: Path | None, *, rewrite: bool) -> Targets:
    """The specs that `paths` stand for. Ends the command where one comes from standard input and only the folder of its data
    is known.
    """
    found = find_targets(paths, rewrite=rewrite)
    if STDIN in found.targets and data_root is not None and root is None:
        refuse("a spec from standard input has no folder", helps=("name it with `--root DIR` beside `--data-root`",))
    return found


def exit_code(problems: Sequence["Problem"], found: Targets, fixed: "Fixed | None", *, findings: bool) -> int:
    """The exit code of a check of the targets that were `found`, with or without `findings`."""
    if fixed and not fixed.complete:
        return FAILED
    if found.incomplete() or any(problem.code == "E009" for problem in problems):
        return USAGE
    return FINDINGS if findings else FINE


def write_problems(
    problems: Sequence["Problem"],
    checks: Sequence["Outcome"],
    output_format: Format,
    stream: TextIO,
    *,
    strict: bool,
    unread: Sequence["Unchecked"],
) -> None:
    """Write the problems of all checks; for programs also where there are none."""
    from modelc.compiler.diagnostics.render import FORMATS, Report

    sources = {name: text for checked in checks for name, text in checked.sources.items()}
    if problems or output_format in FOR_PROGRAMS:
        report = Report(problems, sources, files=len(checks), colour=coloured(stream), strict=strict, unchecked=unread)
        say_document(FORMATS[output_format](report), stream)


class Outcome(NamedTuple):
    """What is kept of a check until all specs are checked; tasks and graphs of many specs would fill the memory.

    `unread` is what was not looked at of a spec that has data, or arrays in files, and no error.
    """

    problems: tuple["Problem", ...]
    sources: Mapping[str, str]
    unread: "Unchecked | None"


def outcome(spec: "Spec", texts: Mapping[str, str], *, exact: bool) -> Outcome:
    """What is kept of the check of `spec`, with `texts` in place of files on the disk; see `Spec.check`."""
    from modelc.compiler.library.base.collection import without_collection

    # What was made for the check is gone once its task is dropped; rows, read with `--data`, may be too large to wait for that.
    with nullcontext() if spec.data else without_collection():
        return kept_of(spec, spec.check(texts, exact=exact))


def kept_of(spec: "Spec", checked: "Checked") -> Outcome:
    """What is kept of the check of `spec`."""
    from modelc.compiler.binding.source_headers import not_seen
    from modelc.compiler.diagnostics.render import Unchecked

    task = None if checked.errors else checked.task
    has_rows = task is not None and task.data is not None and task.data.source is not None
    unread = None
    arrays = () if task is None else checked.arrays
    weights = () if task is None else checked.weights
    if has_rows or arrays or weights:
        unread = Unchecked(
            spec.name,
            checked.unseen,
            checked.headers is None,
            not_seen(checked.headers, arrays),
            has_rows,
            checked.untold,
            not_seen(checked.headers, weights),
        )
    problems = checked.problems
    if problems and spec.path is not None:
        problems = noted(problems, spec.path)
    return Outcome(problems, checked.sources, unread)


@dataclass(slots=True)
class Spec:
    """One target, and how to check it; `given` is the text from standard input, which is read once."""

    target: str
    settings: Sequence[str]
    data: bool
    root: Path | None
    data_root: Path | None = None
    given: bytes | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return STDIN_NAME if self.target == STDIN else self.target

    @property
    def path(self) -> Path | None:
        """Where the text is; None for standard input."""
        return None if self.target == STDIN else Path(self.target)

    def check(self, texts: Mapping[str, str], *, exact: bool = False) -> "Checked":
        """All problems of the spec, with `texts` in place of files on the disk.

        Includes those of its data with `--data`, if the spec has no error. With `exact`, only confirmed fixes are
        kept.
        """
        checked = self.check_text(texts)
        if exact and any(problem.fix for problem in checked.problems):
            from modelc.cli.fixing import with_verified_fixes

            checked = with_verified_fixes(self.check_text, checked, texts)
        if not self.data or checked.errors or checked.task is None:
            return checked
        if checked.task.data is None and not checked.arrays and not checked.weights:
            return checked

        from modelc.compiler.fixes.suppressions import unsuppressed
        from modelc.compiler.syntax.file_root import spec_root
        from modelc.runtime.data.data_check import read_checked

        found = read_checked(checked.task, spec_root(self.path, self.root, self.data_root))
        inform(*(f"{self.name}: {note}" for note in found.notes))
        return checked._replace(problems=checked.problems + unsuppressed(found.problems, checked.sources))

    def check_text(self, texts: Mapping[str, str]) -> "Checked":
        """All problems of the spec except those of its data."""
        from modelc.compiler.api import check, check_file
        from modelc.compiler.syntax.document import MAX_BYTES
        from modelc.compiler.syntax.file_root import spec_root

        if self.path is not None:
            return check_file(
                self.path, settings=self.settings, root=self.root, texts=texts, headers=True, data_root=self.data_root
            )
        if self.given is None:
            self.given = sys.stdin.buffer.read(MAX_BYTES + 1)
        root = None if self.root is None else spec_root(None, self.root, self.data_root)
        return check(texts.get(STDIN_NAME, self.given), STDIN_NAME, self.settings, root, texts, headers=True)


def fix_all(specs: Sequence[Spec], difference: bool) -> "Fixed":
    """Fix `specs`, and write the files, or only show the changes."""
    from modelc.cli.fixing import Fixed, difference_lines, fix, real_path, write_fixed
    from modelc.compiler.syntax.document import show_text

    names = {real_path(STDIN_NAME if spec.target == STDIN else spec.target): spec.target for spec in specs}
    fixed = Fixed()
    for spec in specs:
        fix(spec.check_text, tuple(names), fixed)
    if difference:
        show_difference(difference_lines(fixed, names))
        return fixed
    fixed.complete = write_fixed(fixed, names)
    for spec in specs:
        if spec.given is not None:
            pass_on(fixed.texts.get(STDIN_NAME, show_text(spec.given)))
    return fixed
