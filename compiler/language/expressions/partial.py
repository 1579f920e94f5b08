"""Fills the variables into expressions that ask for a shape of the model: what is left is a `Deferred`."""

import ast
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.expressions.evaluator import (
    Lookup,
    Names,
    key_of,
    number,
    value_of,
)
from modelc.compiler.language.expressions.forms import filled_form
from modelc.compiler.language.expressions.named_calls import calls_of_names, is_named, named_in
from modelc.compiler.language.expressions.operations import ExpressionError, entry
from modelc.compiler.language.expressions.parts import Part, parsed

LONGEST = 100
"""Values of a list that is filled in."""
MAX_LEFT = 1_000
"""Characters of an expression whose variables are filled in."""


class Known(dict[str, Any]):
    """Values of variables, each looked up once: `Known(look_up).__getitem__` is a lookup too."""

    def __init__(self, look_up: Lookup) -> None:
        super().__init__()
        self.look_up = look_up

    def __missing__(self, name: str) -> Any:
        found = self[name] = self.look_up(name)
        return found


def reduce(text: str, names: Names) -> Any:
    """The value of the expression `text`, or if it asks for a shape what is left of it, a `Deferred`.

    Raises ExpressionError, and what `names` raise.
    """
    try:
        whole = parsed(text)
        tree, parts = whole.tree, whole.parts
        if (filled := filled_form(whole, names)) is not None:
            return need_short(filled) if isinstance(filled, Deferred) else filled
        found = fold(tree, names, parts) if parts[tree].asks else value_or_rest(tree, names, parts)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply", "define parts of it in `vars`") from None
    if not isinstance(found, ast.expr):
        return found
    left = [*calls_of_names(found)]
    if not left:
        # A variable that depends on a shape elsewhere than in the entry that is taken.
        return value_of(found, names)
    asked = (whole.calls[call] if call in whole.calls else named_in(call) for call in left)
    return need_short(Deferred.of(found, asked))


def need_short(left: Deferred) -> Deferred:
    """What is `left` of an expression. Raises ExpressionError where that is too long."""
    if len(left) > MAX_LEFT:
        raise ExpressionError(f"the expression has more than {MAX_LEFT:,} characters once its variables are filled in")
    return left


class Waiting(Exception):
    """Raised for a variable whose value waits for a shape."""


def value_or_rest(tree: ast.expr, names: Names, parts: Mapping[ast.expr, Part]) -> Any:
    """The value of an expression that asks for no shape itself, or what is left of it if one of its variables does.

    As ever, only what its conditions choose is looked up.
    """

    def known(name: str) -> Any:
        if names.waits(name):
            raise Waiting
        return names.variable(name)

    try:
        return value_of(tree, names._replace(variable=known))
    except Waiting:
        return fold(tree, names, parts)


def fold(node: ast.expr, names: Names, parts: Mapping[ast.expr, Part]) -> Any:
    """The value of `node`, or if it depends on a shape the node with everything else in it evaluated."""
    if isinstance(node, ast.IfExp) and not parts[node.test].depends(names):
        branch = value_of(ast.IfExp(node.test, ast.Constant(1), ast.Constant(0)), names)
        return fold(node.body if branch else node.orelse, names, parts)
    if not parts[node].depends(names):
        return value_of(node, names)
    if isinstance(node, ast.Call) and is_named(node):
        return node
    if isinstance(node, ast.Name | ast.Subscript | ast.Attribute):
        found = held(node, names, parts)
        return literal(found) if any(deferred_in(found)) else found
    return rebuilt(node, names, parts)


def held(node: ast.expr, names: Names, parts: Mapping[ast.expr, Part]) -> Any:
    """The value of `node`, which depends on a shape: a `Deferred`, or plain data with such in it; a node where there is no
    value without the shape. Of an entry of a variable, only others may depend on one.
    """
    if isinstance(node, ast.Name):
        return names.variable(node.id)
    if not isinstance(node, ast.Subscript | ast.Attribute):
        return fold(node, names, parts)
    if isinstance(node, ast.Subscript) and parts[node.slice].depends(names):
        return rebuilt(node, names, parts)
    whole = held(node.value, names, parts) if parts[node.value].depends(names) else value_of(node.value, names)
    if isinstance(whole, Deferred | ast.expr):
        whole = literal(whole) if isinstance(whole, Deferred) else whole
        if isinstance(node, ast.Attribute):
            return ast.Attribute(whole, node.attr, ast.Load())
        return ast.Subscript(whole, folded(node.slice, names, parts), ast.Load())
    key = node.attr if isinstance(node, ast.Attribute) else key_of(node.slice, names)
    return number(entry(node, whole, key))


def deferred_in(value: Any) -> Iterator[Deferred]:
    """The expressions that stand in a value as plain data."""
    if isinstance(value, Deferred):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from deferred_in(item)


def rebuilt(node: ast.expr, names: Names, parts: Mapping[ast.expr, Part]) -> ast.expr:
    """`node` with what stands in it folded."""

    def part(below: Any) -> Any:
        return folded(below, names, parts) if isinstance(below, ast.expr) else below

    if isinstance(node, ast.Call):
        return ast.Call(node.func, [part(one) for one in node.args], node.keywords)
    fields: dict[str, Any] = {
        name: [part(one) for one in value] if isinstance(value, list) else part(value)
        for name, value in ast.iter_fields(node)
    }
    return type(node)(**fields)


def folded(node: ast.expr, names: Names, parts: Mapping[ast.expr, Part]) -> ast.expr:
    """`node` folded, as a part of an expression."""
    if isinstance(node, ast.Slice):
        return rebuilt(node, names, parts)
    found = fold(node, names, parts)
    return found if isinstance(found, ast.expr) else literal(found)


def literal(value: Any) -> ast.expr:
    """A value as a part of an expression. Raises ExpressionError for one that cannot be."""
    if isinstance(value, Deferred):
        # `unparse` keeps in each node whether it needs parentheses: none may stand in two places.
        return deepcopy(value.tree)
    if isinstance(value, bool):
        return ast.Name(str(value).lower(), ast.Load())
    if isinstance(value, int | float) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    if isinstance(value, int | float | str):
        return ast.Constant(value)
    if isinstance(value, list):
        if len(value) > LONGEST:
            message = f"a list of more than {LONGEST} values is not allowed in expressions that ask for a shape"
            raise ExpressionError(message, "name an entry of it, such as `sizes[0]`")
        return ast.List([literal(item) for item in value], ast.Load())
    what = "`null`" if value is None else "a mapping"
    raise ExpressionError(f"{what} is not allowed in expressions that ask for a shape")
