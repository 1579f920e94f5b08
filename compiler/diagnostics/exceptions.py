"""The exceptions that carry problems: a spec that cannot be used, a plan that does not fit, a run that failed."""

import re
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass

from modelc.compiler.diagnostics.problem import Label, Path, Place, Problem
from modelc.compiler.diagnostics.render.printable import inert, printable, printable_document
from modelc.compiler.diagnostics.render.remarks import remarks, title


class SpecError(Exception):
    """A spec with errors; `problems` has all problems and `sources` the text of each file that they refer to.

    As a text it is what the commands print of them.
    """

    def __init__(self, problems: Iterable[Problem], sources: dict[str, str]) -> None:
        self.problems = tuple(problems)
        self.sources = sources
        super().__init__(self.problems, sources)

    def __str__(self) -> str:
        # Only where one is shown: most are caught and reported otherwise.
        from modelc.compiler.diagnostics.render.report import Report
        from modelc.compiler.diagnostics.render.text import text

        return printable_document(text(Report(self.problems, self.sources))).rstrip()


@dataclass(eq=False, repr=False)
class PlanError(Exception):
    """Raised by `plan` methods: what was expected, what was given and how to fix it, without a place.

    `argument` or `slot` names the argument or input to blame, `entry` the key inside of an argument that is a mapping; the
    caller, which knows the text, finds the place.
    `meant` is the intended value of the argument, and its current value. Of a layer inside another one, `inside` leads from
    the arguments of the outer one to it, and to its argument: `("layer", "dense", "units")`, `("cells", 1, "gru")`.
    """

    message: str
    _: KW_ONLY
    help: str = ""
    note: str = ""
    argument: str = ""
    entry: str = ""
    slot: str = ""
    code: str = "E301"
    meant: tuple[object, object] | None = None
    inside: Path = ()

    def way_in(self) -> Path:
        """From the layer that raised it, the way to what is to blame in its arguments."""
        return self.inside or ((self.argument,) if self.argument else ())


class RunError(Exception):
    """A failure while running a valid spec: data, numbers, files. Printed as `error[code]: message`, with notes and helps below, which
    is its text too; exit code 4.

    `at` is the path in the spec of the value to blame, if there is one. `row` is the row of the data, counted from 0, that the
    message names with the words `in row 3`, where it names one of a source.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        notes: tuple[str, ...] = (),
        helps: tuple[str, ...] = (),
        at: Path = (),
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.row = row
        self.at = at
        self.code = code
        self.message = message
        self.notes = notes
        self.helps = helps

    def __str__(self) -> str:
        lines = (f"{title(self.code)}: {self.message}", *remarks(notes=self.notes, helps=self.helps))
        return "\n".join(inert(printable(line)) for line in lines)

    def replaced(
        self,
        *,
        message: str = "",
        notes: tuple[str, ...] | None = None,
        helps: tuple[str, ...] | None = None,
        at: Path = (),
    ) -> "RunError":
        """The same error, with what is given in place of its own."""
        notes, helps = self.notes if notes is None else notes, self.helps if helps is None else helps
        return RunError(self.code, message or self.message, notes=notes, helps=helps, at=at or self.at, row=self.row)

    def located(self, place: str) -> "RunError":
        """The same error with the `place` of its row in the files of the data, where there is one: `line 5 of 'a.csv'`."""
        if not place or self.row is None:
            return self
        words = rf"in row {self.row}(?!\d)"
        return self.replaced(message=re.sub(words, lambda found: f"{found[0]}, {place}", self.message, count=1))

    def of_row(self, row: int | None) -> "RunError":
        """The same error about another `row`, which its message then names: the rows it was raised for are some of the data."""
        if row is None or self.row is None:
            return self
        words = rf"in row {self.row}(?!\d)"
        message = re.sub(words, f"in row {row}", self.message, count=1)
        return RunError(self.code, message, notes=self.notes, helps=self.helps, at=self.at, row=row)

    def placed(self, at: Path) -> "RunError":
        """The same error with its place in the spec, unless it already has one."""
        return self if self.at else self.replaced(at=at)

    def problem(self, place: Place) -> Problem:
        """The same as a `Problem`, at the place in a spec that `at` refers to."""
        return Problem(self.code, self.message, Label(place), self.notes, self.helps, path=self.at)


class AbsentFile(RunError):
    """E405 for the file at `path`, which is not there: an error for what reads it, and none for what looks at files that are."""

    def __init__(self, path: str, message: str = "", *, helps: tuple[str, ...] = (), at: Path = ()) -> None:
        super().__init__("E405", message or f"there is no file {path!r}", helps=helps, at=at)
        self.path = path

    def placed(self, at: Path) -> "AbsentFile":
        return self if self.at else AbsentFile(self.path, self.message, helps=self.helps, at=at)


class PluginError(RunError):
    """A plug-in that cannot be used. The fault is on the command line or in the call that enables it, not in a spec."""

    def __init__(self, message: str, *, notes: tuple[str, ...] = (), helps: tuple[str, ...] = ()) -> None:
        super().__init__("E605", message, notes=notes, helps=helps)


def need(
    condition: bool,
    message: str,
    *,
    help: str = "",
    note: str = "",
    argument: str = "",
    slot: str = "",
    code: str = "E301",
    meant: tuple[object, object] | None = None,
) -> None:
    """Raise a `PlanError` unless `condition` holds."""
    if not condition:
        raise PlanError(message, help=help, note=note, argument=argument, slot=slot, code=code, meant=meant)
