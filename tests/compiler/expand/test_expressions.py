"""`${...}`: what it computes, against Python itself, and that it computes nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.expand.expressions import MAX_LENGTH, ExpressionError, compute

NAMES: dict[str, Any] = {
    "dim": 12,
    "rate": 0.5,
    "deep": True,
    "act": "relu",
    "sizes": [8, 16],
    "by_name": {"small": 3},
}


def value(text: str) -> Any:
    return compute(text, NAMES.__getitem__)


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
            compute(text, NAMES.__getitem__)
        return
    assert compute(text, NAMES.__getitem__) == expected


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
        "sizes[-1]",
        "sizes[2]",
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
