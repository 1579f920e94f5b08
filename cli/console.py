"""Console output of all commands: problems, one-line errors, colours; and their exit codes.

Imported by every command, so it imports nothing heavy itself.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NoReturn, TextIO

import typer

if TYPE_CHECKING:
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.compiler.diagnostics.problem import Problem
    from modelc.compiler.syntax.document import Document

FINE, FINDINGS, USAGE, BUG, FAILED = range(5)
"""The exit codes: a command ends with the highest that applies."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

Format = Literal["text", "concise", "json", "github", "sarif"]
STYLES = {"error": "1;31", "good": "1;32", "strong": "1", "dim": "2"}


def coloured(stream: TextIO) -> bool:
    """Whether `stream` shows colours: a terminal that supports them, and no `NO_COLOR` (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(style: str, text: str, stream: TextIO | None = None) -> str:
    """`text` in one of `STYLES` if `stream` (standard output by default) shows colours, else unchanged."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if coloured(stream or sys.stdout) else text


def write(text: str, stream: TextIO | None = None) -> None:
    """Print `text`. A closed pipe (`modelc ... | head`) ends the printing, not the command.

    Raises RunError E604 if standard output cannot be written, on a full disk for example. If standard error cannot
    be written, the text is lost, and the exit code still reports the failure.
    """
    stream = stream or sys.stdout
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        # Whatever is still written, by the interpreter on its way out too, goes nowhere instead of failing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError) and stream is not sys.stderr:
            from modelc.compiler.diagnostics.exceptions import RunError

            reason = (error.strerror or str(error)).lower()
            raise RunError("E604", f"cannot write to standard output: {reason}") from None


def complain(message: str, *, helps: Sequence[str] = (), notes: Sequence[str] = (), code: str = "") -> None:
    """Print an error without a place in a text, on standard error, in the style of problems."""
    from modelc.compiler.diagnostics.render.printable import printable

    title = f"error[{code}]" if code else "error"
    lines = [paint("error", title, sys.stderr) + paint("strong", f": {printable(message)}", sys.stderr)]
    remarks = [("note", note) for note in notes] + [("help", help) for help in helps]
    for word, remark in remarks:
        first, *more = remark.split("\n")
        lines.append(f"  = {word}: {printable(first)}")
        lines.extend(" " * (len(word) + 6) + printable(line) for line in more)
    write("\n".join(lines) + "\n", sys.stderr)


def refuse(message: str, *, helps: Sequence[str] = ()) -> NoReturn:
    """End the command because of a wrong command line, with exit code 2."""
    complain(message, helps=helps)
    raise typer.Exit(USAGE)


def show_run_error(error: "RunError") -> None:
    """Print the error of a failed run, on standard error."""
    complain(error.message, helps=error.helps, notes=error.notes, code=error.code)


@contextmanager
def run_of(document: "Document", sources: Mapping[str, str]) -> Iterator[None]:
    """End the command with exit code 4 if the block raises a RunError, shown at its place in `document`.

    `sources` is the text of each file that `document` has places in.
    """
    from modelc.compiler.diagnostics.exceptions import RunError

    try:
        yield
    except RunError as error:
        if error.at:
            show_problems([error.problem(document.value(error.at))], sources, sys.stderr)
        else:
            show_run_error(error)
        raise typer.Exit(FAILED) from None


def show_problems(problems: "Sequence[Problem]", sources: Mapping[str, str], stream: TextIO | None = None) -> None:
    """Print problems as text with snippets."""
    from modelc.compiler.diagnostics.render.text import text

    stream = stream or sys.stdout
    write(text(problems, sources, colour=coloured(stream)), stream)
