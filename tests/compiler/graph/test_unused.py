"""What goes nowhere: warned of at its name, and never where something else is made of it."""

import pytest

from modelc.compiler.api import check

GRAPH = """\
modelc: 1
model:
  inputs: {{x: {{shape: [4]}}, y: {{shape: [4]}}}}
  nodes:
    {}
  outputs: [out]
"""


@pytest.mark.parametrize(
    ("nodes", "unused"),
    [
        ("a: {from: x, dense: 4}; out: {from: [x, y], add: }", ["a"]),
        ("a: {from: x, layers: [dense: 4, relu]}; out: {from: [x, y], add: }", ["a"]),
        # Its weights are used, though not its value.
        ("a: {from: x, dense: 4}; b: {from: y, share: a}; out: {from: [x, b], add: }", []),
        # What is shared in turn is needed for it, at any depth and wherever that is said.
        ("a: {from: x, dense: 4}; b: {from: y, share: a}; c: {from: x, share: b}; out: {from: [c, y], add: }", []),
        (
            "a: {from: x, dense: 4}; b: {from: y, residual: [share: a]}; c: {from: x, share: b}; out: {from: [c, y], add: }",
            [],
        ),
        # But not where nothing is made of that.
        ("a: {from: x, dense: 4}; b: {from: y, share: a}; out: {from: [x, y], add: }", ["a", "b"]),
    ],
)
def test_nodes_that_go_nowhere(nodes: str, unused: list[str]) -> None:
    found = check(GRAPH.format(nodes.replace("; ", "\n    ")), "spec.yaml").problems
    assert all(problem.code == "W901" for problem in found), found
    assert [problem.message for problem in found] == [f"node `{name}` is not used" for name in unused]


def test_a_name_that_is_none_is_answered_with_those_that_can_be_shared() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n  layers:\n"
        "    - {dense: 4, name: first}\n    - share: q\n    - dens: 4\n    - relu\n"
    )
    problem = next(problem for problem in check(text, "spec.yaml").problems if problem.code == "E201")
    assert problem.notes == ("nodes: first, relu",)
