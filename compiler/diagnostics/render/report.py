"""What the formats render: problems, and what is to be known about them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.diagnostics.render.order import in_order
from modelc.compiler.diagnostics.render.unchecked import Unchecked


class Report(NamedTuple):
    """`problems` in any order, and the text of each file by name; `files` is the number of checked files.

    `colour` asks for ANSI colours where a format has some; `strict` says that warnings count as errors; `unchecked` has the
    specs whose rows were not read.
    """

    problems: Sequence[Problem]
    sources: Mapping[str, str]
    files: int = 1
    colour: bool = False
    strict: bool = False
    unchecked: Sequence[Unchecked] = ()

    @property
    def ordered(self) -> list[Problem]:
        """The problems in the order in which they are shown."""
        return in_order(self.problems)
