"""Calls of functions of a name in an expression, such as `shape(x)`: they ask about something in the model or in the data."""

import ast
import re
from collections.abc import Iterator

from modelc.compiler.language.expressions.deferred import Named
from modelc.compiler.language.expressions.operations import NAMED, ExpressionError

REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)?")


def is_named(node: ast.AST) -> bool:
    """Whether a node is a call of a function of a name."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMED


def calls_of_names(tree: ast.expr) -> Iterator[ast.Call]:
    """All calls of functions of a name in a tree."""
    return (node for node in nodes_in(tree) if isinstance(node, ast.Call) and is_named(node))


def nodes_in(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree but operators and contexts, in the order of `ast.walk`, which takes three times as long."""
    found = [tree]
    for node in found:
        found += nodes_below(node)
    return found


def nodes_below(node: ast.AST) -> list[ast.AST]:
    """The nodes right below one, but operators and contexts."""
    found = list[ast.AST]()
    for name in node._fields:
        below = getattr(node, name, None)
        if isinstance(below, list):
            found += [one for one in below if isinstance(one, ast.AST)]
        elif isinstance(below, ast.AST) and below._fields:
            found.append(below)
    return found


def named_in(node: ast.Call) -> Named:
    """What a function of a name is asked for. Raises ExpressionError where that is no name."""
    if len(node.args) not in (1, 2) or node.keywords or isinstance(node.args[0], ast.Starred):
        raise no_name(node)
    first, *others = node.args
    text = first.value if isinstance(first, ast.Constant) else first.id if isinstance(first, ast.Name) else None
    if isinstance(first, ast.Attribute):
        text = ast.unparse(first)
    if not isinstance(text, str) or not REFERENCE.fullmatch(text):
        raise no_name(node)
    up = others[0].value if others and isinstance(others[0], ast.Constant) else 0
    return Named(text, up if isinstance(up, int) else 0)


def no_name(node: ast.Call) -> ExpressionError:
    """The error for a function of a name that is asked for something else."""
    function = ast.unparse(node.func)
    help = f"write the name of an input or target of `data`: `{function}(kind)`"
    if function == "shape":
        help = "write the name of an input or a node, as in `shape(x)[-1]`; `shape(input)` is what comes into the layer"
    return ExpressionError(f"`{ast.unparse(node)}` does not ask for one name", help)
