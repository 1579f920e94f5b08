"""What of the problems with a spec merely follows from another: found by carrying out the certain cures and checking again.

A name that is defined and used nowhere, where a slip of it is used more than once and defined nowhere, is wrong where it is
defined: that is told, and not its uses.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelc.compiler.errors import Label, Meant, Problem
from modelc.compiler.fixing import Text, apply, are_cures, without_conflicts, words
from modelc.compiler.render.order import where

Check = Callable[[Mapping[str, str]], Sequence[Problem]]
"""Checks the spec again, with other texts for some of its files, by name."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A definition whose name is misspelt, and the uses of the right one, which are problems now."""

    definition: Problem
    uses: tuple[Problem, ...]


def without_followers(problems: Sequence[Problem], sources: Mapping[str, str], check: Check) -> tuple[Problem, ...]:
    """`problems`, of which those with a certain cure have their fix, without those that go when these are carried out."""
    slips = list(misspelt_definitions(problems, sources))
    if slips:
        uses = {id(use) for slip in slips for use in slip.uses}
        blamed = [problem for problem in problems if id(problem) not in uses]
        left = after_cures([*blamed, *(slip.definition for slip in slips)], sources, check)
        if left is not None:
            return left
    if all(problem.fix is not None for problem in problems):
        return tuple(problems)
    left = after_cures(problems, sources, check)
    return tuple(problems) if left is None else left


def after_cures(before: Sequence[Problem], sources: Mapping[str, str], check: Check) -> tuple[Problem, ...] | None:
    """`before` without what is gone once all its fixes are carried out; None where these are no cures, or none are there."""
    fixed = [problem for problem in before if problem.fix is not None]
    fixes = list(without_conflicts(problem.fix for problem in fixed if problem.fix is not None))
    texts = {}
    for name in {edit.place.file for fix in fixes for edit in fix.edits}:
        texts[name], _ = apply(sources[name], [fix for fix in fixes if fix.edits[0].place.file == name])
    if not texts:
        return None
    after = check(texts)
    if not are_cures(fixed, before, after):
        return None
    old, now = (Counter((problem.code, problem.message) for problem in found) for found in (before, after))
    # What is told in other words now may be the same.
    reworded = {code for code, message in now if not old[code, message]}
    return tuple(
        problem
        for problem in before
        if problem.fix is not None or now[problem.code, problem.message] or problem.code in reworded
    )


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
        if place is None:
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


def named(meant: Meant) -> tuple[str, str] | None:
    """The name that is asked for and not there, and the one that is there and may be a slip of it."""
    old, given = meant.old, meant.given
    if meant.how != "word" or not given or not isinstance(old, str) or old.count(given) != 1:
        return None
    begin, end = old.split(given)
    if not (meant.new.startswith(begin) and meant.new.endswith(end)):
        return None
    return given, meant.new[len(begin) : len(meant.new) - len(end)]
