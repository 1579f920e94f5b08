"""What `modelc validate --fix` does to files: fixes one problem after the other, in memory, and then writes or shows it.

A fix stays only if a check says that its problem is gone and that nothing came in its place.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.cli.console import write

if TYPE_CHECKING:
    from modelc.compiler.api import Checked
    from modelc.compiler.errors import Fix, Problem

STDIN = "<stdin>"
MOST = 1000
"""Fixes of one spec, so that it ends whatever they do to each other."""

Check = Callable[[Mapping[str, str]], "Checked"]
"""Checks one spec, with the texts of these files, by real path, in the place of what is on the disk."""


@dataclass(slots=True)
class Fixed:
    """The files that were fixed, by real path: their texts before and now, and how many fixes went into them."""

    before: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def changed(self) -> list[str]:
        return [name for name, text in self.texts.items() if text != self.before[name]]

    def line(self, would: bool) -> str:
        """`fixed 3 in 2 files`; empty where nothing was."""
        total, files = sum(self.counts.values()), len(self.changed())
        if not files:
            return ""
        return f"{'would fix' if would else 'fixed'} {total} in {files} file{'' if files == 1 else 's'}"


def real(name: str) -> str:
    """What identifies the file that messages call `name`."""
    return name if name == STDIN else os.path.realpath(name)


def fix(check: Check, given: Sequence[str], fixed: Fixed) -> "Checked":
    """Fix what can be fixed of one spec, in the files `given` (real paths) only; what a check then says of it."""
    from modelc.compiler.fixing import apply, is_cure

    checked = check(fixed.texts)
    refused: set[tuple[str, str, Fix]] = set()
    for _ in range(MOST):
        for problem, change in fixable(checked.problems):
            (name,) = {edit.place.file for edit in change.edits}
            at, key = real(name), (problem.code, problem.message, change)
            if at not in given or key in refused:
                continue
            text, _ = apply(checked.sources[name], [change])
            after = check({**fixed.texts, at: text})
            if is_cure(problem, checked.problems, after.problems):
                fixed.before.setdefault(at, checked.sources[name])
                fixed.texts[at] = text
                fixed.counts[at] = fixed.counts.get(at, 0) + 1
                checked = after
                break
            refused.add(key)
        else:
            break
    return checked


def confirmed(check: Check, checked: "Checked", texts: Mapping[str, str]) -> "Checked":
    """`checked` with those fixes only that a check says are some."""
    from modelc.compiler.fixing import apply, is_cure

    def holds(problem: "Problem", change: "Fix") -> bool:
        (name,) = {edit.place.file for edit in change.edits}
        text, _ = apply(checked.sources[name], [change])
        return is_cure(problem, checked.problems, check({**texts, real(name): text}).problems)

    good = {id(problem) for problem, change in fixable(checked.problems) if holds(problem, change)}
    problems = (problem if id(problem) in good else replace(problem, fix=None) for problem in checked.problems)
    return replace(checked, problems=tuple(problems))


def fixable(problems: Sequence["Problem"]) -> "Iterator[tuple[Problem, Fix]]":
    """The problems with a fix, in order, but for those that want different texts at one place."""
    from modelc.compiler.fixing import without_conflicts
    from modelc.compiler.render import in_order

    agreed = set(without_conflicts(problem.fix for problem in problems if problem.fix))
    for problem in in_order(problems):
        if problem.fix in agreed and problem.fix is not None:
            yield problem, problem.fix


def write_fixed(fixed: Fixed) -> None:
    """Put what was fixed on the disk, each file at once as a whole. Raises RunError E604."""
    from modelc.runtime.files import rewrite, writing

    for name in fixed.changed():
        if name == STDIN:
            continue
        path = Path(name)
        with writing(path):
            data = path.read_bytes()
        mark = "\ufeff" if data.startswith("\ufeff".encode()) else ""
        before, after = (mark + text for text in (fixed.before[name], fixed.texts[name]))
        rewrite(path, before.encode("utf-8"), after.encode("utf-8"))


def show_difference(fixed: Fixed, names: Mapping[str, str]) -> None:
    """Print what fixing would change as a unified diff; `names` are the files as the user calls them, by real path."""
    from difflib import unified_diff

    from modelc.compiler.render.printable import printable

    for name in fixed.changed():
        before, after = (text.splitlines(keepends=True) for text in (fixed.before[name], fixed.texts[name]))
        called = names.get(name, name)
        for line in unified_diff(before, after, called, called):
            # A terminal obeys what a patch has to hold as it is.
            shown = printable(line.rstrip("\n")) if sys.stdout.isatty() else line.removesuffix("\n")
            write(shown + ("\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"))
