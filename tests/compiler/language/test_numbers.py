"""What is written where a number stands and is none: each is answered with what a number is there."""

import pytest

from modelc.compiler.api import check

CHAIN = (
    "modelc: 1\nvars: {{width: 4}}\nmodel:\n  inputs: {{x: {{shape: [6]}}}}\n  layers:\n    - {}\n    - dense: $width\n"
)
INTEGER, NUMBER = "write an integer, such as `8`", "write a number, such as `0.5` or `1e-3`"
ONE = "a value is one number, no bound and no range: write that number, such as `{}`"
FINITE = "a spec has no infinity and no NaN: "


@pytest.mark.parametrize(
    ("layer", "help"),
    [
        ("dropout: \u00bd", "write `0.5`"),
        ("dense: \u00bd", INTEGER),
        ("dense: \u0665", "write `5`"),
        ("dense: inf", FINITE + INTEGER),
        ("dropout: -NaN", FINITE + NUMBER),
        ("dense: \u221e", FINITE + INTEGER),
        ('dense: ">8"', ONE.format(8)),
        ("dense: >8", ONE.format(8)),
        ('dropout: "<= 0.25"', ONE.format(0.25)),
        ("dense: about 12", ONE.format(12)),
        ("dense: ~12", ONE.format(12)),
        ("dense: 8-16", ONE.format(8)),
        ("dense: 8 or 16", ONE.format(8)),
        ("dropout: 0.1..0.3", ONE.format(0.1)),
        ("dense: ten", "write `10`"),
        ("dense: lots", INTEGER),
        ('dense: "?"', INTEGER),
        ('dropout: ""', NUMBER),
        ("dropout: auto", NUMBER),
        ("dense: true", INTEGER),
        ("dense: {units: null}", INTEGER),
        # What is meant for something else is said before.
        ("dense: width", "write `$width`"),
        ("dense: N", "write a number in place of `N`"),
        ("dense: 16-8", "write `8`"),
        ("dense: 8 // two", "a comment begins with a space and `#`: write `8 # two`"),
        ("dense: 8 // 2", "write `4`"),
        ("dense: 4 // 8", "`4 // 8` is `0`: write the integer that is meant"),
        ("dense: 4 / 8", "`4 / 8` is `0.5`: write the integer that is meant"),
    ],
)
def test_a_value_that_is_no_number_is_answered_with_what_one_is(layer: str, help: str) -> None:
    (problem,) = check(CHAIN.format(layer), "spec.yaml").errors
    assert (problem.code, problem.helps) == ("E105", (help,))


@pytest.mark.parametrize(
    ("argument", "help"),
    [
        ("n: \u00bd", INTEGER),
        ("n: inf", FINITE + INTEGER),
        ('n: ">8"', ONE.format(8)),
        ('n: "${width / 8}"', ('`//` gives an integer: `"${width // 8}"`; so do `int(...)`, `round(...)`, `floor(...)` and `ceil(...)` '
         "of any number; `max(1, ...)` around it makes 1 of 0")),
        ('n: "${2.5 * width + 0.5}"', ("`//` gives an integer: `${a // b}`; so do `int(...)`, `round(...)`, `floor(...)` and "
                                        "`ceil(...)` of any number")),
    ],
)  # fmt: skip
def test_so_is_an_argument_of_a_block(argument: str, help: str) -> None:
    blocks = "blocks: {B: {params: {n: int}, layers: [dense: $n]}}\n"
    (problem,) = check(CHAIN.format(f"B: {{{argument}}}") + blocks, "spec.yaml").errors
    assert problem.helps == (help,)


@pytest.mark.parametrize(
    ("train", "help"),
    [
        ("optimizer: {adam: nan}", FINITE + NUMBER),
        ("optimizer: {adam: {learning_rate: \u00bd}}", "write `0.5`"),
        ('optimizer: {adam: ">0.1"}', ONE.format(0.1)),
        ("epochs: ten", "write `10`"),
        ("batch_size: all", INTEGER),
        ("seed: .nan", "write a finite number; a bound that is to be none is left out"),
    ],
)
def test_so_is_a_number_of_the_training(train: str, help: str) -> None:
    keys = {"loss": "mean_squared_error", "optimizer": "adam", "epochs": "1"}
    key, _, value = train.partition(": ")
    written = ", ".join(f"{name}: {one}" for name, one in {**keys, key: value}.items())
    (problem,) = check(CHAIN.format("relu") + f"train: {{{written}}}\n", "spec.yaml").errors
    assert problem.helps == (help,)


@pytest.mark.parametrize(
    "text",
    [
        CHAIN.format("dense: ?"),
        CHAIN.format("dense: -"),
        CHAIN.format("?"),
        CHAIN.format("dense: {units: ?, activation: relu}"),
        "modelc: 1\nmodel: {inputs: {x: {shape: [?, 4]}}, layers: [dense: 3]}\n",
        "modelc: 1\nmodel: {inputs: {x: {shape: [4, ?]}}, layers: [dense: 3]}\n",
        "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: ?]}\n",
    ],
)
def test_a_sign_that_stands_for_no_value_is_one_error_at_it(text: str) -> None:
    (problem,) = check(text, "spec.yaml").errors
    sign = "-" if "?" not in text else "?"
    line, column = problem.label.place[1:3]
    assert text.splitlines()[line - 1][column - 1] == sign
    assert (problem.code, problem.message) == ("E002", f"`{sign}` is no value in YAML")
    assert problem.helps == ("write the value itself, such as a number, or leave it out for its default",)


@pytest.mark.parametrize("written", ["> 8", ">=8", ">= 8  # at least"])
def test_a_comparison_is_no_string_of_several_lines(written: str) -> None:
    (problem,) = check(CHAIN.format(f"dense: {written}"), "spec.yaml").errors
    assert problem.helps == ("for a number write it alone, `8`; put a string in quotes",)


@pytest.mark.parametrize(
    ("expression", "note", "help"),
    [
        ("${4 // 8}", "`${4 // 8}` is 0", '`"${max(1, 4 // 8)}"`'),
        ("${int(width / 8)}", "`${int(width / 8)}` is 0", '`"${max(1, int(width / 8))}"`'),
        ("${width - 9}", "`${width - 9}` is -5", ""),
        ("${width - 4}", "`${width - 4}` is 0", ""),
        ("${shape(x)[0] // 8}", "`${shape(x)[0] // 8}` is 0: `shape(x)` is [6]", '`"${max(1, shape(x)[0] // 8)}"`'),
    ],
)
def test_an_expression_that_comes_to_nothing_is_shown_with_its_value(expression: str, note: str, help: str) -> None:
    text = CHAIN.format(f'dense: "{expression}"')
    (problem,) = check(text, "spec.yaml").errors
    assert problem.notes == (note,)
    assert problem.helps == ((f"for a size of at least 1 write {help}",) if help else ())
    if help:
        assert not check(text.replace(f'"{expression}"', help.strip("`")), "spec.yaml").problems


@pytest.mark.parametrize("word", ["none", "None", "null", "nil"])
def test_nothing_is_no_number_of_an_expression(word: str) -> None:
    (problem,) = check(CHAIN.format(f'dense: "${{4 // {word}}}"'), "spec.yaml").errors
    assert problem.code == "E207" and "leave the key out" in problem.helps[0] and "vars" not in problem.helps[0]


def test_a_comparison_in_brackets_is_a_number_too() -> None:
    (problem,) = check("modelc: 1\nmodel: {inputs: {x: {shape: [>8, 4]}}, layers: [dense: 3]}\n", "spec.yaml").errors
    assert problem.helps == ("for a number write it alone, `8`; put a string in quotes",)
