"""Specs to change by `--set`, and what comes of it."""

from typing import Any

from modelc.compiler.api import Checked, check
from modelc.compiler.diagnostics.problem import SETTING, Problem
from modelc.compiler.overrides.apply import override
from modelc.compiler.syntax.document import Document, read
from tests.places import words_at

SPEC = """\
modelc: 1
model:
  inputs: {image: {shape: [8, 8]}}
  layers:
    - flatten
    - dense: {units: 32, activation: relu}
    - relu
    - dense: 16
    - dense: 10
      name: digit
data:
  source: digits
  targets: {digit: {category: label}}
  validation: 0.2
train:
  loss: cross_entropy
  optimizer: adam
  metrics: [accuracy]
  epochs: 5
"""
GRAPH = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes:
    a: {from: x, layers: [dense: 3, relu]}
    b: {from: [a, x], concatenate: -1}
    c: {from: b, dense: 1}
  outputs: [c]
"""


def document(text: str) -> Document:
    found, problems = read(text, "spec.yaml")
    assert found is not None and not problems
    return found


def changed(*settings: str, text: str = SPEC) -> Any:
    """The data of `text` with `settings` carried out, none of them refused."""
    found, problems = override(document(text), settings)
    assert not problems
    return found.data


def refused(setting: str, text: str = SPEC) -> Problem:
    """The one problem with a setting, which must stand in the argument."""
    _, (problem,) = override(document(text), [setting])
    assert problem.label.place.file == SETTING
    return problem


def caret(setting: str, problem: Problem) -> str:
    return words_at(setting, problem.label.place)


def checked(*settings: str, text: str = SPEC) -> Checked:
    found = check(text, "spec.yaml", settings)
    for problem in found.problems:
        assert problem.label.place.file in found.sources
    return found
