"""Indices and ids of segments are checked where they arrive, as ids are, and are integers to the layers that take them."""

import json
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.runtime.data.arriving_integers import check_integers
from modelc.runtime.data.ids import check_ids
from tests.runtime.data.test_ids import LOOK_UP, ROOM, compiled, drawn, refusal

NODES = np.zeros((6, 4, 3), "float32")
EDGES = np.array([[0, 3, 1]] * 6, "int32")


@pytest.mark.parametrize(
    ("node", "room"),
    [({"gather": -2}, 4), ({"segment_sum": 4}, 4), ({"segment_max": 9}, 9)],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_indices_outside_are_refused_in_the_input_that_they_come_from(node: Any, room: int) -> None:
    x = NODES if "gather" in node else NODES[:, :3]
    inputs = {"x": x, "edges": EDGES.copy()}
    task = compiled({"y": {"from": ["x", "edges"], **node}}, inputs, ["y"])
    check_ids(task, inputs)
    inputs["edges"][4, 1] = room
    error = refusal(task, inputs)
    assert error.message == f"`edges` has 1 id outside 0 to {room - 1}, the first is {room} in row 4"
    assert error.notes == (f"`y` has room for {room} ids",) and error.at == ("data", "inputs", "edges")


def test_indices_that_layers_compute_are_checked_with_what_computes_them() -> None:
    inputs = {"x": NODES, "edges": EDGES * 2}
    task = compiled(
        {"half": {"from": "edges", "floor_divide": 2}, "y": {"from": ["x", "half"], "gather": -2}}, inputs, ["y"]
    )
    check_ids(task, inputs)
    inputs["edges"][2, 0] = 8
    assert "`half` has 1 id outside 0 to 3, the first is 4 in row 2" in refusal(task, inputs).message


def test_ids_are_followed_through_what_takes_them_by_indices() -> None:
    words, places = drawn((5,)), np.array([[4, 0]] * 6, "int32")
    inputs = {"words": words, "places": places}
    nodes = {"taken": {"from": ["words", "places"], "gather": -1}, "y": {"from": "taken", "layers": [LOOK_UP]}}
    task = compiled(nodes, inputs, ["y"])
    words[3, 2] = ROOM
    check_ids(task, inputs)
    words[3, 4] = ROOM + 5
    assert refusal(task, inputs).message.endswith(f"the first is {ROOM + 5} in row 3")


def test_a_remainder_is_as_many_ids_as_its_divisor() -> None:
    layers: list[Any] = [{"mod": 100}, {"embedding": {"input_dim": 50, "output_dim": 3}}]
    raw: dict[str, Any] = {"modelc": 1, "model": {"inputs": {"x": {"shape": [4], "dtype": "int32"}}, "layers": layers}}
    (problem,) = check(json.dumps(raw), "spec.json").problems
    assert (problem.code, problem.message) == (
        "E308",
        "`mod` outputs 100 different ids, but `embedding` has room for 50",
    )
    layers[1]["embedding"]["input_dim"] = 100
    assert check(json.dumps(raw), "spec.json").problems == ()


def test_large_integers_are_exact_where_only_places_or_shapes_are_taken_of_them() -> None:
    large = np.full((6, 3), 2**24 + 1, "int32")
    inputs = {"x": NODES, "ids": large}
    nodes = {
        "few": {"from": "ids", "mod": 3},
        "y": {"from": ["x", "few"], "gather": -2},
        "noise": {"from": "ids", "random_normal": 1.0},
        "own": {"from": "ids", "parameter": [2]},
        "rows": {"from": "few", "one_hot": 3},
    }
    check_integers(compiled(nodes, inputs, ["y", "noise", "own", "rows"]), inputs)
