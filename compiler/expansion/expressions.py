"""Evaluates expressions, `${...}`: arithmetic, comparisons, `min`, `max` and `x if c else y` on variables.

They are parsed by Python's grammar and evaluated here: nothing is ever run as code, and every size is bounded. Knows
nothing of documents.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from typing import Any

from pydantic_core import PydanticCustomError

from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.syntax.scalars import FLOAT

MAX_LENGTH = 500
LARGEST = 2**63
LARGEST_EXPONENT = 64

Lookup = Callable[[str], Any]
"""Returns the value of a variable. Raises whatever the caller wants to catch."""

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda one, other: int(one // other),
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
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
FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max}


class ExpressionError(Exception):
    """An expression that cannot be evaluated: why, and how to fix it."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def compute(text: str, lookup: Lookup) -> Any:
    """The value of the expression `text`: an int, float, bool or string, or an entry of a variable.

    Raises ExpressionError, and what `lookup` raises.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has more than {MAX_LENGTH} characters", "define parts of it in `vars`")
    if "$" in text:
        raise ExpressionError("unexpected `$` inside the braces", "write the name alone: `${name}`")
    try:
        with warnings.catch_warnings():
            # Python warns of `1if c else 2`.
            warnings.simplefilter("error", SyntaxWarning)
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        place = re.search(r"([A-Za-z_]\w*)\.(\d+)", text)
        help = (
            f"in expressions, an entry of a list is `{place[1]}[{place[2]}]`" if place else "for example `${4 * dim}`"
        )
        raise ExpressionError(f"`{text.strip()}` is not an expression", help) from None
    if not text.isascii():
        need_plain_names(tree, text.strip())
    try:
        return visit(tree.body, lookup)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply", "define parts of it in `vars`") from None


def need_plain_names(tree: ast.AST, text: str) -> None:
    """Raise ExpressionError for names with letters beyond ASCII, some of which Python would normalize."""
    for node in ast.walk(tree):
        written = ast.get_source_segment(text, node) if isinstance(node, ast.Name | ast.Attribute) else None
        if written is not None and not written.isascii():
            raise ExpressionError(f"`{written}` is not a name", "names consist of the letters a to z, digits and `_`")


def visit(node: ast.expr, lookup: Lookup) -> Any:
    """The value of one node of the tree."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        word = str(node.value)
        raise ExpressionError(f"`{word}` is not a boolean here", f"write `{word.lower()}`")
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return check_size(node.value)
    if isinstance(node, ast.Name) and node.id in ("null", "None"):
        raise ExpressionError(f"`{node.id}` is not allowed in expressions", "compare numbers, strings or booleans")
    if isinstance(node, ast.Name):
        return {"true": True, "false": False}[node.id] if node.id in ("true", "false") else number(lookup(node.id))
    if isinstance(node, ast.Subscript | ast.Attribute):
        return number(entry(node, lookup))
    if isinstance(node, ast.BinOp):
        return arithmetic(node, visit(node.left, lookup), visit(node.right, lookup))
    if isinstance(node, ast.UnaryOp):
        return unary(node, visit(node.operand, lookup))
    if isinstance(node, ast.BoolOp):
        return boolean(node, lookup)
    if isinstance(node, ast.Compare):
        return compare(node, lookup)
    if isinstance(node, ast.IfExp):
        return visit(node.body if truth(visit(node.test, lookup)) else node.orelse, lookup)
    if isinstance(node, ast.Call):
        return call(node, lookup)
    raise ExpressionError(
        f"`{ast.unparse(node)}` is not allowed in expressions",
        "use numbers, names, + - * / // % **, comparisons, and, or, not, min, max and `x if c else y`",
    )


def number(value: Any) -> Any:
    """`value`, but a ratio such as `1/255` as a number; a ratio by zero is not a number."""
    with suppress(PydanticCustomError):
        return read_ratio(value)
    return value


def arithmetic(node: ast.BinOp, left: Any, right: Any) -> Any:
    if type(node.op) not in ARITHMETIC:
        symbol = NOT_OPERATORS[type(node.op)]
        raise ExpressionError(f"`{symbol}` is not an operator", "operators are + - * / // % and `**` for powers")
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int | float):
            help = "write it without quotes" if isinstance(value, str) and FLOAT.fullmatch(value) else ""
            raise ExpressionError(f"`{format_value(value)}` is not a number", help)
    if isinstance(node.op, ast.Pow) and abs(right) > LARGEST_EXPONENT:
        raise ExpressionError(f"the exponent {right} is above {LARGEST_EXPONENT}")
    try:
        return check_size(ARITHMETIC[type(node.op)](left, right))
    except ZeroDivisionError:
        raise ExpressionError(f"`{ast.unparse(node)}` divides by zero") from None
    except OverflowError:
        raise ExpressionError(f"`{ast.unparse(node)}` is too large") from None


def check_size(value: Any) -> Any:
    """`value`. Raises ExpressionError if it is too large or not a real number."""
    # An integer of hundreds of digits has no float to ask whether it is finite.
    is_finite = not isinstance(value, float) or isfinite(value)
    if isinstance(value, complex) or (isinstance(value, int | float) and not (is_finite and abs(value) < LARGEST)):
        raise ExpressionError("the result is not a finite number below 2**63")
    return value


def unary(node: ast.UnaryOp, value: Any) -> Any:
    if isinstance(node.op, ast.Not):
        return not truth(value)
    if isinstance(node.op, ast.Invert) or isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"`{ast.unparse(node)}` cannot be computed")
    return -value if isinstance(node.op, ast.USub) else value


def boolean(node: ast.BoolOp, lookup: Lookup) -> bool:
    values = (truth(visit(part, lookup)) for part in node.values)
    return all(values) if isinstance(node.op, ast.And) else any(values)


def truth(value: Any) -> bool:
    """`value` as a condition: only booleans are."""
    if not isinstance(value, bool):
        raise ExpressionError(f"`{format_value(value)}` is not a condition", "compare it with something, as in `n > 0`")
    return value


def compare(node: ast.Compare, lookup: Lookup) -> bool:
    left = visit(node.left, lookup)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = visit(right_node, lookup)
        if type(op) not in COMPARISONS:
            message = f"`{ast.unparse(node)}` is not allowed in expressions"
            raise ExpressionError(message, "comparisons are == != < <= > and >=")
        try:
            if not COMPARISONS[type(op)](left, right):
                return False
        except TypeError:
            raise ExpressionError(f"`{format_value(left)}` and `{format_value(right)}` cannot be compared") from None
        left = right
    return True


def call(node: ast.Call, lookup: Lookup) -> Any:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in FUNCTIONS or node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
        raise ExpressionError(f"`{name}` is not a function", "functions are `min` and `max`")
    values = [visit(part, lookup) for part in node.args]
    if len(values) < 2 or any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        raise ExpressionError(f"`{name}` takes at least two numbers")
    return FUNCTIONS[name](*values)


def entry(node: ast.Subscript | ast.Attribute, lookup: Lookup) -> Any:
    """An entry of a variable that is a list or a mapping: `sizes[0]`, `sizes.small`."""
    value = visit(node.value, lookup)
    key: Any = node.attr if isinstance(node, ast.Attribute) else visit(node.slice, lookup)
    if isinstance(key, bool):
        raise ExpressionError(f"`{ast.unparse(node)}` is not an entry")
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return value[key]
    raise ExpressionError(f"`{ast.unparse(node.value)}` has no entry {key}")


def format_value(value: Any) -> str:
    if isinstance(value, str) and FLOAT.fullmatch(value):
        return f'"{value}"'
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:40]
