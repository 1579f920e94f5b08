"""Patterns of weights: what they stand for, by a slow oracle, and what is said of those that stand for nothing."""

import random
import re
import time

import pytest

from modelc.compiler.api import check
from modelc.compiler.binding.task import Task
from modelc.compiler.graph.weight_paths import check_pattern, matched, matches, weight_paths
from modelc.compiler.language.suggestions.reporter import Reporter

SPEC = """\
modelc: 1
blocks:
  Unit: {layers: [dense: 4, batch_norm, relu]}
model:
  inputs: {x: {shape: [4]}, y: {shape: [4]}}
  nodes:
    left: {from: x, layers: [Unit: {}, {Unit: {}, repeat: 2, name: deep}]}
    right: {from: y, share: left}
    both: {from: [left, right], add}
    head: {from: both, dense: 1}
  outputs: [head]
"""
SPEC = SPEC.replace("add}", "add: {}}")
PATHS = (
    "left/Unit/dense/kernel",
    "left/Unit/dense/bias",
    "left/Unit/batch_norm/gamma",
    "left/deep/0/dense/bias",
    "left/deep/1/dense/bias",
    "head/kernel",
    "head/bias",
)


def oracle(pattern: str, path: str) -> bool:
    """The same as a regular expression, which tries all."""
    parts = [
        "(?:[^/]+/)*" if part == "**" else re.escape(part).replace(r"\*", "[^/]*") + "/" for part in pattern.split("/")
    ]
    return re.fullmatch("".join(parts) + "(?:[^/]+/)*", path + "/") is not None


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("head", PATHS[5:]),
        ("head/**", PATHS[5:]),
        ("**/bias", (PATHS[1], PATHS[3], PATHS[4], PATHS[6])),
        ("left/deep/*/dense", PATHS[3:5]),
        ("left/*/batch*", PATHS[2:3]),
        ("left/Un", ()),
        ("**/Unit", PATHS[:3]),
        ("**", PATHS),
        ("*/bias", PATHS[6:]),
    ],
)
def test_a_pattern_stands_for_what_it_names_and_all_that_is_inside(pattern: str, found: tuple[str, ...]) -> None:
    assert matched(pattern, PATHS) == found


def test_patterns_stand_for_what_an_expression_that_tries_all_finds() -> None:
    drawn = random.Random(0)

    def draw(parts: list[str]) -> str:
        return "/".join(drawn.choice(parts) for _ in range(drawn.randint(1, 5)))

    pairs = [(draw(["a", "ab", "a*", "*b", "*", "**"]), draw(["a", "ab", "b", "aab"])) for _ in range(3000)]
    expected = [oracle(*pair) for pair in pairs]
    assert [matches(*pair) for pair in pairs] == expected
    assert 500 < sum(expected) < 2500


def test_a_pattern_of_many_stars_is_compared_at_once() -> None:
    begun = time.process_time()
    assert not matches("/".join(["**", "a*a*a*a*a*b"] * 40), "/".join(["a" * 60] * 60))
    assert time.process_time() - begun < 1


@pytest.fixture(scope="module")
def task() -> Task:
    found = check(SPEC, "spec.yaml").task
    assert found is not None
    return found


def test_weights_are_called_by_their_owner_and_name(task: Task) -> None:
    assert weight_paths(task.planned)[:6] == (
        "left/Unit/dense/kernel",
        "left/Unit/dense/bias",
        "left/Unit/batch_norm/gamma",
        "left/Unit/batch_norm/beta",
        "left/deep/0/dense/kernel",
        "left/deep/0/dense/bias",
    )
    assert not [path for path in weight_paths(task.planned) if path.startswith("right")]


@pytest.mark.parametrize(
    ("pattern", "message", "help", "note"),
    [
        ("hed", "`hed` stands for no weight of the model", "did you mean `head`?", ""),
        ("left/Unit/dnse/bias", "stands for no weight", "did you mean `left/Unit/dense/bias`?", ""),
        ("**/bais", "stands for no weight", "did you mean `**/bias`?", ""),
        ("dense", "stands for no weight", "did you mean `**/dense`?", ""),
        ("left.deep.0", "stands for no weight", "did you mean `left/deep/0`?", ""),
        ("right", "stands for no weight", "write `left/Unit/dense`", "has the weights of `left/Unit/dense`"),
        ("both", "stands for no weight", "name a layer that has weights, or remove it", "`both` is there"),
        ("transformer/**", "stands for no weight", "", "at the top are left, head"),
        ("", "the pattern `` is empty", "write `encoder`", ""),
        ("/head", "has an empty part", "write `head`", ""),
        ("left//dense", "has an empty part", "write `left/dense`", ""),
        ("head?", "has '?'", "write `encoder`", ""),
        ("left**", "has `**` beside other characters", "write `encoder`", ""),
    ],
)
def test_a_pattern_that_stands_for_nothing_is_an_error(
    task: Task, pattern: str, message: str, help: str, note: str
) -> None:
    reporter = Reporter(task.spec.document)
    assert not check_pattern(reporter, pattern, ("model",), task.planned)
    (problem,) = reporter.found("spec.yaml")
    assert message in problem.message
    assert help in " ".join(problem.helps)
    assert note in " ".join(problem.notes)


def test_a_pattern_that_stands_for_weights_or_for_given_nodes_is_no_error(task: Task) -> None:
    reporter = Reporter(task.spec.document)
    assert check_pattern(reporter, "**/bias", ("model",), task.planned)
    assert check_pattern(reporter, "both", ("model",), task.planned, [node.path for node in task.planned.graph.nodes])
    assert not reporter.found("spec.yaml")
