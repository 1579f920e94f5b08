"""Inputs that are read with more classes than a layer that looks them up has room for."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {{kind: {{shape: [3], dtype: int32}}}}
  nodes: {{y: {{from: kind, layers: [{layers}]}}}}
  outputs: [y]
data:
  source: {{npz: gone.npz}}
  inputs: {{kind: {reader}}}
"""
FOUR = "{category: {column: kind, classes: [flat, house, farm, castle]}}"
OTHERS = "{category: {column: kind, classes: [flat, house, farm], unknown: other}}"


@pytest.mark.parametrize(
    ("layers", "reader", "codes"),
    [
        ("embedding: {input_dim: 3, output_dim: 2}", FOUR, ["W918"]),
        ("embedding: {input_dim: 3, output_dim: 2}", OTHERS, ["W918"]),
        ("embedding: {input_dim: 4, output_dim: 2}", OTHERS, []),
        ('embedding: {input_dim: "${classes(kind)}", output_dim: 2}', FOUR, []),
        ("one_hot: 3", FOUR, ["W918"]),
        ("one_hot: 5", FOUR, []),
        ("embedding: {input_dim: 3, output_dim: 2}", "{category: {column: kind, classes: 4}}", ["W918"]),
        ("embedding: {input_dim: 3, output_dim: 2}", "{category: kind}", []),
        ("embedding: {input_dim: 3, output_dim: 2}", "{array: kind}", []),
        # What stands between may make fewer ids of them, or more.
        ("mod: 3, embedding: {input_dim: 3, output_dim: 2}", FOUR, []),
    ],
)
def test_a_table_with_less_room_than_there_are_classes_is_a_warning(layers: str, reader: str, codes: list[str]) -> None:
    text = SPEC.format(layers=layers, reader=reader)
    assert [problem.code for problem in check(text, "spec.yaml").problems] == codes


def test_it_is_said_once_for_an_input_and_with_both_numbers() -> None:
    layers = "embedding: {input_dim: 3, output_dim: 2}"
    node = f"z: {{from: kind, {layers}}}"
    text = SPEC.format(layers=layers, reader=FOUR).replace("]}}\n  outputs: [y]", f"]}}, {node}}}\n  outputs: [y, z]")
    (problem,) = check(text, "spec.yaml").problems
    assert "room for 3 ids" in problem.message and "4 classes" in problem.message
    assert problem.helps == ('write `"${classes(kind)}"`, or 4, in place of 3',)
