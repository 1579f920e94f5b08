"""Specs as texts, and what checking them gives, for the tests of variables and blocks."""

import textwrap
from typing import Any

from modelc.compiler.api import Checked, check
from modelc.compiler.diagnostics.problem import Place, Problem
from tests.places import words_at

HEAD = "modelc: 1\n"


def checked(text: str) -> Checked:
    return check(HEAD + textwrap.dedent(text), "spec.yaml")


def paths(text: str) -> list[str]:
    found = checked(text)
    assert found.task is not None and not found.problems, found.problems
    return [node.path for node in found.task.planned.graph.nodes]


def layers(text: str) -> dict[str, Any]:
    found = checked(text)
    assert found.task is not None and not found.problems, found.problems
    return {node.path: node.layer for node in found.task.planned.graph.nodes}


def only(text: str) -> Problem:
    (problem,) = checked(text).problems
    return problem


def at(text: str, problem: Problem) -> str:
    """What stands at the place of a problem."""
    return words(text, problem.label.place)


def words(text: str, place: Place) -> str:
    return words_at(HEAD + textwrap.dedent(text), place)


CHAIN = "model:\n  inputs: {x: {shape: [4]}}\n  layers:\n"
