"""Suppresses cascading errors: problems that only exist because of another one.

What is wrong with a variable or the body of a block is reported for the first of its uses. What is gone once the safe
fixes are carried out followed from what they are for: the spec is checked again with them. A name that is defined and
used nowhere, where a typo of it is used more than once and defined nowhere, is wrong where it is defined: that is
reported, and not its uses.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from modelc.compiler.diagnostics.limit import limited
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Label, Place, Problem, Suggestion
from modelc.compiler.diagnostics.render.order import where
from modelc.compiler.fixes.fix_session import Check, CheckResult, FixSession, fixable
from modelc.compiler.fixes.text_edits import ParsedText, attach_fixes, names_in, words
from modelc.compiler.fixes.work import OutOfWork

WRONG_VALUES = ("E105", "E106")
"""What is wrong with a value by itself, and so with what is computed with it."""
UNUSED_DEFINITION = "W909"
DUPLICATE = "E003"
Misspelt: TypeAlias = tuple[Problem, Sequence[Problem]]
"""The problem with a definition whose name is misspelt, and those with the uses of the right name."""


def suppress_cascading(found: CheckResult, check: Check) -> tuple[Problem, ...]:
    """The problems `found` without cascading errors; those whose fix is safe have it."""
    problems = without_mentioned(merge_uses(without_duplicates(found.problems)), found.sources)
    shown = limited(problems)
    if len(shown) != len(problems) or any(problem.omitted is not None for problem in shown):
        # Which of so many follow from others would take too long to find out.
        return attach_fixes(shown, found.sources)
    if all(problem.suggestion is None for problem in problems):
        return problems

    def check_again(texts: Mapping[str, str]) -> CheckResult:
        after = check(texts)
        problems = merge_uses(without_duplicates(after.problems))
        return replace(after, problems=without_mentioned(problems, after.sources))

    problems = attach_fixes(problems, found.sources)
    misspelt = list(misspelt_definitions(problems, found.sources))
    uses = {id(use) for _, wrong in misspelt for use in wrong}
    definitions = tuple(definition for definition, _ in misspelt)
    blamed = (*(problem for problem in problems if id(problem) not in uses), *definitions)
    for candidates, required in ((blamed, definitions), (problems, ())) if misspelt else ((problems, ()),):
        if len(candidates) == 1 and not required:
            continue
        session = FixSession(check_again, replace(found, problems=candidates))
        try:
            attempt = session.without_failed(fixable(candidates), required)
        except OutOfWork:
            return problems
        if attempt is not None and attempt.holds:
            return attempt.remaining(candidates)
    return problems


def without_duplicates(problems: Sequence[Problem]) -> Sequence[Problem]:
    """`problems` without duplicate keys of what must not be a mapping: two layers of one type are right in a list."""
    if all(problem.code != DUPLICATE for problem in problems):
        return problems
    wrong = {(problem.label.place.file, problem.path) for problem in problems if problem.code == WRONG_VALUES[0]}
    return [
        problem
        for problem in problems
        if problem.code != DUPLICATE or (problem.label.place.file, problem.path[:-1]) not in wrong
    ]


def merge_uses(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """`problems` with what is wrong with a variable or the body of a block reported once, for the first of its uses."""
    first: dict[tuple[str, Place, str], Problem] = {}
    others: Counter[tuple[str, Place, str]] = Counter()
    for problem in problems:
        # What is reported of a wrong value, or of unresolved names, may name the use that it is about.
        text = problem.label.text if problem.code.startswith("E2") else problem.message
        text = "" if problem.code in WRONG_VALUES and problem.related else text
        key = (problem.code, problem.label.place, text)
        others[key] += problem.uses - (key not in first)
        first.setdefault(key, problem)
    wrong = {problem.label.place: problem for problem in first.values() if problem.code in WRONG_VALUES}
    return tuple(
        replace(problem, notes=(*problem.notes, f"also in {counted(count, 'other use')} of it"))
        if (count := others[key])
        else problem
        for key, problem in first.items()
        if problem.code not in WRONG_VALUES or not is_computed(problem, wrong)
    )


def without_mentioned(problems: tuple[Problem, ...], sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """`problems` without warnings of unused definitions whose names stand where an error is: they may be meant there."""
    errors = [problem.label.place for problem in problems if problem.is_error]
    unused = [problem for problem in problems if problem.code == UNUSED_DEFINITION]
    if not unused or not errors:
        return problems
    lines = {name: text.splitlines() for name, text in sources.items()}
    wrong = [(place.file, number) for place in errors for number in range(place.line, place.end_line + 1)]
    mentioned = set()
    for problem in unused:
        place = problem.label.place
        at = (place.file, place.line)
        name = "".join(lines.get(place.file, ())[place.line - 1 : place.line])[place.column - 1 : place.end_column - 1]
        found = (
            (here, match.start() + 1)
            for here in wrong
            for line in lines.get(here[0], ())[here[1] - 1 : here[1]]
            for match in words(name, line)
        )
        if name and any(one != (at, place.column) for one in found):
            mentioned.add(id(problem))
    return tuple(problem for problem in problems if id(problem) not in mentioned)


def is_computed(problem: Problem, wrong: Mapping[Place, Problem]) -> bool:
    """Whether the value that `problem` is about is computed with others, of which one is `wrong` by itself."""
    waiting, seen = [problem], {problem.label.place}
    while waiting:
        current = waiting.pop()
        below = [wrong[label.place] for label in current.related if label.place in wrong]
        if not below and current is not problem:
            return True
        waiting += [other for other in below if other.label.place not in seen]
        seen |= {other.label.place for other in below}
    return False


def misspelt_definitions(problems: Sequence[Problem], sources: Mapping[str, str]) -> Iterator[Misspelt]:
    """The names that stand once in all texts, where several problems ask for one that they are a typo of."""
    asked: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        names = names_in(problem.suggestion) if problem.suggestion is not None and problem.is_error else None
        if names is not None:
            asked.setdefault(names, []).append(problem)
    texts: dict[str, ParsedText] = {}
    for (used, defined), uses in asked.items():
        found = [(name, match.start()) for name, text in sources.items() for match in words(defined, text)]
        if len({use.label.place for use in uses}) < 2 or len(found) != 1:
            continue
        name, index = found[0]
        text = texts.setdefault(name, ParsedText(name, sources[name]))
        place = text.scalar_at(index)
        if place is None or any(other.label.place == place for other in problems if other.is_error):
            continue
        suggestion = Suggestion(defined, used, f"did you mean `{used}`?", is_safe=True, place=place)
        fix = text.fix(suggestion)
        if fix is not None:
            first = min(uses, key=where)
            message = f"`{defined}` is never used, but `{used}` is used and not defined"
            related = (Label(first.label.place, f"`{used}` is used here"),)
            label = Label(place, f"`{defined}` occurs only here")
            problem = Problem(first.code, message, label, helps=(suggestion.help,), related=related)
            problem = replace(problem, suggestion=suggestion, fix=fix[0])
            yield problem, uses
