"""Problems as text for a terminal, in the layout of rustc and ruff: message, place, snippet with carets, notes, helps."""

from collections.abc import Mapping, Sequence

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.diagnostics.render.printable import address, printable
from modelc.compiler.diagnostics.render.report import Report
from modelc.compiler.diagnostics.render.snippet import Paint, Underline, snippet

STYLES = {"error": "1;31", "warning": "1;33", "frame": "1;34", "second": "1;34", "strong": "1"}


def text(report: Report) -> str:
    """One block for each problem, with an empty line after each."""
    split = [(file, source.split("\n")) for file, source in report.sources.items() if source]
    lines = {file: [line.removesuffix("\r") for line in found] for file, found in split}
    paint = coloured if report.colour else uncoloured
    return "".join(block(problem, lines, paint) + "\n\n" for problem in report.ordered)


def block(problem: Problem, lines: Mapping[str, list[str]], paint: Paint) -> str:
    style = "error" if problem.is_error else "warning"
    rows = [paint(style, f"{style}[{problem.code}]") + paint("strong", ": " + printable(problem.message))]
    labels = [(problem.label, True), *((label, False) for label in problem.related)]
    gutter = max(len(str(label.place.line)) for label, _ in labels)
    by_file: dict[str, list[tuple[Label, bool]]] = {}
    for label, primary in labels:
        by_file.setdefault(label.place.file, []).append((label, primary))
    for file, group in by_file.items():
        rows.extend(of_file(lines.get(file, []), group, gutter, style, paint))
    ends = [("note", note) for note in problem.notes] + [("help", help) for help in problem.helps]
    if ends and problem.label.place.line:
        rows.append(" " * gutter + paint("frame", " |"))
    for word, remark in ends:
        first, *more = remark.split("\n")
        rows.append(" " * gutter + paint("frame", " = ") + paint("strong", f"{word}:") + " " + printable(first))
        rows.extend(" " * gutter + paint("frame", " | ") + " " * (len(word) + 2) + printable(line) for line in more)
    return "\n".join(rows)


def of_file(source: list[str], group: Sequence[tuple[Label, bool]], gutter: int, style: str, paint: Paint) -> list[str]:
    """The place of the first label and a snippet with all labels of one file."""
    rows = [" " * gutter + paint("frame", "--> ") + address(group[0][0].place)]
    shown = [
        underline(source, label, primary, style) for label, primary in group if 1 <= label.place.line <= len(source)
    ]
    if shown:
        rows.extend(snippet(source, shown, gutter, paint))
    else:
        rows.extend(" " * gutter + paint("frame", " = ") + printable(label.text) for label, _ in group if label.text)
    return rows


def underline(source: list[str], label: Label, primary: bool, style: str) -> Underline:
    place = label.place
    line = source[place.line - 1]
    end = place.end_column - 1 if place.end_line == place.line else len(line)
    return Underline(place.line, place.column - 1, end, label.text, primary, style if primary else "second")


def coloured(style: str, words: str) -> str:
    return f"\x1b[{STYLES[style]}m{words}\x1b[0m" if style and words else words


def uncoloured(style: str, words: str) -> str:
    return words
