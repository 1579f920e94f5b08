"""What of the problems with a spec merely follows from another, and is not told.

What is wrong with a variable or the body of a block is told for the first of its uses. What is gone once the certain cures
are carried out followed from what they are for: the spec is checked again with them. A name that is defined and used
nowhere, where a slip of it is used more than once and defined nowhere, is wrong where it is defined: that is told, and not
its uses.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from modelc.compiler.diagnostics.problem import Label, Meant, Place, Problem
from modelc.compiler.diagnostics.render.order import where
from modelc.compiler.fixes.text_edits import Text, apply, judged, named, settle, without_conflicts, words

Check = Callable[[Mapping[str, str]], Sequence[Problem]]
"""Checks the spec again, with other texts for some of its files, by name."""
WRONG_VALUES = ("E105", "E106")
"""What is wrong with a value by itself, and so with what is computed with it."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A definition whose name is misspelt, and the uses of the right one, which are problems now."""

    definition: Problem
    uses: tuple[Problem, ...]


def told(problems: Sequence[Problem], sources: Mapping[str, str], check: Check) -> tuple[Problem, ...]:
    """What is told of the `problems` that a check found in `sources`; those whose cure is beyond doubt have their fix."""
    found = once(problems)
    if all(problem.meant is None for problem in found):
        return found
    return without_followers(settle(found, sources), sources, check)


def once(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """`problems` with what is wrong with a variable or the body of a block told once, for the first of its uses."""
    first: dict[tuple[str, Place, str], Problem] = {}
    others: Counter[tuple[str, Place, str]] = Counter()
    for problem in problems:
        # What is said of a wrong value, or of names that lead nowhere, may name the use that it is said of.
        text = problem.label.text if problem.code.startswith("E2") else problem.message
        text = "" if problem.code in WRONG_VALUES and problem.related else text
        key = (problem.code, problem.label.place, text)
        others[key] += key in first
        first.setdefault(key, problem)
    wrong = {problem.label.place: problem for problem in first.values() if problem.code in WRONG_VALUES}
    return tuple(
        replace(problem, notes=(*problem.notes, f"the same in {count} other use{'s' if count > 1 else ''} of it"))
        if (count := others[key])
        else problem
        for key, problem in first.items()
        if problem.code not in WRONG_VALUES or not is_computed(problem, wrong)
    )


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


def without_followers(problems: Sequence[Problem], sources: Mapping[str, str], check: Check) -> tuple[Problem, ...]:
    """`problems`, of which those with a certain cure have their fix, without those that go when these are carried out."""
    slips = list(misspelt_definitions(problems, sources))
    uses = {id(use) for slip in slips for use in slip.uses}
    definitions = [slip.definition for slip in slips]
    blamed = [problem for problem in problems if id(problem) not in uses]
    left = cured([*blamed, *definitions], definitions, sources, check) if slips else None
    return left or cured(problems, [], sources, check) or tuple(problems)


def cured(
    problems: Sequence[Problem], needed: Sequence[Problem], sources: Mapping[str, str], check: Check
) -> tuple[Problem, ...] | None:
    """`problems` without those that go with the cures of others; None where there are none, or one of the `needed` is no cure."""
    agreed = set(without_conflicts(problem.fix for problem in problems if problem.fix is not None))
    fixed = [problem for problem in problems if problem.fix in agreed]
    # Some of them may be no cures, and those that are may be what these follow from.
    while fixed and (needed or len(problems) > 1) and all(problem in fixed for problem in needed):
        left, failed = after_cures(fixed, problems, sources, check)
        if left is not None:
            return left
        fixed = [problem for problem in fixed if problem not in failed] if failed else []
    return None


def after_cures(
    fixed: Sequence[Problem], before: Sequence[Problem], sources: Mapping[str, str], check: Check
) -> tuple[tuple[Problem, ...] | None, list[Problem]]:
    """`before` without what is gone once those of it that are `fixed` are carried out; None, and which cure nothing, where
    these are no cures."""
    fixes = list(dict.fromkeys(problem.fix for problem in fixed if problem.fix is not None))
    texts = {}
    for name in {edit.place.file for fix in fixes for edit in fix.edits}:
        texts[name], _ = apply(sources[name], [fix for fix in fixes if fix.edits[0].place.file == name])
    after = once(check(texts))
    good, failed = judged(fixed, before, after)
    if not good:
        return None, failed
    old, now = (Counter((problem.code, problem.message) for problem in found) for found in (before, after))
    # What is told in other words now may be the same.
    reworded = {code for code, message in now if not old[code, message]}
    left = tuple(
        problem
        for problem in before
        if problem in fixed or now[problem.code, problem.message] or problem.code in reworded
    )
    return left, []


def misspelt_definitions(problems: Sequence[Problem], sources: Mapping[str, str]) -> Iterator[Slip]:
    """The names that stand once in all texts, where several problems ask for one that they are a slip of."""
    asked: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        names = named(problem.meant) if problem.meant is not None and problem.is_error else None
        if names is not None:
            asked.setdefault(names, []).append(problem)
    texts: dict[str, Text] = {}
    for (used, defined), uses in asked.items():
        found = [(name, match.start()) for name, text in sources.items() for match in words(defined, text)]
        if len({use.label.place for use in uses}) < 2 or len(found) != 1:
            continue
        name, index = found[0]
        text = texts.setdefault(name, Text(name, sources[name]))
        place = text.scalar_at(index)
        if place is None or any(other.label.place == place for other in problems if other.is_error):
            continue
        meant = Meant(place, defined, used)
        fix = text.fix(meant)
        if fix is not None:
            first = min(uses, key=where)
            problem = Problem(
                first.code,
                f"`{defined}` is used nowhere, and `{used}`, which is used, is not defined",
                Label(place, f"the only `{defined}`"),
                helps=(f"did you mean `{used}`?",),
                related=(Label(first.label.place, f"`{used}` is used here"),),
                meant=meant,
                fix=fix[0],
            )
            yield Slip(problem, tuple(uses))
