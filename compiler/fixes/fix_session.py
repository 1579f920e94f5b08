"""Tries fixes in memory: carries some out, checks the spec again, and keeps those that a check confirms.

A fix is good where its problem is gone and nothing came in its place. As many as can be are tried together: one after the
other, a spec full of mistakes would take time with their square.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

from modelc.compiler.diagnostics.problem import Fix, Problem
from modelc.compiler.diagnostics.render.order import in_order, where
from modelc.compiler.fixes.text_edits import EditedText, apply_fixes, without_conflicts
from modelc.compiler.fixes.work import OutOfWork, cost_of, limited_work, spend
from modelc.compiler.language.suggestions.spelling import distance

MAX_ROUNDS = 1000
"""Rounds of fixes for one spec, so that it ends whatever they do to each other."""
FREE_ATTEMPTS = 2
"""Attempts to fix a spec of any size: one to find the fixes that fail by themselves, and one without these."""
NEAR = 4
"""So many letters differ between names of which none is a typo of the other."""
Identity: TypeAlias = tuple[str, str, int, int]
"""What tells a problem from others, before and after a fix: its code, and the file, line and column where it begins."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of a spec found, in the texts that it read, by the names that messages have for them."""

    problems: tuple[Problem, ...]
    sources: Mapping[str, str]
    values: int = 0
    """Keys and values that the spec came to, which say what a check costs."""


Check: TypeAlias = Callable[[Mapping[str, str]], CheckResult]
"""Checks a spec again, with other texts for some of its files, by the names that messages have for them."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The fixes of some `problems` carried out together: the files they changed, and a check of these.

    `holds` says whether all could be carried out and took their problems away; `failed` has the problems whose fixes are
    none by themselves. `moved` has the problems from before, by where they would be now.
    """

    problems: Sequence[Problem]
    edited: Mapping[str, EditedText]
    after: CheckResult
    moved: Mapping[Identity, int]
    holds: bool
    failed: Sequence[Problem]

    @property
    def texts(self) -> Mapping[str, str]:
        return {name: edited.text for name, edited in self.edited.items()}

    def remaining(self, problems: Sequence[Problem]) -> tuple[Problem, ...]:
        """Those of the `problems` from before that are still there, or may be, found at another place."""
        now = {identity(problem) for problem in self.after.problems}
        elsewhere = {code for code, *at in now if (code, *at) not in self.moved}
        return tuple(
            problem
            for problem in problems
            if problem in self.problems or problem.code in elsewhere or identity(problem, self.edited) in now
        )


class FixSession:
    """Attempts to fix problems of the spec that `checked` is about."""

    def __init__(self, check: Check, checked: CheckResult) -> None:
        self.check = check
        self.checked = checked

    def attempt(self, problems: Sequence[Problem]) -> Attempt:
        """Carry out the fixes of `problems` together. Raises OutOfWork."""
        fixes = dict.fromkeys(problem.fix for problem in problems if problem.fix is not None)
        edited = {
            name: apply_fixes(self.checked.sources[name], [fix for fix in fixes if file_of(fix) == name])
            for name in dict.fromkeys(map(file_of, fixes))
        }
        spend(cost_of(self.checked.sources, self.checked.values))
        after = self.check({name: one.text for name, one in edited.items()})
        moved = Counter(identity(problem, edited) for problem in self.checked.problems)
        now = Counter(map(identity, after.problems))
        wanted = Counter(identity(problem, edited) for problem in problems)
        failed = [problem for problem in problems if not is_fixed(problem, identity(problem, edited), moved, after)]
        complete = sum(one.count for one in edited.values()) == len(fixes)
        holds = complete and not failed and all(now[one] <= moved[one] - count for one, count in wanted.items())
        return Attempt(problems, edited, after, moved, holds, failed)

    def without_failed(self, problems: Sequence[Problem], required: Sequence[Problem] = ()) -> Attempt | None:
        """The attempt with those of `problems` that do not fail by themselves; None without any, or without one `required`."""
        while problems and all(problem in problems for problem in required):
            attempt = self.attempt(problems)
            if attempt.holds or not attempt.failed:
                return attempt
            problems = [problem for problem in problems if problem not in attempt.failed]
        return None

    def successful(self, problems: Sequence[Problem]) -> Iterator[Attempt]:
        """Attempts that hold, with as many of the `problems` in each as can be fixed together."""
        attempt = self.without_failed(problems)
        if attempt is None:
            return
        left = attempt.problems
        if attempt.holds:
            yield attempt
        elif len(left) > 1:
            yield from self.successful(left[: len(left) // 2])
            yield from self.successful(left[len(left) // 2 :])


@dataclass(frozen=True, slots=True)
class FixResult:
    """The files of a spec that were fixed, by name: their texts before and now, and how many fixes went into each."""

    before: Mapping[str, str]
    texts: Mapping[str, str]
    counts: Mapping[str, int]


def fix_spec(check: Check, may_edit: Callable[[str], bool]) -> FixResult:
    """Fix what can be fixed of a spec in the files that `may_edit` allows, by name, as far as its work is limited."""
    checked = check({})
    with limited_work(free=FREE_ATTEMPTS):
        return fix_checked(check, checked, may_edit)


def fix_checked(check: Check, checked: CheckResult, may_edit: Callable[[str], bool]) -> FixResult:
    """`fix_spec` of a spec that is `checked`."""
    before: dict[str, str] = {}
    texts: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for _ in range(MAX_ROUNDS):
        session = FixSession(lambda edited: check({**texts, **edited}), checked)
        found = [one for one in fixable(checked.problems) if one.fix is not None and may_edit(file_of(one.fix))]
        try:
            attempt = next(session.successful(found), None)
        except OutOfWork:
            break
        if attempt is None:
            break
        for name, edited in attempt.edited.items():
            before.setdefault(name, edited.before)
            counts[name] += edited.count
        texts.update(attempt.texts)
        checked = attempt.after
    return FixResult(before, texts, counts)


def verified(check: Check, checked: CheckResult) -> tuple[Problem, ...]:
    """The problems that were found, with those fixes only that a check confirms."""
    good: set[int] = set()
    with limited_work(), suppress(OutOfWork):
        for attempt in FixSession(check, checked).successful(fixable(checked.problems)):
            good |= {id(problem) for problem in attempt.problems}
    return tuple(problem if id(problem) in good else replace(problem, fix=None) for problem in checked.problems)


def fixable(problems: Sequence[Problem]) -> list[Problem]:
    """The problems with a fix, in order, but for those that want different texts at one place."""
    agreed = set(without_conflicts(problem.fix for problem in problems if problem.fix is not None))
    return [problem for problem in in_order(problems) if problem.fix in agreed]


def file_of(fix: Fix) -> str:
    (name,) = {edit.place.file for edit in fix.edits}
    return name


def identity(problem: Problem, edited: Mapping[str, EditedText] | None = None) -> Identity:
    """What tells `problem` from others, once the files that it was found in are `edited`."""
    file, line, column = where(problem)
    if edited and file in edited:
        line, column = edited[file].moved(line, column)
    return problem.code, file, line, column


def is_fixed(problem: Problem, was: Identity, before: Mapping[Identity, int], after: CheckResult) -> bool:
    """Whether the fix of `problem`, called `was` where it stands now, took it away and brought no mistake of spelling.

    `before` is all that was wrong, `after` all that is once the fix is carried out. What the problem hid may show, and what
    can be fixed in turn.
    """
    now = after.problems
    if sum(identity(other) == was for other in now) >= before.get(was, 0):
        return False
    suggestion = problem.suggestion
    assert suggestion is not None
    new = [other for other in now if identity(other) not in before]
    if suggestion.undefined and any(is_left_alone(other, suggestion.undefined, after.sources) for other in new):
        return False
    renamed = (*problem.path[:-1], suggestion.new) if problem.path and problem.path[-1] == suggestion.written else None
    for other in new:
        at_it = identity(other)[1:] == was[1:] if renamed is None else renamed in (other.path, other.path[:-1])
        is_spelling = other.code < "E3" and at_it and suggestion.how != "form" and other.fix is None
        if other.is_error and (other.code.startswith("E0") or is_spelling):
            return False
    return True


def is_left_alone(problem: Problem, given: str, sources: Mapping[str, str]) -> bool:
    """Whether nothing uses something whose name `given` may as well be a typo of."""
    if problem.code not in ("W901", "W902", "W909"):
        return False
    at = problem.label.place
    name = sources[at.file].split("\n")[at.line - 1][at.column - 1 : at.end_column - 1].strip("\"'")
    return distance(given, name, NEAR) < NEAR
