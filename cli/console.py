"""Console output of all commands: lines, documents, problems, errors without a place, colours; and the exit codes.

Everything that a command prints goes through here, so that no name from outside reaches a terminal or a log as it is; a
test forbids other ways. Imported by every command, so it imports nothing heavy itself.
"""

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, TextIO

import typer

from modelc.compiler.diagnostics.render.remarks import remarks, title

if TYPE_CHECKING:
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.compiler.diagnostics.problem import Problem
    from modelc.compiler.syntax.document import Document
    from modelc.runtime.training.processes import Processes

FINE, FINDINGS, USAGE, BUG, FAILED = range(5)
"""The exit codes: a command ends with the highest that applies."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

Format = Literal["text", "concise", "json", "github", "sarif"]
STYLES = {"error": "1;31", "good": "1;32", "strong": "1", "dim": "2"}


def coloured(stream: TextIO) -> bool:
    """Whether `stream` shows colours: a terminal that supports them, and no `NO_COLOR` (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns() -> int | None:
    """The columns of the terminal, or those that `COLUMNS` asks for; None for a pipe or file, for which nothing is cut."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        return None
    return shutil.get_terminal_size((100, 24)).columns


@dataclass(frozen=True, slots=True)
class Styled:
    """A part of a line in one of `STYLES`."""

    style: str
    text: str


Part = str | Styled
Line = Part | tuple[Part, ...]
"""One line of output. Its parts are raw: they are made printable when the line is."""


def rendered(line: Line, colours: bool) -> str:
    """`line` safe to print, whatever is in it: on one line, and no command to what reads the log."""
    from modelc.compiler.diagnostics.render.printable import inert, printable

    parts = line if isinstance(line, tuple) else (line,)
    texts = [printable(part.text if isinstance(part, Styled) else part) for part in parts]
    whole = "".join(texts)
    shown = inert(whole)
    if not colours or shown != whole:
        return shown
    styles = [STYLES[part.style] if isinstance(part, Styled) else "" for part in parts]
    return "".join(f"\x1b[{style}m{text}\x1b[0m" if style else text for style, text in zip(styles, texts, strict=True))


def say(*lines: Line, stream: TextIO | None = None) -> None:
    """Print each of `lines` as one line, on standard output if no `stream` is given. Raises RunError E604."""
    stream = stream or sys.stdout
    colours = coloured(stream)
    write("".join(rendered(line, colours) + "\n" for line in lines), stream)


def say_document(text: str, stream: TextIO | None = None) -> None:
    """Print a text of several lines in a format that escapes by rules of its own: JSON, DOT, problems. Raises RunError E604."""
    from modelc.compiler.diagnostics.render.printable import printable_document

    stream = stream or sys.stdout
    write(printable_document(text, colour=coloured(stream)), stream)


def pass_on(text: str) -> None:
    """Write the text of a file to standard output: as it is, but printable on a terminal. Raises RunError E604.

    Also in the log of a CI service: the command is a filter there, and whoever reads its text needs it unchanged.
    """
    from modelc.compiler.diagnostics.render.printable import printable

    if sys.stdout.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    write(text, sys.stdout)


def show_difference(lines: Iterable[str]) -> None:
    """Write the lines of a patch to standard output: as they are, but safe on a terminal and in the log of a CI service.

    Raises RunError E604.
    """
    from modelc.compiler.diagnostics.render.printable import inert, printable

    safe = printable if sys.stdout.isatty() else inert if logged(sys.stdout) else str
    write("".join(safe(line) + "\n" for line in lines), sys.stdout)


def logged(stream: TextIO) -> bool:
    """Whether a CI service may read commands from `stream`: there, all but files may be its log."""
    try:
        return bool(os.environ.get("CI")) and not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return bool(os.environ.get("CI"))


def write(text: str, stream: TextIO) -> None:
    """Write `text` as it is; for this module alone. A closed pipe (`modelc ... | head`) ends the printing, not the command.

    Raises RunError E604 if standard output cannot be written, on a full disk for example. If standard error cannot
    be written, the text is lost, and the exit code still reports the failure.
    """
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
    head = (Styled("error", title(code)), Styled("strong", f": {message}"))
    say(head, *remarks(notes=notes, helps=helps), stream=sys.stderr)


def warn(message: str, *, notes: Sequence[str] = ()) -> None:
    """Print a warning without a place in a text, on standard error."""
    say((Styled("strong", "warning"), f": {message}"), *remarks(notes=notes), stream=sys.stderr)


def inform(*messages: str) -> None:
    """Print notes without a place in a text, on standard error."""
    say(*((Styled("strong", "note"), f": {message}") for message in messages), stream=sys.stderr)


def start_device(processes: "Processes | None" = None) -> None:
    """Start jax, in several processes if there are such, with a warning for each variable of the environment that it does not follow. Raises RunError E505."""
    from modelc.runtime.training import device

    for variable in device.prepare(processes, inform):
        warn(variable)
    if processes is not None:
        from modelc.cli.processes import silence_libraries

        silence_libraries()


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
        show_run_error_in(error, document, sources)
        raise typer.Exit(FAILED) from None


def show_run_error_in(error: "RunError", document: "Document", sources: Mapping[str, str]) -> None:
    """Print the error of a failed run, at its place in `document` if it has one, on standard error."""
    if error.at:
        show_problems([error.problem(document.value(error.at))], sources, sys.stderr)
    else:
        show_run_error(error)


def show_problems(problems: "Sequence[Problem]", sources: Mapping[str, str], stream: TextIO | None = None) -> None:
    """Print problems as text with snippets."""
    from modelc.compiler.diagnostics.render.report import Report
    from modelc.compiler.diagnostics.render.text import text

    stream = stream or sys.stdout
    say_document(text(Report(problems, sources, colour=coloured(stream))), stream)
