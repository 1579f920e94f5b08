"""One line for each problem, for editors and grep: `file:line:column: code message`."""

from modelc.compiler.diagnostics.render.printable import address, printable
from modelc.compiler.diagnostics.render.report import Report


def concise(report: Report) -> str:
    """A line for each problem; of a file as a whole without line and column."""
    return "".join(f"{address(p.label.place)}: {p.code} {printable(p.message)}\n" for p in report.ordered)
