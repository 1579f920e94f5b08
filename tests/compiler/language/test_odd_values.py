"""Values that nobody means: none ends in a traceback, none is taken for something else, and each is told once."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import SETTING

MODEL = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [4]}}}}, layers: [{}]}}\n"
NAMES = "names have letters, digits, `_` and `-`, and begin with a letter or `_`"
TRAIN = "train: {{losses: {{output: {{mean_squared_error: , {}}}}}, optimizer: adam, epochs: 1}}\n"


@pytest.mark.parametrize(
    ("text", "settings", "codes"),
    [
        (MODEL.format("dense: +-5"), [], ["E105"]),
        (MODEL.format(f'dense: "{"9" * 5000}"'), [], ["E105"]),
        (MODEL.format('dropout: inf, dense: "nan"'), [], ["E105", "E105"]),
        ("vars: {m: {a: 1}, l: [1]}\n" + MODEL.format('dense: "${m[l]}"'), [], ["E207"]),
        (MODEL.format('dense: "${3 if True else 4}"'), [], ["E207"]),
        (MODEL.format("null, dense: 3"), ["model.layers.0.dense=5"], []),
        (MODEL.format("[relu], dense: 1"), ["model.layers.0.name=q"], ["E105"]),
        (MODEL.format("5, dense: 1"), ["model.layers.0.name=q"], ["E105"]),
        ("vars: 1\n" + MODEL.format("dense: 3"), ["model.layers.0.dense.units=3"], ["E105"]),
        ("blocks: 5\n" + MODEL.format("dense: 3"), ["model.layers.0.dense.units=3"], ["E105"]),
        (MODEL.format("dense: 3"), ["blocks.B={use: nosuch.yaml}"], ["E102"]),
        (MODEL.format("dense: 3"), ["blocks={B: {use: nosuch.yaml}}"], ["E102"]),
        (MODEL.format("dense: 3") + TRAIN.format("weight: 1e999/1e999"), [], ["E105"]),
        (MODEL.format("dense: 3") + TRAIN.format("weight: 1e300/1e-300"), [], ["E105"]),
        (MODEL.format("dense: 3") + TRAIN.format("mask: , target: "), [], ["E105", "E105"]),
        ("vars: {w: 3}\n" + MODEL.format('dense: "${2 * w}"'), ["model.layers.0.dense.use_bias=false"], []),
        ("blocks: {name: {layers: [relu]}}\n" + MODEL.format("{dense: 3, name: q}"), [], ["E110"]),
        ("vars: {rate: 1/2}\n" + MODEL.format('dropout: "${min(rate, 1)}", rescaling: "${-rate}"'), [], []),
        (
            "vars: {cfg: {units: 3}}\n"
            "blocks: {B: {params: {units: int, width: $cfg.units}, layers: [dense: $width, dense: $units]}}\n"
            + MODEL.format("B: 4"),
            [],
            [],
        ),
    ],
)
def test_each_is_told_once(text: str, settings: list[str], codes: list[str]) -> None:
    assert [problem.code for problem in check(text, "spec.yaml", settings).errors] == codes


def test_what_is_set_hides_no_place_of_what_is_not() -> None:
    text = MODEL.format("zero_padding2d: [[1, 2], [3, -4]]").replace("[4]", "[4, 4, 2]")
    found = check(text, "spec.yaml", ["model.layers.0.zero_padding2d.padding.0.1=-7"]).errors
    places = [(problem.label.place.file, problem.label.place.column) for problem in found]
    assert sorted(places) == [(SETTING, 43), ("spec.yaml", text.splitlines()[1].index("-4") + 1)]


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("-1", ["`indices_or_sections` must be at least 1, got -1"]),
        ("a", ["`indices_or_sections` must be an integer, got the string `a`"]),
        ("[1, -2]", ["every value of `indices_or_sections` must be at least 1, got -2"]),
        ("[1.5]", ["every value of `indices_or_sections` must be an integer, got the number `1.5`"]),
    ],
)
def test_a_number_or_a_list_of_them_is_wrong_once(value: str, messages: list[str]) -> None:
    assert [problem.message for problem in check(MODEL.format(f"split: {value}"), "spec.yaml").errors] == messages


def test_a_block_that_nothing_uses_names_what_is_there() -> None:
    text = "blocks: {A: {inputs: [x], nodes: {o: {from: z, dense: 3}}, outputs: [o, q]}}\n" + MODEL.format("relu")
    assert [problem.message for problem in check(text, "spec.yaml").errors] == ["unknown node `z`", "unknown node `q`"]


def test_an_output_may_be_called_as_what_others_write_for_a_type() -> None:
    text = (
        "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, nodes: {kind: {from: x, dense: 3}, price: {from: x, dense: 1}}, "
        "outputs: [kind, price]}\n"
        "train: {loss: {kind: cross_entropy, price: mean_squared_error}, optimizer: adam, epochs: 1}\n"
    )
    assert all(
        "is written with its name as the key" not in problem.message for problem in check(text, "spec.yaml").problems
    )


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("0", "remove the quotes"),
        ("8", "remove the quotes"),
        ("-3", "remove the quotes"),
        ("0.5", "remove the quotes"),
        ("+5", "write `5`"),
        ("007", "write `7`"),
        ("1_000", "write `1000`"),
    ],
)
def test_a_number_in_quotes_is_answered_with_the_number(text: str, cure: str) -> None:
    (problem,) = check(MODEL.format(f'dense: "{text}"'), "spec.yaml").errors
    assert problem.helps == (cure,) and f'the string `"{text}"`' in problem.message


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        (MODEL.format("dense: 10^3"), "write `1000`"),
        (MODEL.format("dense: 2.5*10^1"), "write `25`"),
        (MODEL.format("dense: 2^5"), "write `32`"),
        (MODEL.format("dropout: 1*10^-1"), "write `1e-1`"),
        (MODEL.format("dropout: 10**-2"), "write `1e-2`"),
        (MODEL.format("dropout: 5%"), "write `0.05` for 5%"),
        (MODEL.format("{dropout: '0,5'}"), "write `0.5`"),
        (MODEL.format("{dense: '1,024'}"), "write `1024`"),
        (MODEL.format("dense: {units: 8, kernel_regularizer: None}"), "to have none, remove `kernel_regularizer`"),
        (MODEL.format("{dense: 8, name: the last one}"), f"write `the_last_one`: {NAMES}"),
    ],
)  # fmt: skip
def test_a_value_as_people_write_it_is_answered_with_how_it_is_written(text: str, cure: str) -> None:
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == (cure,)
