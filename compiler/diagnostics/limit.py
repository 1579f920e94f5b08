"""Chooses the problems of a file that are shown where there are more than anybody reads, and counts the rest."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from modelc.compiler.diagnostics.problem import Omitted, Problem
from modelc.compiler.diagnostics.render.order import in_order
from modelc.compiler.diagnostics.reporter import omitted_problem

MAX_SHOWN = 100
"""Problems of one file that are shown."""
MAX_TEXT, MAX_RELATED = 1_000, 100
"""Characters of a message, note or help; further places that belong to one problem."""
OF_EACH = 3
"""So many of each code are among them, wherever in the file they stand."""


def limited(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """`problems` with at most `MAX_SHOWN` of each file, and one that stands for the others of that file."""
    problems = [shortened(problem) for problem in problems]
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.label.place.file, []).append(problem)
    if all(is_small(found) for found in by_file.values()):
        return tuple(problems)
    return tuple(problem for file, found in by_file.items() for problem in of_file(file, found))


def shortened(problem: Problem) -> Problem:
    """`problem` with no text longer than anybody reads: there may be names of thousands of characters, or thousands of them."""
    texts = (problem.message, problem.label.text, *problem.notes, *problem.helps)
    if all(len(text) <= MAX_TEXT for text in texts) and len(problem.related) <= MAX_RELATED:
        return problem
    label = problem.label._replace(text=cut(problem.label.text))
    related = tuple(one._replace(text=cut(one.text)) for one in problem.related[:MAX_RELATED])
    notes, helps = (tuple(map(cut, remarks)) for remarks in (problem.notes, problem.helps))
    return replace(problem, message=cut(problem.message), label=label, notes=notes, helps=helps, related=related)


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def is_small(found: Sequence[Problem]) -> bool:
    return len(found) <= MAX_SHOWN and sum(problem.omitted is not None for problem in found) <= 1


def of_file(file: str, found: Sequence[Problem]) -> Iterator[Problem]:
    """The problems of one file that are shown, and the one that stands for the others."""
    ordered = [problem for problem in in_order(found) if problem.omitted is None]
    shown = chosen(ordered)
    others = Counter(problem.code for problem in ordered if id(problem) not in shown)
    before = [problem.omitted for problem in found if problem.omitted is not None]
    for omitted in before:
        others.update(dict(omitted.counts))
    yield from (problem for problem in ordered if id(problem) in shown)
    if others:
        yield omitted_problem(Omitted(tuple(sorted(others.items())), any(one.at_least for one in before)), file)


def chosen(ordered: Sequence[Problem]) -> set[int]:
    """The ids of the problems that are shown: some of each code, then errors before warnings, as they stand in the file."""
    seen: Counter[str] = Counter()
    ranks: dict[int, tuple[int, int]] = {}
    for place, problem in enumerate(ordered):
        seen[problem.code] += 1
        early = seen[problem.code] <= OF_EACH
        ranks[id(problem)] = (0 if early else 1 if problem.is_error else 2, place)
    return set(sorted(ranks, key=lambda one: ranks[one])[:MAX_SHOWN])
