"""Mistakes in both values of a key that stands twice: which of them is to stay is not known, so both are looked at."""

from collections.abc import Sequence

from modelc.compiler.diagnostics.problem import Path, Problem


def duplicates(problems: Sequence[Problem], file: str) -> list[Path]:
    """The paths of keys of a file that stand twice."""
    return [one.path for one in problems if one.code == "E003" and one.label.place.file == file]


def of_both_values(with_first: Sequence[Problem], with_last: Sequence[Problem], file: str) -> tuple[Problem, ...]:
    """The problems of a spec whose check took the first values, and of one that took the last: those in these values, and
    elsewhere those that there are in any case.
    """
    twice = duplicates(with_first, file)
    known, after = {*map(said, with_first)}, {*map(said, with_last)}
    found = [one for one in with_first if said(one) in after or is_below(one.path, twice)]
    # A node that takes the value of its namesake takes its own where there is but one.
    more = [one for one in with_last if said(one) not in known and is_below(one.path, twice) and one.code != "E202"]
    return (*found, *more)


def said(problem: Problem) -> tuple[object, ...]:
    """What a problem says of which place: of a mapping, what is marked may depend on the value that it has."""
    label = problem.label.place
    return problem.code, problem.message, problem.path, label.file, label.line, label.column


def is_below(path: Path, twice: Sequence[Path]) -> bool:
    return any(path[: len(one)] == one for one in twice)
