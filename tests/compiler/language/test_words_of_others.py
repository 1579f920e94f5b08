"""Helps for what people bring along from other languages and tools: loops, numbers, comments, and names without a dollar."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.fixes.cascading_errors import UNUSED_DEFINITION
from modelc.compiler.language.suggestions.foreign_numbers import number_help
from modelc.compiler.language.suggestions.repeat_keys import copies_help, names_of_loops

CHAIN = "modelc: 1\nvars: {{width: 8}}\nmodel:\n  inputs: {{x: {{shape: [6]}}}}\n  layers:\n    - {}\n"


def rounded(expression: str) -> str:
    return f'for a size of at least 1 write `"${{max(1, {expression})}}"`'


def codes(text: str) -> list[str]:
    return [problem.code for problem in check(text, "spec.yaml").problems]


@pytest.mark.parametrize(
    ("text", "of_integers", "of_floats"),
    [
        ("1,000", "write `1000`", "write `1000`, or `1.000` for a fraction"),
        ("1,000,000", "write `1000000`", "write `1000000`"),
        ("12 000", "write `12000`", "write `12000`"),
        ("0,25", "", "write `0.25`"),
        ("0x1F", "write `31`", "write `31`"),
        ("0b101", "write `5`", "write `5`"),
        ("1.5k", "write `1500`", "write `1500`"),
        ("2M", "write `2000000`", "write `2000000`"),
        ("10^-4", "", "write `1e-4`"),
        ("3 x 10^2", "write `300`", "write `3e2`"),
        ("20 steps", "write `20`", "write `20`"),
        ("20 minutes", "", ""),
        ("20;", "write `20`", "write `20`"),
        ("0,25,5", "", ""),
        ("relu", "", ""),
    ],
)
def test_numbers_of_others(text: str, of_integers: str, of_floats: str) -> None:
    assert number_help("int_type", "steps", text) == of_integers
    assert number_help("float_type", "steps", text) == of_floats


@pytest.mark.parametrize(
    ("head", "names", "written"),
    [
        ({"w": [8, 4]}, {"w"}, '`"${[8, 4][i]}"` where `$w` is used'),
        ({"i": [8, 4]}, {"i"}, 'index: n}` and `"${[8, 4][n]}"` where `$i` is used'),
        ("w in [8, 4]", {"w"}, 'times: 2, index: i}` and `"${[8, 4][i]}"` where `$w`'),
        ("w in range(5)", {"w"}, "times: 5, index: w}`"),
        ([8, 4], set(), '`"${[8, 4][i]}"` where the value is used'),
        ({"act": ["relu", "tanh"]}, {"act"}, "`\"${['relu', 'tanh'][i]}\"` where `$act` is used"),
        (3, set(), "times: 3, index: i}`"),
    ],
)
def test_loops_of_templates(head: object, names: set[str], written: str) -> None:
    assert written in copies_help(head)
    assert names_of_loops({"for": head, "dense": 3}, ()) == names


def test_the_copies_that_a_help_writes_are_those_of_the_loop() -> None:
    acts = "dense: {units: 4, activation: \"${['relu', 'tanh'][i]}\"}\n      repeat: {times: 2, index: i}"
    checked = check(CHAIN.format(acts).replace("vars: {width: 8}\n", ""), "spec.yaml")
    assert not checked.problems and checked.task is not None
    layers = [node.layer for node in checked.task.planned.graph.nodes if node.layer is not None]
    assert [type(getattr(layer, "activation", None)).__name__ for layer in layers] == ["Relu", "Tanh"]


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("dense: width", ["E105"]),
        ("dense: \u201c${width}\u201d", ["E105"]),
        ("dense: {units: 3, activation: width}", ["E101"]),
        ("dense: 3.5", [UNUSED_DEFINITION, "E105"]),
        ("dense: widths", [UNUSED_DEFINITION, "E105"]),
        ("relu", [UNUSED_DEFINITION]),
    ],
)
def test_an_unused_variable_is_not_told_where_an_error_names_it(layer: str, told: list[str]) -> None:
    assert codes(CHAIN.format(layer)) == told


@pytest.mark.parametrize(
    ("layer", "cure"),
    [
        ("dense: width // 2", 'write an expression, in quotes: `"${width // 2}"`'),
        ("dense: '{{ width }}'", "write `$width`"),
        ("dense: 64 / 2", "write `32`"),
        ("dropout: 0.1 // a tenth", "a comment begins with a space and `#`: write `0.1 # a tenth`"),
        ("dropout: 0.1# a tenth", "a comment begins with a space and `#`: write `0.1 # a tenth`"),
        ('dense: "${width // 16}"', rounded("width // 16")),
        ("dense: {units: '${3 // 16 + width - 8}'}", rounded("3 // 16 + width - 8")),
        ("dense: {units: '${width - 8}'}", ""),
        ("dense: '8 // 2'", "write `4`"),
        ("dense: [8, 4]", "`units` is one value: write a layer for each, `- dense: 8`, `- dense: 4`"),
    ],
)
def test_a_value_that_is_meant_otherwise_is_answered_with_what_to_write(layer: str, cure: str) -> None:
    [problem] = check(CHAIN.format(layer), "spec.yaml").errors
    assert problem.helps == ((cure,) if cure else ())
