"""What is planned how often: equal layers with equal inputs once, so that depth costs little to check."""

from typing import Any

import pytest

from modelc.compiler.api import check
from modelc.compiler.library.layers.core.dense import Dense

SPEC = """
modelc: 1
blocks: {Block: {layers: [residual: [{dense: {units: 4, activation: relu}}]]}}
model:
  inputs: {x: {shape: [4]}}
  layers:
    - Block:
      repeat: 20
    - Block
    - dense: {units: 4, activation: relu}
    - dense: {units: 5, activation: relu}
    - dense: {units: 5, activation: relu}
"""


def shapes(text: str) -> dict[str, tuple[int, ...]]:
    checked = check(text, "spec.yaml")
    assert checked.task is not None and not checked.problems
    return {path: plan.params["kernel"].shape for path, plan in checked.task.planned.owned() if plan.params}


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[int, ...]]]:
    """Units and input of each dense layer that is planned from here on."""
    found: list[tuple[int, tuple[int, ...]]] = []
    plan = Dense.plan

    def counting(self: Dense, x: Any) -> Any:
        found.append((self.units, x.shape))
        return plan(self, x)

    monkeypatch.setattr(Dense, "plan", counting)
    return found


def test_equal_layers_with_equal_inputs_are_planned_once(planned: list[Any]) -> None:
    found = shapes(SPEC)
    assert planned == [(4, (4,)), (5, (4,)), (5, (5,))]
    assert len(found) == 24 and [*found.values()].count((4, 4)) == 22


def test_layers_without_a_hash_are_planned_as_others(planned: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    expected, plans = shapes(SPEC), [*planned]
    planned.clear()

    def refused(self: Dense) -> int:
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setattr(Dense, "__hash__", refused)
    assert shapes(SPEC) == expected and planned == plans


def test_a_mistake_is_told_of_each_place_that_makes_it() -> None:
    text = "modelc: 1\nmodel:\n  inputs: {a: {shape: [4], dtype: int32}}\n  nodes:\n"
    text += "    b: {from: a, dense: 3}\n    c: {from: a, dense: 3}\n  outputs: [b, c]\n"
    assert [(problem.code, problem.label.place.line) for problem in check(text, "spec.yaml").problems] == [
        ("E303", 5),
        ("E303", 6),
    ]
