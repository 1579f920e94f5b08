"""`modelc format`: formats specs, or lists with `--check` those that are not formatted."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.console import FAILED, FINDINGS, USAGE, Styled, complain, pass_on, say, show_problems
from modelc.cli.saving import save
from modelc.cli.targets import STDIN, STDIN_NAME, complain_of, find_targets

if TYPE_CHECKING:
    from modelc.compiler.diagnostics.problem import Problem


@dataclass(frozen=True, slots=True)
class Laid:
    """One file: its text before and after, without byte-order mark."""

    text: str
    new: str


def format(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Specs, folders (searched for specs), quoted globs, or - for standard input."
        ),
    ],
    only_check: Annotated[
        bool, typer.Option("--check", help="Do not write; list the files that would change.")
    ] = False,
) -> None:
    """Format specs: sections in order, two columns for each level; comments and words stay unchanged.

    The meaning of a spec never changes; otherwise it is left as it is. Text from standard input is written to standard
    output. In folders, the same files are skipped as by `modelc validate`; nothing in a run directory is formatted.
    """
    found = find_targets(paths, rewrite=True)
    complain_of(found, "format")
    if not found.targets:
        raise typer.Exit(USAGE)
    counts = {"changed": 0, "kept": 0, "failed": 0}
    code = USAGE if found.incomplete() else 0
    # Standard output is that of the text that came by standard input.
    stream = sys.stderr if STDIN in found.targets else sys.stdout
    for target in found.targets:
        laid, failure = lay_out(target)
        code = max(code, failure)
        if laid is None:
            counts["failed"] += 1
            continue
        outcome = "changed" if laid.new != laid.text else "kept"
        if only_check:
            if outcome == "changed":
                say(f"would format {target}", stream=stream)
                code = max(code, FINDINGS)
        elif target == STDIN:
            pass_on(laid.new)
        elif outcome == "changed":
            if save(Path(target), laid.text, laid.new):
                say(f"formatted {target}", stream=stream)
            else:
                outcome, code = "failed", FAILED
        counts[outcome] += 1
    say(Styled("error" if code else "good", found.with_skipped(summary(counts, only_check))), stream=stream)
    if code:
        raise typer.Exit(code)


def summary(counts: dict[str, int], would: bool) -> str:
    words = {"changed": "formatted", "kept": "unchanged", "failed": "not formatted"}
    if would:
        words |= {"changed": "would change", "kept": "already formatted"}
    return ", ".join(f"{number} {words[kind]}" for kind, number in counts.items() if number)


def lay_out(target: str) -> tuple[Laid | None, int]:
    """The formatted text of one file, and its exit code; None after saying why it is left unchanged."""
    from modelc.compiler.formatter.format import formatted
    from modelc.compiler.formatter.line_tree import Unusual
    from modelc.compiler.syntax.beneath import NotRegularError
    from modelc.compiler.syntax.document import MAX_BYTES, show_text
    from modelc.compiler.syntax.file_root import read_text
    from modelc.compiler.syntax.path_help import unreadable

    name = STDIN_NAME if target == STDIN else target
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if target == STDIN else read_text(Path(target), MAX_BYTES + 1)
    except (OSError, NotRegularError) as error:
        show_problems([unreadable(Path(target), name, error)], {})
        return None, USAGE
    problems: tuple[Problem, ...]
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        new, problems = formatted(text, name)
    except UnicodeDecodeError:
        from modelc.compiler.syntax.document import read

        _, problems = read(data, name)
    except Unusual as reason:
        complain(f"`{name}` is left unchanged: {reason}", helps=("format it by hand",))
        return None, FINDINGS
    if problems:
        show_problems(problems, {name: show_text(data)})
        return None, FINDINGS
    return Laid(text, new), 0
