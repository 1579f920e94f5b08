"""`${...}`: what it computes, against Python itself, and that it computes nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.language.expressions.evaluator import MAX_LENGTH, Names, compute
from modelc.compiler.language.expressions.operations import ExpressionError
from tests.compiler.expansion.specs import CHAIN, checked, layers, only

NAMES: dict[str, Any] = {
    "dim": 12,
    "rate": 0.5,
    "deep": True,
    "act": "relu",
    "sizes": [8, 16],
    "by_name": {"small": 3},
}


def value(text: str) -> Any:
    return compute(text, Names(NAMES.__getitem__))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 * dim", 48),
        ("dim // 5", 2),
        ("dim / 5", 2.4),
        ("dim % 5", 2),
        ("2 ** 3", 8),
        ("-dim + 1", -11),
        ("min(dim, 8)", 8),
        ("max(dim, 8, 20)", 20),
        ("dim if deep else 1", 12),
        ("1 if dim < 10 else 2", 2),
        ("0 < dim <= 12", True),
        ("deep and not dim == 3", True),
        ("act == 'relu'", True),
        ("act", "relu"),
        ("sizes[1]", 16),
        ("by_name.small", 3),
        ("true", True),
        ("'a text'", "a text"),
        ("int(7.9)", 7),
        ("int(-7.9)", -7),
        ("floor(-7.1)", -8),
        ("ceil(7.1)", 8),
        ("abs(-dim)", 12),
        ("abs(-rate)", 0.5),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("round(-0.5)", 0),
        ("round(2.675, 2)", 2.67),
        ("int(32 * rate)", 16),
        ("sum(sizes)", 24),
        ("sum([])", 0),
        ("len(sizes)", 2),
        ("len(by_name) + len(act)", 5),
        ("max(sizes)", 16),
        ("min([dim])", 12),
        ("[dim, 2 * dim]", [12, 24]),
        ("[sizes, [rate]]", [[8, 16], [0.5]]),
        ("[4, 8][-1]", 8),
        ("sizes[-2]", 8),
        ("sizes[1:] + [dim]", [16, 12]),
        ("sizes[:-1]", [8]),
        ("[dim] == [12]", True),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected and type(found) is type(expected)


numbers = st.integers(-50, 50) | st.floats(-50, 50, allow_nan=False).map(lambda number: round(number, 3))
formulas = st.recursive(
    numbers.map(str),
    lambda inner: st.builds(
        lambda left, op, right: f"({left} {op} {right})", inner, st.sampled_from(["+", "-", "*", "//", "/", "%"]), inner
    ),
    max_leaves=6,
)


@given(formulas)
def test_arithmetic_is_that_of_python(text: str) -> None:
    try:
        expected = eval(text)  # the oracle: numbers and operators that the strategy wrote
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="zero"):
            compute(text, Names(NAMES.__getitem__))
        return
    assert compute(text, Names(NAMES.__getitem__)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "dim.__class__",
        "[x for x in sizes]",
        "lambda: 1",
        "open('a')",
        "min(*sizes)",
        "min(dim)",
        "f'{dim}'",
        "(x := 3)",
        "dim @ 2",
        "dim << 2",
        "dim is 3",
        "sizes[-3]",
        "sizes[2]",
        "sizes[::2]",
        "sizes[1.0:]",
        "sizes * 3",
        "sum(1, 2)",
        "sum(dim)",
        "sum([act])",
        "len(dim)",
        "int('3')",
        "int(deep)",
        "round(dim, -1)",
        "round(dim, rate)",
        "abs(1, 2)",
        "max([])",
        "min(dim, act)",
        "len(x=sizes)",
        "math.floor(rate)",
        "[" + "1," * 240 + "] + " + "[" + "1," * 120 + "]",
        "[[[[[[[[[1]]]]]]]]]",
        "shape(x)[0]",
        "classes(x)",
        "vocabulary(x)",
        "sizes[deep]",
        "{1: 2}",
        "2 ** 65",
        "9 ** 60",
        "10.0 ** 60 * 10.0 ** 60 * 10.0 ** 60 * 10.0 ** 60 * 10.0 ** 60 * 10.0 ** 60",
        "(-8) ** 0.5",
        "dim and deep",
        "1 if dim else 2",
        "dim + act",
        "deep + 1",
        "dim < act",
        "4 *",
        "",
        "$dim",
        "1e400",
        "~dim",
        "None",
        "1" + " + 1" * MAX_LENGTH,
        "not " * 100 + "1",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        value(text)


@pytest.mark.parametrize(("text", "value"), [("dim // rate", 24), ("dim // 5.0", 2), ("7 // 2", 3), ("-7 // 2", -4)])
def test_a_quotient_without_rest_is_a_whole_number(text: str, value: int) -> None:
    result = compute(text, Names(NAMES.__getitem__))
    assert result == value and isinstance(result, int)


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("${\uff57 + 1}", "`\uff57` is not a name", "letters a to z"),
        ("${ÿ}", "`ÿ` is not a name", "letters a to z"),
        ("${3 if w == null else 2}", "`null` is not allowed in expressions", "compare"),
        ("${s * 2}", '`"3"` is not a number', "write it without quotes"),
        ("$vars.w", "there is no variable `vars`", "write `$w`"),
    ],
)
def test_what_is_no_part_of_an_expression_is_answered(text: str, message: str, help: str) -> None:
    problem = only(f'vars: {{w: 6, s: "3", t: [$w, $s]}}\n{CHAIN}    - dense: "{text}"\n    - dense: $w\n')
    assert message in problem.message and help in problem.helps[0]


@pytest.mark.parametrize("text", ["${32 * 0.5}", "${33 * 0.5}", "${w * 0.5}"])
def test_a_float_where_an_integer_is_wanted_is_answered_with_what_makes_one(text: str) -> None:
    # Not with the number itself, which would be another one as soon as the variable is.
    problem = only(f'vars: {{w: 32}}\n{CHAIN}    - dense: $w\n    - dense: "{text}"\n')
    assert "`int(...)`" in problem.helps[0] and "`//`" in problem.helps[0] and problem.suggestion is None


@pytest.mark.parametrize(
    ("text", "help"),
    [("math.ceil(w)", "`ceil(...)`"), ("sqrt(w)", "`x ** 0.5`"), ("pow(w, 2)", "`x ** y`"), ("log(w)", "`floor`")],
)
def test_functions_of_python_that_there_are_not_are_answered(text: str, help: str) -> None:
    problem = only(f'vars: {{w: 32}}\n{CHAIN}    - dense: $w\n    - dense: "${{{text}}}"\n')
    assert problem.code == "E207" and help in problem.helps[0]


def test_a_list_is_the_value_of_an_expression() -> None:
    text = f'vars: {{w: 2}}\n{CHAIN}    - reshape: "${{[w, w]}}"\n    - permute: {{dims: "${{[-1] + [-w]}}"}}\n'
    found = layers(text)
    assert (found["reshape"].shape, found["permute"].dims) == ((2, 2), (-1, -2))


def test_a_whole_number_that_is_divided_is_answered_with_the_right_division() -> None:
    text = f'vars: {{w: 6}}\nblocks: {{B: {{params: {{n: int}}, layers: [dense: "${{n / 2}}"]}}}}\n{CHAIN}'
    for item in ('dense: "${w / 2}"', 'B: "${w / 2}"', "B: 4"):
        found = [problem for problem in checked(f"{text}    - {item}\n").problems if problem.is_error]
        name = "n" if item == "B: 4" else "w"
        assert [f'`"${{{name} // 2}}"`' in problem.helps[0] for problem in found] == [True]


def test_variables_that_double_each_other_are_over_the_budget_at_once() -> None:
    doubled = ", ".join(f"v{place}: [$v{place + 1}, $v{place + 1}]" for place in range(26))
    for item in ('dense: "${1 if v0 == v0 else 2}"', "B: {m: $v0}"):
        text = f"vars: {{{doubled}, v26: 3}}\nblocks: {{B: {{params: {{m: ints}}, layers: [relu]}}}}\n{CHAIN}    - {item}\n"
        assert [problem.code for problem in checked(text).errors] == ["E005"]
