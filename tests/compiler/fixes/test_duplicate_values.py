"""Keys that stand twice: mistakes in both values show, and what follows from the choice of one does not."""

import json

import pytest

from modelc.compiler.api import check

MODEL = (
    "model:\n  inputs: {x: {shape: [8, 8]}}\n  layers: [flatten, {dense: {units: 10, activation: softmax}, name: y}]\n"
)
DATA = "data:\n  source: digits\n  inputs: {x: {array: image}}\n  targets: {y: {category: label}}\n  validation: 0.2\n"
TRAIN = "train:\n  loss: cross_entropy\n  optimizer: adam\n  epochs: 5\n"


def codes(text: str) -> list[str]:
    return sorted(problem.code for problem in check(f"modelc: 1\n{text}", "spec.yaml").problems)


@pytest.mark.parametrize(
    ("line", "twice", "more"),
    [
        ("  optimizer: adam\n", "  optimizer: {adam: {lr: 0.1}}\n", ["E102"]),
        ("  optimizer: adam\n", "  optimizer: adamm\n", ["E101"]),
        ("  optimizer: adam\n", "  optimizer: sgd\n", []),
        ("  epochs: 5\n", "  epochs: -3\n", ["E106"]),
        ("  loss: cross_entropy\n", "  loss: cross_entropi\n", ["E101"]),
        ("  source: digits\n", "  source: {npz: 3}\n", ["E105"]),
        ("  validation: 0.2\n", "  validation: {first: -1}\n", ["E106"]),
        ("  inputs: {x: {array: image}}\n", "  inputs: {x: {array: {colum: image}}}\n", ["E102"]),
        ("  inputs: {x: {shape: [8, 8]}}\n", "  inputs: {x: {shape: [8, a]}}\n", ["E105"]),
        ("  layers: [", "  layers: [dens: 8]\n  layers: [", ["E101"]),
        ("  layers: [", "  layers: [dense: 8]\n  layers: [", []),
        ("train:\n", "train: {loss: cross_entropi, optimizer: sgd}\ntrain:\n", ["E101"]),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_mistakes_in_both_values_are_found_and_no_others(line: str, twice: str, more: list[str], first: bool) -> None:
    text = MODEL + DATA + TRAIN
    assert codes(text) == [] and text.count(line) == 1
    if twice.endswith(line):
        text = text.replace(line, twice)
    else:
        text = text.replace(line, f"{twice}{line}" if first else f"{line}{twice}")
    assert codes(text) == sorted(["E003", *more])


def test_what_is_wrong_in_any_case_shows() -> None:
    text = (
        MODEL.replace("  layers", "  layers: [dense: 8]\n  layers")
        + DATA.replace("image", "imag")
        + TRAIN.replace("adam", "adm")
    )
    assert codes(text) == ["E003", "E101", "E401"]


def test_so_it_is_in_json() -> None:
    spec = json.dumps({"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": [{"dense": 3}]}})
    text = spec.replace('"layers": [', '"layers": [{"dens": 8}], "layers": [')
    assert sorted(problem.code for problem in check(text, "spec.json").problems) == ["E003", "E101"]


def test_the_order_of_entries_of_both_mappings_stays() -> None:
    text = MODEL.replace("  layers", "  inputs: {z: {shape: [2]}}\n  layers") + DATA + TRAIN
    assert "E003" in codes(text)


def test_two_nodes_of_one_name_are_not_one_node() -> None:
    nodes = "    h: {from: x, dense: 8}\n    h: {from: h, relu}\n    y: {from: h, dense: 1}\n"
    text = f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n{nodes}  outputs: [y]\n"
    (problem,) = check(text, "spec.yaml").problems
    assert problem.code == "E003" and problem.helps == ("give one of the two another name",)
