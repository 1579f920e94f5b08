"""What is left of one expression in thousands of copies, between which only numbers differ, and expressions that wait.

Its form, with a place for each of them, is made once. `partial` does the same for all other expressions, one by one.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from modelc.compiler.language.expressions.deferred import Bound, Deferred, Named
from modelc.compiler.language.expressions.evaluator import (
    Names,
    function_of,
    key_of,
    no_call,
    number,
    value_of,
)
from modelc.compiler.language.expressions.named_calls import calls_of_names, is_named, nodes_below, nodes_in
from modelc.compiler.language.expressions.operations import LARGEST, entry, truth
from modelc.compiler.language.expressions.parts import Parsed, Part

SIMPLE = (ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.List, ast.Slice, ast.Subscript, ast.UnaryOp)
"""Parts of expressions of which everything is filled in where they depend on a shape."""
LAZY = (ast.BoolOp, ast.Compare, ast.IfExp)
"""Parts of expressions in which not everything may be looked up."""
GAP = "\0"
"""What is around the place of a number while the text of a form is made."""
REST = "\1"
"""The same for the place of an expression that waits itself, of which operators stand there for their precedence."""
PLACE = re.compile(f"{GAP}([0-9]+){GAP}|(?:not |[-+~]){REST}{REST}([0-9]+){REST}{REST}|{REST}([0-9]+)[^{REST}]*{REST}")
SIZE = re.compile(r"shape\([A-Za-z_][A-Za-z0-9_]*\)(?:\[(?:0|-?[1-9][0-9]*)\])?")
"""What most expressions are, as `unparse` writes it too, which takes long: thousands of nodes may ask for one each."""
Operator = tuple[type[Any], type[Any]]
Kind = Operator | bool
"""What is filled in: for a number whether it is negative, for an expression that waits its outermost operator."""


class Form(NamedTuple):
    """An expression with a name in place of each number that is filled in, its text with the index of each in their places,
    and what it asks for itself.
    """

    tree: ast.expr
    text: tuple[str | int, ...]
    asked: tuple[Named, ...]


def filled_form(whole: Parsed, names: Names) -> Any:
    """The expression `whole` with its variables filled in: a value, or a `Deferred`; None where more may differ in it
    than numbers and expressions that wait.

    Raises ExpressionError, and what `names` raise.
    """
    tree, parts = whole.tree, whole.parts
    while parts[tree].asks and isinstance(tree, ast.IfExp) and not parts[tree.test].depends(names):
        tree = tree.body if truth(value_of(tree.test, names)) else tree.orelse
    if not is_eager(whole, tree):
        return None
    if (wrong := call_of_none(whole, tree)) is not None:
        raise no_call(wrong)
    waiting = frozenset(filter(names.waits, parts[tree].names))
    slots = slots_of(whole, tree, waiting) if waiting or parts[tree].asks else None
    if slots is None:
        return None
    values = [value_of(slot, names) if waiting.isdisjoint(parts[slot].names) else held(slot, names) for slot in slots]
    if any(type(value) not in (int, float, Deferred) for value in values):
        return None
    if slots == (tree,):
        return values[0]
    form = form_of(whole, tree, waiting, tuple(map(kind_of, values)))
    sizes = [-value if not isinstance(value, str) and value < 0 else value for value in values]
    inner = [value for value in values if isinstance(value, Deferred)]
    if not inner and not form.asked:
        return value_of(tree, names)
    shown = [value[2:-1] if isinstance(value, str) else repr(value) for value in sizes]
    found = Deferred("".join([part if isinstance(part, str) else shown[part] for part in form.text]))
    found.asked = tuple(dict.fromkeys((*form.asked, *(named for value in inner for named in value.asked))))
    found.bound = Bound(form.tree, {name_of(place): size for place, size in enumerate(sizes)})
    found.outermost = operator_of(form.tree)
    return found


def held(slot: ast.expr, names: Names) -> Any:
    """What a variable that waits is, or an entry of it; None where that is not known so quickly."""
    if isinstance(slot, ast.Name):
        return names.variable(slot.id)
    assert isinstance(slot, ast.Subscript | ast.Attribute)
    whole = held(slot.value, names)
    key = slot.attr if isinstance(slot, ast.Attribute) else key_of(slot.slice, names)
    if isinstance(whole, Deferred):
        return entry_of(whole, key) if type(key) is int else None
    return None if whole is None else number(entry(slot, whole, key))


@lru_cache(maxsize=256)
def entry_of(whole: Deferred, index: int) -> Deferred:
    """An entry of what waits."""
    return whole.entry(index)


@lru_cache(maxsize=256)
def is_eager(whole: Parsed, tree: ast.expr) -> bool:
    """Whether all that stands in `tree`, in the expression `whole`, is looked up in any case."""
    if whole.parts[tree].asks:
        return slots_of(whole, tree, frozenset()) is not None
    return not any(isinstance(node, LAZY) for node in nodes_in(tree))


@lru_cache(maxsize=256)
def call_of_none(whole: Parsed, tree: ast.expr) -> ast.Call | None:
    """A call in `tree`, in the expression `whole`, of what is no function: its arguments may be meant for one of a name."""
    parts = (node for node in whole.parts if isinstance(node, ast.Call))
    calls = [node for node in parts if not is_named(node) and not function_of(node)]
    inside = set(nodes_in(tree)) if calls else ()
    return next((call for call in calls if call in inside), None)


@lru_cache(maxsize=256)
def slots_of(whole: Parsed, tree: ast.expr, waiting: frozenset[str]) -> tuple[ast.expr, ...] | None:
    """The largest parts of `tree`, in the expression `whole`, that depend on no shape, and variables that are `waiting` for
    one, with their entries; None where some of them may not be needed.
    """
    found = tuple(independent(tree, whole.parts, waiting))
    return None if None in found else found  # type: ignore[return-value] # there is no None in it


def independent(node: ast.expr, parts: Mapping[ast.expr, Part], waiting: frozenset[str]) -> Iterator[ast.expr | None]:
    """The largest parts of `node` that depend on no shape, but for numbers as they are written, and variables that wait;
    None for what may not be needed.
    """
    if is_written_out(node):
        return
    depends = parts[node].asks or not waiting.isdisjoint(parts[node].names)
    if (not depends and not isinstance(node, ast.Slice)) or is_variable(node, parts, waiting):
        yield node
    elif not is_named(node):
        is_choice = isinstance(node, ast.IfExp) and parts[node.test].asks and waiting.isdisjoint(parts[node].names)
        if not isinstance(node, SIMPLE) and not is_choice:
            yield None
        for below in operands(node):
            yield from independent(below, parts, waiting)


def is_written_out(node: ast.expr) -> bool:
    """Whether `node` is an integer as `unparse` writes it, also a negative one."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and node.operand.value != 0 and is_written_out(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value < LARGEST


def is_variable(node: ast.expr, parts: Mapping[ast.expr, Part], waiting: frozenset[str]) -> bool:
    """Whether `node` is a variable, or an entry of one by an index that is known."""
    if isinstance(node, ast.Subscript):
        key = parts[node.slice]
        return not key.asks and waiting.isdisjoint(key.names) and is_variable(node.value, parts, waiting)
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_variable(node.value, parts, waiting))


def operands(node: ast.expr) -> list[ast.expr]:
    """The parts of `node` that are computed before it."""
    below = node.args if isinstance(node, ast.Call) else nodes_below(node)
    return [part for part in below if isinstance(part, ast.expr)]


@lru_cache(maxsize=256)
def form_of(whole: Parsed, tree: ast.expr, waiting: frozenset[str], kinds: tuple[Kind, ...]) -> Form:
    """The form of `tree`, in the expression `whole`, for what its slots are."""
    slots = slots_of(whole, tree, waiting) or ()
    if not slots and tree is whole.tree:
        written = whole.text if SIZE.fullmatch(whole.text) else ast.unparse(tree)
        return Form(tree, (f"${{{written}}}",), tuple(dict.fromkeys(whole.calls.values())))
    names = [ast.Name(name_of(place), ast.Load()) for place in range(len(slots))]
    signed = [ast.UnaryOp(ast.USub(), name) if kind is True else name for name, kind in zip(names, kinds, strict=True)]
    named = with_parts(tree, dict(zip(slots, signed, strict=True)))
    shown = [
        sign if isinstance(kind, bool) else standing_for(kind, place)
        for place, (sign, kind) in enumerate(zip(signed, kinds, strict=True))
    ]
    written = f"${{{ast.unparse(with_parts(tree, dict(zip(slots, shown, strict=True))))}}}"
    text, end = list[str | int](), 0
    for match in PLACE.finditer(written):
        text += [written[end : match.start()], int(match[match.lastindex or 0])]
        end = match.end()
    asked = tuple(dict.fromkeys(whole.calls[call] for call in calls_of_names(named)))
    return Form(named, (*text, written[end:]), asked)


def kind_of(value: float | Deferred) -> Kind:
    """What is filled in for a slot, as far as the form depends on it."""
    if not isinstance(value, Deferred):
        return value < 0
    value.outermost = value.outermost or operator_of(value.tree)
    return value.outermost


def operator_of(tree: ast.expr) -> Operator:
    """The outermost operator of `tree`, on which it depends where parentheses stand around it."""
    if isinstance(tree, ast.BinOp | ast.UnaryOp | ast.BoolOp):
        return type(tree), type(tree.op)
    if isinstance(tree, ast.Compare | ast.IfExp):
        return type(tree), ast.Eq
    return ast.Name, ast.Load


def standing_for(kind: Operator, place: int) -> ast.expr:
    """What stands in the text of a form for an expression with the outermost operator `kind`."""
    outer, operator = kind
    first, last = ast.Name(f"{REST}{place}", ast.Load()), ast.Name(REST, ast.Load())
    if outer is ast.UnaryOp:
        return ast.UnaryOp(operator(), ast.Name(f"{REST}{REST}{place}{REST}{REST}", ast.Load()))
    if outer is ast.BinOp:
        return ast.BinOp(first, operator(), last)
    if outer is ast.BoolOp:
        return ast.BoolOp(operator(), [first, last])
    if outer is ast.Compare:
        return ast.Compare(first, [operator()], [last])
    if outer is ast.IfExp:
        return ast.IfExp(ast.Name("_", ast.Load()), first, last)
    return ast.Name(f"{REST}{place}{REST}", ast.Load())


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
    fields: dict[str, Any] = {name: with_parts_inside(value, parts) for name, value in ast.iter_fields(node)}
    return type(node)(**fields)


def with_parts_inside(value: Any, parts: Mapping[ast.expr, ast.expr]) -> Any:
    """The value of a field of a node: expressions in it as `with_parts` has them."""
    if isinstance(value, list):
        return [with_parts_inside(one, parts) for one in value]
    return with_parts(value, parts) if isinstance(value, ast.expr) else value
