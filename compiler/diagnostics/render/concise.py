"""One line for each problem, for editors and grep: `file:line:column: code message`."""

from collections.abc import Mapping, Sequence

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.diagnostics.render.order import in_order
from modelc.compiler.diagnostics.render.printable import address, printable


def concise(
    problems: Sequence[Problem],
    sources: Mapping[str, str],
    *,
    files: int = 1,
    colour: bool = False,
    strict: bool = False,
) -> str:
    """A line for each problem; of a file as a whole without line and column."""
    return "".join(f"{address(p.label.place)}: {p.code} {printable(p.message)}\n" for p in in_order(problems))
