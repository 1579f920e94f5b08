"""What is left of one expression in thousands of copies, between which only numbers differ.

Its form, with a place for each number, is made once. `partial` does the same for all other expressions, one by one.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from modelc.compiler.language.expressions.deferred import Bound, Deferred, Named
from modelc.compiler.language.expressions.evaluator import Names, calls_of_names, is_named, value_of
from modelc.compiler.language.expressions.operations import LARGEST, truth
from modelc.compiler.language.expressions.parts import Parsed, Part

SIMPLE = (ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.List, ast.Slice, ast.Subscript, ast.UnaryOp)
"""Parts of expressions of which everything is filled in where they depend on a shape."""
GAP = "\0"
"""What is around the place of a number while the text of a form is made."""


class Form(NamedTuple):
    """An expression with a name in place of each number that is filled in, its text with the index of each in their places,
    and what it asks for.
    """

    tree: ast.expr
    text: tuple[str | int, ...]
    asked: tuple[Named, ...]


def filled_form(whole: Parsed, names: Names) -> Deferred | None:
    """What is left of the expression `whole`, its variables filled in; None where more than numbers may differ in it.

    Raises ExpressionError, and what `names` raise.
    """
    tree, parts = whole.tree, whole.parts
    while isinstance(tree, ast.IfExp) and not parts[tree.test].depends(names):
        tree = tree.body if truth(value_of(tree.test, names)) else tree.orelse
    slots = slots_of(whole, tree) if parts[tree].asks else None
    if slots is None or any(map(names.waits, parts[tree].names)):
        return None
    values = [value_of(slot, names) for slot in slots]
    if any(type(value) not in (int, float) for value in values):
        return None
    form = form_of(whole, tree, tuple(value < 0 for value in values))
    sizes = [-value if value < 0 else value for value in values]
    found = Deferred("".join([part if isinstance(part, str) else repr(sizes[part]) for part in form.text]))
    found.asked, found.bound = form.asked, Bound(form.tree, {name_of(place): size for place, size in enumerate(sizes)})
    return found


@lru_cache(maxsize=256)
def slots_of(whole: Parsed, tree: ast.expr) -> tuple[ast.expr, ...] | None:
    """The largest parts of `tree`, in the expression `whole`, that depend on no shape; None where some of them may not be
    needed.
    """
    found = tuple(independent(tree, whole.parts))
    return None if None in found else found  # type: ignore[return-value] # there is no None in it


def independent(node: ast.expr, parts: Mapping[ast.expr, Part]) -> Iterator[ast.expr | None]:
    """The largest parts of `node` that depend on no shape, but for numbers as they are written; None for what may not be
    needed.
    """
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < LARGEST:
        return
    if not parts[node].asks and not isinstance(node, ast.Slice):
        yield node
    elif not is_named(node):
        if not isinstance(node, SIMPLE) and not (isinstance(node, ast.IfExp) and parts[node.test].asks):
            yield None
        for below in operands(node):
            yield from independent(below, parts)


def operands(node: ast.expr) -> list[ast.expr]:
    """The parts of `node` that are computed before it."""
    below = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    return [part for part in below if isinstance(part, ast.expr)]


@lru_cache(maxsize=256)
def form_of(whole: Parsed, tree: ast.expr, negative: tuple[bool, ...]) -> Form:
    """The form of `tree`, in the expression `whole`, for numbers in its slots that are `negative`, or not."""
    slots = slots_of(whole, tree) or ()

    names = [ast.Name(name_of(place), ast.Load()) for place in range(len(slots))]
    signed = [ast.UnaryOp(ast.USub(), name) if below else name for name, below in zip(names, negative, strict=True)]
    named = with_parts(tree, dict(zip(slots, signed, strict=True)))
    # Texts and places take turns.
    shown = enumerate(f"${{{ast.unparse(named)}}}".split(GAP))
    asked = tuple(dict.fromkeys(whole.calls[call] for call in calls_of_names(named)))
    return Form(named, tuple(int(part) if turn % 2 else part for turn, part in shown), asked)


def name_of(place: int) -> str:
    return f"{GAP}{place}{GAP}"


def with_parts(node: ast.expr, parts: Mapping[ast.expr, ast.expr]) -> ast.expr:
    """`node` with others in place of some of its parts."""
    if node in parts:
        return parts[node]
    if is_named(node):
        return node
    if isinstance(node, ast.Call):
        return ast.Call(node.func, [with_parts(one, parts) for one in node.args], node.keywords)

    def inside(value: Any) -> Any:
        if isinstance(value, list):
            return [inside(one) for one in value]
        return with_parts(value, parts) if isinstance(value, ast.expr) else value

    fields: dict[str, Any] = {name: inside(value) for name, value in ast.iter_fields(node)}
    return type(node)(**fields)
