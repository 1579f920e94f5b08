"""The path of an array in place of an initializer, or of a layer's arguments, is one error with what to write."""

import json
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import check


def problems_of(layer: Any) -> Any:
    model = {"inputs": {"x": {"shape": [4]}}, "layers": [layer]}
    return check(json.dumps({"modelc": 1, "model": model}), "spec.json").problems


@pytest.mark.parametrize(
    ("layer", "code", "help"),
    [
        ({"constant": "table.npy"}, "E105", "`constant: {shape: ..., value_initializer: {from_file: table.npy}}`"),
        ({"constant": {"shape": "t.npz"}}, "E105", "`constant: {shape: ..., value_initializer: {from_file: t.npz}}`"),
        ({"parameter": "sub/p.npy"}, "E105", "`parameter: {shape: ..., value_initializer: {from_file: sub/p.npy}}`"),
        ({"dense": "w.npy"}, "E105", "`dense: {units: ..., kernel_initializer: {from_file: w.npy}}`"),
        ({"dense": {"units": 3, "bias_initializer": "b.npz"}}, "E101", "`bias_initializer: {from_file: b.npz}`"),
        ({"constant": {"shape": [2], "value_initializer": "v.npy"}}, "E101", "`value_initializer: {from_file: v.npy}`"),
    ],
)
def test_the_path_of_an_array_is_answered_with_from_file(layer: Any, code: str, help: str) -> None:
    (problem,) = problems_of(layer)
    assert problem.code == code and len(problem.helps) == 1 and help in problem.helps[0]


@pytest.mark.parametrize(
    "layer", [{"flatten": "a.npy"}, {"dense": "a.csv"}, {"dropout": "a.npy"}, {"dense": {"units": 3, "name": "a.npy"}}]
)
def test_other_paths_and_layers_without_weights_are_not(layer: Any) -> None:
    assert all("from_file" not in help for problem in problems_of(layer) for help in problem.helps)


def test_what_is_advised_is_valid(tmp_path: Any) -> None:
    np.save(tmp_path / "w.npy", np.zeros((4, 2)))
    assert not problems_of({"dense": {"units": 2, "kernel_initializer": {"from_file": "w.npy"}}})
