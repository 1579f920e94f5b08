"""Evaluates expressions, `${...}`: arithmetic, comparisons, functions, lists and `x if c else y` on variables.

They are parsed by Python's grammar and evaluated here: nothing is ever run as code, and every size is bounded. Knows
nothing of documents.
"""

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError

from modelc.compiler.language.expressions.deferred import Named
from modelc.compiler.language.expressions.named_calls import (
    REFERENCE,
    calls_of_names,
    is_named,
    named_in,
    nodes_in,
)
from modelc.compiler.language.expressions.operations import (
    FUNCTIONS,
    LARGEST,
    NAMED,
    QUICK,
    ExpressionError,
    arithmetic,
    call,
    check_size,
    entry,
    holds,
    no_function,
    truth,
    unary,
)
from modelc.compiler.library.base.fields import read_ratio

MAX_LENGTH = 500
WORDS = ("true", "false", "null", "None")
"""Names that are no variables."""
CALL = re.compile(rf"\b(?P<function>{'|'.join(NAMED)})\(\s*(?P<name>{REFERENCE.pattern})\s*\)")
"""A call of a function of a name without quotes."""
HYPHEN = re.compile(r"\w\s*-\s*\w")
"""What may be in a name with hyphens, and in a difference."""

Lookup = Callable[[str], Any]
"""Returns the value of a variable. Raises whatever the caller wants to catch."""


Ask = Callable[[Named], Any]
"""Returns what a function of a name gives. Raises whatever the caller wants to catch."""


class Names(NamedTuple):
    """What the names in an expression mean: those of variables, and by function those that are asked about.

    `waits` says whether the value of a variable is or contains an expression that asks for a shape.
    """

    variable: Lookup
    asked: Mapping[str, Ask] = {}
    waits: Callable[[str], bool] = lambda name: False


def compute(text: str, names: Names) -> Any:
    """The value of the expression `text`: an int, float, bool or string, a list of such, or an entry of a variable.

    Raises ExpressionError, and what `names` raise.
    """
    return value_of(parse(text), names)


def parse(text: str) -> ast.expr:
    """The tree of the expression `text`. Raises ExpressionError where it is none."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has more than {MAX_LENGTH} characters", "define parts of it in `vars`")
    if "$" in text:
        raise ExpressionError("unexpected `$` inside the braces", "write the name alone: `${name}`")
    tree = tree_of(text)
    if tree is None:
        place = re.search(r"([A-Za-z_]\w*(?:\([^()]*\))?)\.(\d+)", text)
        help = f"in expressions, an entry of a list is `{place[1]}[{place[2]}]`" if place else other_syntax(text)
        help = quoted_name(text) or help
        raise ExpressionError(f"`{text.strip()}` is not an expression", help)
    if not text.isascii():
        need_plain_names(tree, text.strip())
    return tree


def other_syntax(text: str) -> str:
    """The help for an expression in the syntax of C and its like; an example where it is none of it."""
    if choice := re.fullmatch(r"([^?:]+)\?([^?:]+):([^?:]+)", text):
        condition, yes, no = (part.strip() for part in choice.groups())
        return f"write `{yes} if {condition} else {no}`"
    for sign, word in (("&&", "and"), ("||", "or")):
        if sign in text:
            return f"write `{word}` instead of `{sign}`"
    return "for example `${4 * dim}`"


@lru_cache(maxsize=256)
def tree_of(text: str) -> ast.expr | None:
    """The tree of the expression `text`, as Python parses it, which nobody changes; None where it does not."""
    try:
        with warnings.catch_warnings():
            # Python warns of `1if c else 2`.
            warnings.simplefilter("error", SyntaxWarning)
            tree = ast.parse(text.strip(), mode="eval").body
            return with_names(tree, text.strip()) if HYPHEN.search(text) else tree
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def with_names(tree: ast.expr, text: str) -> ast.expr:
    """`tree` with each name that has hyphens, which Python reads as a difference, as it is written in `text`: Python writes
    the number in `stage-1_2` in another way.
    """
    for node in calls_of_names(tree):
        first = node.args[0] if node.args else None
        written = ast.get_source_segment(text, first) if isinstance(first, ast.BinOp) else None
        name = "".join((written or "").split())
        if first is not None and REFERENCE.fullmatch(name):
            node.args[0] = ast.copy_location(ast.Name(name, ast.Load()), first)
    return tree


def quoted_name(text: str) -> str:
    """The help for a name that Python cannot read, such as `in`, where a function of a name asks for it; empty without one."""
    for match in CALL.finditer(text):
        if tree_of(match[0]) is None:
            return f"write the name in quotes: `{match['function']}('{match['name']}')`"
    return ""


def need_plain_names(tree: ast.AST, text: str) -> None:
    """Raise ExpressionError for names with letters beyond ASCII, some of which Python would normalize."""
    for node in ast.walk(tree):
        written = ast.get_source_segment(text, node) if isinstance(node, ast.Name | ast.Attribute) else None
        if written is not None and not written.isascii():
            raise ExpressionError(f"`{written}` is not a name", "names consist of the letters a to z, digits and `_`")


def value_of(tree: ast.expr, names: Names) -> Any:
    """The value of a tree. Raises ExpressionError, and what `names` raise."""
    try:
        return visit(tree, names)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply", "define parts of it in `vars`") from None


Program = Callable[[Names], Any]
"""Computes one node of a tree: closures, since thousands of copies may each have an expression of hundreds of nodes."""


def visit(node: ast.expr, names: Names) -> Any:
    """The value of one node of the tree."""
    return program_of(node)(names)


@lru_cache(maxsize=1024)
def program_of(node: ast.expr) -> Program:
    """What computes one node of a tree."""
    if (value := constant_of(node)) is not None:
        return lambda names: value
    if isinstance(node, ast.BinOp):
        return calculation(node, program_of(node.left), program_of(node.right))
    if isinstance(node, ast.Name) and node.id not in WORDS:
        return variable(node.id)
    if isinstance(node, ast.Call) and is_named(node):
        return question(node)
    if isinstance(node, ast.Call) and function_of(node):
        return function_call(function_of(node), [program_of(part) for part in node.args])
    if isinstance(node, ast.UnaryOp):
        operand = program_of(node.operand)
        return lambda names: unary(node, operand(names))
    return partial(value_of_node, node)


def constant_of(node: ast.expr) -> int | float | None:
    """The number that is written at `node`, also a negative one; None for all else, and for one that is too large."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        positive = constant_of(node.operand)
        return None if positive is None else -positive
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if value < LARGEST else None


def function_of(node: ast.Call) -> str:
    """The name of the function that is called, if it is one of those of values and its arguments are plain ones; else empty."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    is_plain = not node.keywords and not any(isinstance(part, ast.Starred) for part in node.args)
    return name if name in FUNCTIONS and is_plain else ""


def function_call(name: str, values: list[Program]) -> Program:
    """What calls the function `name`."""
    return lambda names: call(name, [value(names) for value in values])


def question(node: ast.Call) -> Program:
    """What asks for what a function of a name gives."""
    asked = named_in(node)
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)

    def ask(names: Names) -> Any:
        if name not in names.asked:
            raise not_here(name, asked)
        return names.asked[name](asked)

    return ask


def variable(name: str) -> Program:
    """What gives the value of a variable."""

    def look_up(names: Names) -> Any:
        found = names.variable(name)
        return found if type(found) is int else number(found)

    return look_up


def calculation(node: ast.BinOp, left: Program, right: Program) -> Program:
    """What computes an operator with two operands."""
    plain = QUICK.get(type(node.op))
    if plain is None:
        return lambda names: arithmetic(node, left(names), right(names))
    if type(second := constant_of(node.right)) is int:

        def calculate_with(names: Names) -> Any:
            one = left(names)
            if type(one) is int and -LARGEST < (found := plain(one, second)) < LARGEST:
                return found
            return arithmetic(node, one, second)

        return calculate_with

    def calculate(names: Names) -> Any:
        one, other = left(names), right(names)
        if type(one) is int and type(other) is int and -LARGEST < (found := plain(one, other)) < LARGEST:
            return found
        return arithmetic(node, one, other)

    return calculate


def value_of_node(node: ast.expr, names: Names) -> Any:
    """The value of a node of another kind."""
    if isinstance(node, ast.Constant) and node.value is None:
        return value_of_word("None")
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        word = str(node.value)
        raise ExpressionError(f"`{word}` is not a boolean here", f"write `{word.lower()}`")
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return check_size(node.value)
    if isinstance(node, ast.Name):
        return value_of_word(node.id)
    if isinstance(node, ast.List):
        return check_size([visit(item, names) for item in node.elts])
    if isinstance(node, ast.Subscript):
        return number(entry(node, visit(node.value, names), key_of(node.slice, names)))
    if isinstance(node, ast.Attribute):
        return number(entry(node, visit(node.value, names), node.attr))
    if isinstance(node, ast.BoolOp):
        values = (truth(visit(part, names)) for part in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare):
        return compare(node, names)
    if isinstance(node, ast.IfExp):
        return visit(node.body if truth(visit(node.test, names)) else node.orelse, names)
    if isinstance(node, ast.Call):
        raise no_call(node)
    raise ExpressionError(
        f"`{ast.unparse(node)}` is not allowed in expressions",
        "use numbers, names, lists, + - * / // % **, comparisons, and, or, not, functions and `x if c else y`",
    )


NOTHING = "compute with and compare numbers, strings or booleans; for nothing leave the key out, without an expression"
"""What to write in place of null."""


def value_of_word(name: str) -> bool:
    """The value of a name that is no variable."""
    if name in ("null", "None"):
        raise ExpressionError(f"`{name}` is not allowed in expressions", NOTHING)
    return name == "true"


def key_of(node: ast.expr, names: Names) -> Any:
    """What stands in brackets behind a list or a mapping: an index, a name, or a slice."""
    if not isinstance(node, ast.Slice):
        return visit(node, names)
    ends = [None if part is None else visit(part, names) for part in (node.lower, node.upper)]
    if node.step is not None or any(not (end is None or type(end) is int) for end in ends):
        raise ExpressionError(f"`[{ast.unparse(node)}]` is not a part of a list", "for example `sizes[1:]`")
    return slice(*ends)


def number(value: Any) -> Any:
    """`value`, but a ratio such as `1/255` as a number; a ratio by zero is not a number."""
    if not isinstance(value, str):
        return value
    with suppress(PydanticCustomError):
        return read_ratio(value)
    return value


def compare(node: ast.Compare, names: Names) -> bool:
    left = visit(node.left, names)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = visit(right_node, names)
        if not holds(node, op, left, right):
            return False
        left = right
    return True


def no_call(node: ast.Call) -> ExpressionError:
    """The error for a call that is not one of a function with values."""
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in FUNCTIONS:
        return no_function(name)
    message = f"`{ast.unparse(node)}` is not allowed in expressions"
    return ExpressionError(message, f"write `{name}(...)` with values")


def not_here(function: str, asked: Named) -> ExpressionError:
    """The error for a function of a name where it has no value."""
    return ExpressionError(f"`{function}({asked.name})` has no value here")


def variables_in(text: str) -> set[str]:
    """The names of variables in an expression, as far as it can be parsed."""
    tree = tree_of(text)
    if tree is None:
        return set()
    nodes = nodes_in(tree)
    others = {id(part) for node in nodes if isinstance(node, ast.Call) for part in nodes_in(node.func)}
    others |= {id(part) for node in calls_of_names(tree) for one in node.args for part in nodes_in(one)}
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in others}
