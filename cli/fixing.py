"""What `modelc validate --fix` does to files: fixes problems in memory, and then writes or shows it.

A fix stays only if a check says that its problem is gone and that nothing came in its place. As many as can be are checked
together: one after the other, a spec full of mistakes would take time with their square.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.cli.console import write
from modelc.cli.targets import STDIN_NAME

if TYPE_CHECKING:
    from modelc.compiler.api import Checked
    from modelc.compiler.diagnostics.problem import Fix, Problem

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
    return name if name == STDIN_NAME else os.path.realpath(name)


def fix(check: Check, given: Sequence[str], fixed: Fixed) -> "Checked":
    """Fix what can be fixed of one spec, in the files `given` (real paths) only; what a check then says of it."""
    checked = check(fixed.texts)
    refused: set[tuple[str, str, Fix]] = set()
    aside: set[tuple[str, str, Fix]] = set()
    most = None
    for _ in range(MOST):
        found = [
            (problem, change)
            for problem, change in fixable(checked.problems)
            if real(file_of(change)) in given and said(problem, change) not in refused | aside
        ][:most]
        if not found:
            if not aside:
                break
            # Others are carried out now, and what was no cure beside them may be one.
            aside, most = set(), None
            continue
        fixes = Attempt(check, checked, fixed.texts, found)
        failed = {said(problem, change) for problem, change in fixes.failed}
        if fixes.holds:
            for name, count in fixes.counts.items():
                fixed.before.setdefault(name, fixes.before[name])
                fixed.counts[name] = fixed.counts.get(name, 0) + count
            fixed.texts |= fixes.texts
            checked, most = fixes.after, None
        elif failed and len(failed) < len(found):
            aside |= failed
        elif failed or len(found) == 1:
            refused |= failed or {said(*found[0])}
            most = None
        else:
            most = len(found) // 2
    return checked


def said(problem: "Problem", change: "Fix") -> "tuple[str, str, Fix]":
    """What tells a problem with its fix from others, before and after a check."""
    return problem.code, problem.message, change


class Attempt:
    """Some fixes of `checked` carried out together: the texts they change by real path, before and after, and a check of them.

    `holds` says whether all could be carried out, and cured what they are for; `failed` has those that are no cures by
    themselves.
    """

    def __init__(
        self, check: Check, checked: "Checked", texts: Mapping[str, str], fixes: "Sequence[tuple[Problem, Fix]]"
    ) -> None:
        from modelc.compiler.fixes.text_edits import apply, judged

        self.before: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        for name in dict.fromkeys(file_of(change) for _, change in fixes):
            changes = dict.fromkeys(change for _, change in fixes if file_of(change) == name)
            self.before[real(name)] = checked.sources[name]
            self.texts[real(name)], self.counts[real(name)] = apply(checked.sources[name], changes)
        self.after = check({**texts, **self.texts})
        good, failed = judged([problem for problem, _ in fixes], checked.problems, self.after.problems)
        self.holds = good and sum(self.counts.values()) == len({change for _, change in fixes})
        self.failed = [one for one in fixes if one[0] in failed]


def file_of(change: "Fix") -> str:
    (name,) = {edit.place.file for edit in change.edits}
    return name


def confirmed(check: Check, checked: "Checked", texts: Mapping[str, str]) -> "Checked":
    """`checked` with those fixes only that a check says are some."""

    def holding(fixes: "Sequence[tuple[Problem, Fix]]") -> "Iterator[tuple[Problem, Fix]]":
        if not fixes:
            return
        attempt = Attempt(check, checked, texts, fixes)
        if attempt.holds:
            yield from fixes
        elif attempt.failed:
            yield from holding([one for one in fixes if one not in attempt.failed])
        elif len(fixes) > 1:
            yield from holding(fixes[: len(fixes) // 2])
            yield from holding(fixes[len(fixes) // 2 :])

    good = {id(problem) for problem, _ in holding(list(fixable(checked.problems)))}
    problems = (problem if id(problem) in good else replace(problem, fix=None) for problem in checked.problems)
    return replace(checked, problems=tuple(problems))


def fixable(problems: Sequence["Problem"]) -> "Iterator[tuple[Problem, Fix]]":
    """The problems with a fix, in order, but for those that want different texts at one place."""
    from modelc.compiler.diagnostics.render import in_order
    from modelc.compiler.fixes.text_edits import without_conflicts

    agreed = set(without_conflicts(problem.fix for problem in problems if problem.fix))
    for problem in in_order(problems):
        if problem.fix in agreed and problem.fix is not None:
            yield problem, problem.fix


def write_fixed(fixed: Fixed) -> None:
    """Put what was fixed on the disk, each file at once as a whole. Raises RunError E604."""
    from modelc.runtime.runs.files import rewrite, writing

    for name in fixed.changed():
        if name == STDIN_NAME:
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

    from modelc.compiler.diagnostics.render.printable import printable

    for name in fixed.changed():
        before, after = (text.splitlines(keepends=True) for text in (fixed.before[name], fixed.texts[name]))
        called = names.get(name, name)
        for line in unified_diff(before, after, called, called):
            # A terminal obeys what a patch has to hold as it is.
            shown = printable(line.rstrip("\n")) if sys.stdout.isatty() else line.removesuffix("\n")
            write(shown + ("\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"))
