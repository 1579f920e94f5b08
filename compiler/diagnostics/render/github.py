"""Problems as annotations of a pull request: workflow commands that GitHub Actions reads from the log."""

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.diagnostics.render.printable import address, pieces, printable
from modelc.compiler.diagnostics.render.report import Report


def github(report: Report) -> str:
    """One command a line. Everything from the spec is escaped twice: to be printable, then for the command."""
    return "".join(command(problem) + "\n" for problem in report.ordered)


def command(problem: Problem) -> str:
    place = problem.label.place
    properties = {"title": f"modelc ({problem.code})", "file": "".join(pieces(place.file))}
    if place.line:
        properties |= {"line": str(place.line), "col": str(place.column)}
        properties |= {"endLine": str(place.end_line), "endColumn": str(place.end_column)}
    lines = [f"{address(place)}: {problem.code} {printable(problem.message)}"]
    lines += [f"  note: {printable(line)}" for note in problem.notes for line in note.split("\n")]
    lines += [f"  help: {printable(line)}" for help in problem.helps for line in help.split("\n")]
    fields = ",".join(f"{key}={escape_property(value)}" for key, value in properties.items())
    return f"::{'error' if problem.is_error else 'warning'} {fields}::{escape_data(chr(10).join(lines))}"


def escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
