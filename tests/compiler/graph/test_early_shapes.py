"""An expression that asks for the shape of a node where none is known yet is answered with its value, and the shape."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
blocks:
  Typed: {{params: {{n: int}}, layers: [dense: $n]}}
model:
  inputs: {{x: {{shape: [8, 8, 3]}}}}
  nodes:
    h: {{from: x, layers: [conv2d: {{filters: 4, kernel_size: 3}}, flatten]}}
    r: {{from: h, layers: [reshape: [12, 12], lstm: 5]}}
    y: {{from: h, {}}}
  outputs: [y, r]
train: {{losses: {{y: mean_squared_error, r: none}}, optimizer: adam, epochs: {}}}
"""


@pytest.mark.parametrize(
    ("layer", "epochs", "value", "note"),
    [
        ('dense: 4, repeat: "${shape(h)[-1] // 12}"', "3", "12", "`shape(h)` is [144]"),
        ('dense: 4, repeat: "${shape(r.state_c)[0] + shape(x)[-1]}"', "3", "8", "`shape(r.state_c)` is [5], `shape(x)` is [8, 8, 3]"),
        ('dense: {units: 3, kernel_initializer: {constant: "${36 / shape(h)[0]}"}}', "3", "0.25", "`shape(h)` is [144]"),
        ('dense: {units: 3, kernel_regularizer: {l2: "${1 / shape(input)[0]}"}}', "3", "0.006944444444444444", "`shape(input)` is [144]"),
        ('parallel: {join: {concatenate: "${shape(r)[0] - 6}"}, branches: {a: [], b: []}}', "3", "-1", "`shape(r)` is [5]"),
        ("dense: 3", '"${shape(r)[-1]}"', "5", "`shape(r)` is [5]"),
        ('dense: 4, repeat: "${shape(x)[-1]}"', "3", "3", "`shape(x)` is [8, 8, 3]"),
    ],
)  # fmt: skip
def test_the_value_and_the_shape_are_named(layer: str, epochs: str, value: str, note: str) -> None:
    text = SPEC.format(layer, epochs)
    (problem,) = check(text, "spec.yaml").errors
    assert problem.label.text == "not known yet"
    assert problem.helps == (f"write its value, `{value}`",) and problem.notes[0] == note
    expression = (layer if "$" in layer else epochs).partition('"')[2].partition('"')[0]
    assert not check(text.replace(f'"{expression}"', value), "spec.yaml").errors


def test_in_a_block_it_is_the_shape_there() -> None:
    inner = '{dense: {units: 2, bias_initializer: {constant: "${1 / shape(h)[-1]}"}}}'
    block = f"  Inner: {{inputs: [a], nodes: {{h: {{from: a, dense: 3}}, o: {{from: h, {inner[1:-1]}}}}}, outputs: [o]}}\nmodel:"
    (problem,) = check(SPEC.format("Inner: ", "3").replace("model:", block), "spec.yaml").errors
    assert problem.helps == ("write its value, `0.3333333333333333`",) and problem.notes[0] == "`shape(h)` is [3]"


def test_an_argument_of_a_block_has_its_own_help_and_the_shape() -> None:
    (problem,) = check(SPEC.format('Typed: "${shape(r)[0] * 2}"', "3"), "spec.yaml").errors
    assert problem.helps[0].startswith("give the parameter a default") and problem.notes == ("`shape(r)` is [5]",)


def test_of_a_node_that_is_wrong_no_shape_is_known() -> None:
    text = SPEC.format('dense: 4, repeat: "${shape(h)[-1] // 12}"', "3").replace("filters: 4", "filtres: 4")
    (problem,) = [one for one in check(text, "spec.yaml").errors if one.code == "E207"]
    assert problem.helps[0].startswith("write its value; once the spec is valid")
