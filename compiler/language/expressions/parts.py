"""The parts of an expression, found once for all copies of its text: what each depends on, and what it asks for."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from modelc.compiler.language.expressions.deferred import Named
from modelc.compiler.language.expressions.evaluator import (
    WORDS,
    Names,
    parse,
)
from modelc.compiler.language.expressions.named_calls import calls_of_names, is_named, named_in, no_name, nodes_below


class Part(NamedTuple):
    """What the value of a part of an expression may depend on: whether it asks for a shape, and the variables in it."""

    asks: bool
    names: tuple[str, ...]

    def depends(self, names: Names) -> bool:
        """Whether the value depends on a shape."""
        return self.asks or any(map(names.waits, self.names))


@dataclass(frozen=True, eq=False, slots=True)
class Parsed:
    """An expression: its text, its tree, each part of it that has a value, and what its functions of names are asked for."""

    text: str
    tree: ast.expr
    parts: Mapping[ast.expr, Part]
    calls: Mapping[ast.Call, Named]


@lru_cache(maxsize=256)
def parsed(text: str) -> Parsed:
    """The expression `text`. Raises ExpressionError where it is none, or asks for what is no name."""
    tree = parse(text)
    calls = {}
    for call in calls_of_names(tree):
        calls[call] = named_in(call)
        # A second argument is for what is left of an expression only.
        if len(call.args) != 1:
            raise no_name(call)
    parts: dict[ast.expr, Part] = {}
    add_parts(tree, parts)
    return Parsed(text, tree, parts, calls)


def add_parts(node: ast.expr, parts: dict[ast.expr, Part]) -> Part:
    """Add `node` and what stands in it to `parts`."""
    if isinstance(node, ast.Call) and is_named(node):
        part = Part(isinstance(node.func, ast.Name) and node.func.id == "shape", ())
    elif isinstance(node, ast.Name):
        part = Part(False, () if node.id in WORDS else (node.id,))
    else:
        below = node.args if isinstance(node, ast.Call) else nodes_below(node)
        inner = [add_parts(one, parts) for one in below if isinstance(one, ast.expr)]
        names = dict.fromkeys(name for one in inner for name in one.names)
        part = Part(any(one.asks for one in inner), tuple(names))
    parts[node] = part
    return part
