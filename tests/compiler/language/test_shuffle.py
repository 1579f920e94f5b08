"""What `train.shuffle` takes, and what is said of anything else."""

import json
from typing import Any

import pytest

from modelc.compiler.api import check, load
from modelc.compiler.language.settings import Blocks
from tests.runtime.small import spec


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(True, True), (False, False), ({"blocks": 1}, Blocks(1)), ({"blocks": 100_000}, Blocks(100_000))],
)
def test_rows_are_shuffled_as_it_says(given: Any, wanted: bool | Blocks) -> None:
    task = load(spec(shuffle=given))
    assert task.training is not None
    assert task.training.settings.shuffle == wanted


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ({}, "E104", "write `shuffle: {blocks: 100000}`, or `shuffle: true`"),
        ({"blocks": 0}, "E106", "`blocks` must be at least 1, got 0"),
        ({"blocks": 2.5}, "E105", "`blocks` must be an integer"),
        ({"block": 5}, "E102", "did you mean `blocks`?"),
        ({"blocks": 5, "rows": 5}, "E102", "unknown key `rows` in `shuffle`"),
        (1000, "E105", "or `shuffle: {blocks: 1000}`, by blocks"),
        ([5], "E105", "`shuffle` must be true or false, got a list"),
    ],
)
def test_anything_else_is_one_error(given: Any, code: str, said: str) -> None:
    (problem,) = check(json.dumps(spec(shuffle=given)), "spec.json").errors
    assert problem.code == code
    assert said in "\n".join((problem.message, *problem.helps))


def test_rows_that_carry_a_state_from_batch_to_batch_stay_in_order() -> None:
    layers = [{"reshape": [4, 1]}, {"lstm": {"units": 4, "stateful": "run"}}, {"dense": 3, "name": "y"}]
    (problem,) = check(json.dumps(spec(layers, shuffle={"blocks": 10})), "spec.json").errors
    assert problem.code == "E504" and "write `shuffle: false`" in problem.helps
