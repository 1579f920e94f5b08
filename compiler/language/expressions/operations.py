"""What expressions compute with values: operators, functions, and entries of lists and mappings. Every size is bounded."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import indexed
from modelc.compiler.syntax.scalars import FLOAT

LARGEST = 2**63
LARGEST_EXPONENT = 64
LARGEST_LIST = 1_000
"""Values in one list."""
DEEPEST_LIST = 8
"""Lists inside each other."""

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda one, other: int(one // other),
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
QUICK: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
"""The operators that never fail for two integers, but by the size of what they give."""
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
NOT_OPERATORS = {ast.BitXor: "^", ast.BitAnd: "&", ast.BitOr: "|", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@"}
"""Operators of Python that expressions do not have."""
OF_ONE_NUMBER: Mapping[str, Callable[[Any], Any]] = {"abs": abs, "ceil": math.ceil, "floor": math.floor, "int": int}
OF_SEVERAL: Mapping[str, Callable[[list[Any]], Any]] = {"max": max, "min": min}
FUNCTIONS = tuple(sorted((*OF_ONE_NUMBER, *OF_SEVERAL, "len", "round", "sum")))
COUNTS = ("classes", "vocabulary")
"""Functions of what the data declares for an input or target."""
NAMED = ("shape", *COUNTS)
"""Functions of a name: of something in the model or in the data, not of a value."""
MOST_SHOWN = 80
MOST_DIGITS = 15
"""Digits behind the point that `round` keeps."""


class ExpressionError(Exception):
    """An expression that cannot be evaluated: why, and how to fix it."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UnknownFunction(ExpressionError):
    """A call of what is none of the `known` functions, and nothing that others call so."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"`{name}` is not a function", f"functions are {', '.join(f'`{one}`' for one in known)}")
        self.name = name
        self.known = known


def shown(node: ast.AST) -> str:
    """A part of an expression for a message, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def arithmetic(node: ast.BinOp, left: Any, right: Any) -> Any:
    operation = ARITHMETIC.get(type(node.op))
    if operation is None:
        symbol = NOT_OPERATORS[type(node.op)]
        raise ExpressionError(f"`{symbol}` is not an operator", "operators are + - * / // % and `**` for powers")
    if type(left) is not int or type(right) is not int:
        if isinstance(node.op, ast.Add) and isinstance(left, list) and isinstance(right, list):
            return check_size(left + right)
        for value in (left, right):
            if not is_number(value):
                help = "write it without quotes" if isinstance(value, str) and FLOAT.fullmatch(value) else ""
                raise ExpressionError(f"`{format_value(value)}` is not a number", help)
    if operation is operator.pow and abs(right) > LARGEST_EXPONENT:
        raise ExpressionError(f"the exponent {right} is above {LARGEST_EXPONENT}")
    try:
        return check_size(operation(left, right))
    except ZeroDivisionError:
        raise ExpressionError(f"`{shown(node)}` divides by zero") from None
    except OverflowError:
        raise ExpressionError(f"`{shown(node)}` is too large") from None


def check_size(value: Any, depth: int = 0) -> Any:
    """`value`. Raises ExpressionError if it is too large, not a real number, or nested too deeply."""
    if type(value) is int and -LARGEST < value < LARGEST:
        return value
    if isinstance(value, list):
        if len(value) > LARGEST_LIST:
            raise ExpressionError(f"a list has more than {LARGEST_LIST:,} values")
        if depth == DEEPEST_LIST:
            raise ExpressionError(f"more than {DEEPEST_LIST} lists are nested")
        for item in value:
            check_size(item, depth + 1)
        return value
    # An integer of hundreds of digits has no float to ask whether it is finite.
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, complex) or (isinstance(value, int | float) and not (is_finite and abs(value) < LARGEST)):
        raise ExpressionError("the result is not a finite number below 2**63")
    return value


def unary(node: ast.UnaryOp, value: Any) -> Any:
    if isinstance(node.op, ast.Not):
        return not truth(value)
    if isinstance(node.op, ast.Invert) or not is_number(value):
        raise ExpressionError(f"`{shown(node)}` cannot be computed")
    return -value if isinstance(node.op, ast.USub) else value


def truth(value: Any) -> bool:
    """`value` as a condition: only booleans are."""
    if not isinstance(value, bool):
        raise ExpressionError(f"`{format_value(value)}` is not a condition", "compare it with something, as in `n > 0`")
    return value


def holds(node: ast.Compare, op: ast.cmpop, left: Any, right: Any) -> bool:
    """Whether `left` compares to `right` as the part `op` of `node` says."""
    if type(op) not in COMPARISONS:
        message = f"`{shown(node)}` is not allowed in expressions"
        raise ExpressionError(message, "comparisons are == != < <= > and >=")
    try:
        return COMPARISONS[type(op)](left, right)
    except TypeError:
        raise ExpressionError(f"`{format_value(left)}` and `{format_value(right)}` cannot be compared") from None


def call(name: str, values: list[Any]) -> Any:
    """What the function `name`, one of `FUNCTIONS`, gives for `values`."""
    first: Any = values[0] if values else None
    if name in OF_SEVERAL:
        numbers = first if len(values) == 1 and isinstance(first, list) else values
        if not numbers or (len(numbers) < 2 and numbers is values) or not all(map(is_number, numbers)):
            raise ExpressionError(f"`{name}` takes at least two numbers, or a list of numbers")
        return OF_SEVERAL[name](numbers)
    if name == "sum":
        if len(values) != 1 or not isinstance(first, list) or not all(map(is_number, first)):
            raise ExpressionError("`sum` takes a list of numbers", "for example `${sum([a, b])}`")
        return check_size(sum(first))
    if name == "len":
        if len(values) != 1 or not isinstance(first, list | dict | str):
            raise ExpressionError("`len` takes a list", "for example `${len(widths)}`")
        return len(first)
    if name == "round" and len(values) == 2:
        digits = values[1]
        if not is_number(first) or not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
            message = f"`round` takes a number, and how many digits behind the point to keep, from 0 to {MOST_DIGITS}"
            raise ExpressionError(message)
        return round(first, digits)
    if len(values) != 1 or not is_number(first):
        got = f"`{format_value(first)}`" if len(values) == 1 else f"{len(values)} values"
        raise ExpressionError(f"`{name}` takes one number, got {got}")
    return check_size(round(first) if name == "round" else OF_ONE_NUMBER[name](first))


def no_function(name: str) -> ExpressionError:
    """The error for a call of what is no function."""
    last = name.rpartition(".")[2]
    known = sorted({*FUNCTIONS, *NAMED})
    help = ""
    what = name.rpartition(".")[0]
    if what and last in ("dim", "ndim", "shape", "size"):
        help = f"a size of it is `shape({what})[-1]`"
    elif last in ("channels", "dim", "features", "ndim", "size", "units", "width"):
        help = "for the last size of `x` write `shape(x)[-1]`"
    elif last in FUNCTIONS:
        help = f"write `{last}(...)`"
    elif last == "sqrt":
        help = "a square root is `x ** 0.5`"
    elif last == "pow":
        help = "a power is `x ** y`"
    if not help:
        return UnknownFunction(name, known)
    return ExpressionError(f"`{name}` is not a function", help)


def entry(node: ast.Subscript | ast.Attribute, value: Any, key: Any) -> Any:
    """An entry of a list or a mapping, or a part of a list: `sizes[0]`, `sizes[-1]`, `sizes[1:]`, `sizes.small`."""
    if isinstance(key, bool):
        raise ExpressionError(f"`{shown(node)}` is not an entry")
    if isinstance(value, list) and isinstance(key, slice):
        return value[key]
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return value[key]
    help = ""
    if isinstance(value, list) and isinstance(key, int):
        help = f"it has {indexed(len(value))}; from the end they are counted from -1" if value else "it has none"
    name = shown(node.value)
    raise ExpressionError(f"`{name}` has no entry {format_value(key) if is_number(key) else key}", help)


def format_value(value: Any) -> str:
    if isinstance(value, str) and FLOAT.fullmatch(value):
        return f'"{value}"'
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:40]
