"""Explains signs of YAML that stand where a value is wanted: a `?` or `-` alone, and `>8`, which are no values to it."""

import re
from collections.abc import Iterable
from dataclasses import replace

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.syntax.positions import At, nth_line, place
from modelc.compiler.syntax.scalars import NO_KEY

LONE = ("?", "-")
NO_VALUE = "write the value itself, such as a number, or leave it out for its default"
COMPARED = re.compile(r"[>|]\s*=?\s*([-+]?[0-9.]+)\s*(?:#.*)?")
"""A number with the sign of a comparison before it, which begins a string of several lines."""


def no_value(sign: str) -> str:
    """The message about a `sign` that stands alone."""
    return f"`{sign}` is no value in YAML"


def compared_help(written: str) -> str:
    """What to write for `> 8`, which begins a string of several lines; empty for all else."""
    match = COMPARED.fullmatch(written)
    return f"for a number write it alone, `{match[1]}`; put a string in quotes" if match else ""


def with_lone_signs(problems: Iterable[Problem], text: str) -> tuple[Problem, ...]:
    """`problems` with that of a missing key before no `:` said of the `?` that stands there, and no other of the same
    line, which follows from it.
    """
    found: list[Problem] = []
    lines = set[int]()
    for problem in problems:
        at = problem.label.place
        if problem.code == "E002" and at.line in lines:
            continue
        before = nth_line(text, at.line - 1)[: at.column - 1].rstrip(" ,") if problem.message == NO_KEY else ""
        if before.endswith("?"):
            lines.add(at.line)
            label = Label(place(at.file, At(at.line - 1, len(before) - 1)))
            problem = replace(problem, message=no_value("?"), label=label, helps=(NO_VALUE,))
        found.append(problem)
    return tuple(found)
