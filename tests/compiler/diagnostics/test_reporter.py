"""Every step reports problems through one collector, which keeps the suggestions that a tool may write."""

import pytest

from modelc.compiler.diagnostics.problem import Label, Omitted, Place, Problem, Suggestion
from modelc.compiler.diagnostics.reporter import ProblemCollector, Span, omitted_problem

HERE, THERE = Place("spec.yaml", 2, 3, 2, 7), Place("spec.yaml", 5, 1, 5, 4)


@pytest.mark.parametrize("is_safe", [True, False])
def test_a_problem_keeps_its_suggestion_if_it_is_safe(is_safe: bool) -> None:
    collector = ProblemCollector()
    suggestion = Suggestion("dens", "dense", "did you mean `dense`?", is_safe)
    collector.report("E101", "unknown", Span(HERE, ("model",)), help="read the list", suggestion=suggestion)
    (problem,) = collector.problems
    assert (problem.label, problem.path, problem.helps) == (Label(HERE), ("model",), ("did you mean `dense`?",))
    kept = problem.suggestion
    assert (kept is not None, None if kept is None else kept.place) == (is_safe, HERE if is_safe else None)


def test_the_help_is_for_where_nothing_is_suggested() -> None:
    collector = ProblemCollector()
    collector.report("E101", "unknown", Span(HERE), help="read the list", note="", suggestion=Suggestion("dens"))
    (problem,) = collector.problems
    assert (problem.helps, problem.notes, problem.suggestion) == (("read the list",), (), None)


def test_what_is_removed_and_needed_twice_is_reported_once() -> None:
    collector = ProblemCollector()
    for use in (HERE, Place("spec.yaml", 9, 1, 9, 2)):
        collector.report_removed("E201", "`x`", THERE, Span(use))
    (problem,) = collector.problems
    assert (problem.label.place, [label.place for label in problem.related]) == (THERE, [HERE])


def test_the_use_of_what_is_known_is_counted_and_takes_no_room() -> None:
    collector = ProblemCollector()
    collector.room = 1
    for message, key in (("a", 1), ("a again", 1), ("b", 2), ("b again", 2)):
        collector.collect_once(Problem("E101", message, Label(HERE)), key)
    assert [(problem.message, problem.uses) for problem in collector.problems] == [("a", 2)]
    assert collector.omitted == {"E101": 2}


@pytest.mark.parametrize(
    ("omitted", "message"),
    [
        (Omitted((("E101", 1),)), "there is 1 more problem in this file than are shown"),
        (Omitted((("E101", 1),), at_least=True), "there is at least 1 more problem in this file than are shown"),
        (Omitted((("E101", 2), ("W901", 3))), "there are 5 more problems in this file than are shown"),
    ],
)
def test_what_is_not_shown_is_counted_in_words(omitted: Omitted, message: str) -> None:
    assert omitted_problem(omitted, "spec.yaml").message == message
