"""What to do about a name in a reference or an expression that no variable, parameter or index has."""

import re
from collections.abc import Iterator

from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.expansion.scope import Scope
from modelc.compiler.expansion.source_tree import SourceNode
from modelc.compiler.language.expressions.evaluator import NOTHING
from modelc.compiler.language.expressions.operations import NAMED, ExpressionError, UnknownFunction
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.syntax.document import Where

COUNTERS = ("block", "copy", "depth", "idx", "index", "layer", "level", "number", "stage", "step")
"""Names that stand for the number of a copy, as single letters do, where nothing else is called so."""


def help_for_unknown(
    name: str, scope: Scope, text: str, root: SourceNode | None, meant: str, at: Where | None = None
) -> tuple[str, tuple[Label, ...]]:
    """The help for an unknown name in `scope`, in the spec `root`, with the places that it names. `text` is the reference
    that begins with it, empty in an expression, which stands `at` a place, and `meant` the help where it is like a known name.
    """
    if name in scope.outside:
        use = f"`{scope.block}: {{{name}: ${name}}}`"
        return f"a block does not see the index around its use: write {use}, with a parameter", ()
    if name in ("params", "vars") and not meant:
        whole = f"`${text.partition('.')[2]}`" if "." in text else "the name alone"
        named = "parameters" if name == "params" else "variables"
        return f"write {whole}: references to {named} omit `{name}`", ()
    if meant:
        return meant, ()
    if scope.repeat and (len(name) == 1 or name in COUNTERS):
        repeat = f"`repeat: {{times: {scope.repeat}, index: {name}}}`"
        return f"write {repeat}: `${name}` then is the number of the copy, from 0", ()
    if scope.indices and name in COUNTERS:
        return f"did you mean `{[*scope.indices][-1]}`, the index of the repeat?", ()
    if name.lower() in ("inf", "infinity", "nan", "nil", "none", "null") and not text:
        return NOTHING if name.lower() in ("nil", "none", "null") else "write a finite number", ()
    if name in NAMED:
        return f"write `{name}(x)`, with the name in parentheses", ()
    if not text and is_node(name, root):
        expression = str(at.document.get(at.path)) if at is not None else ""
        if re.search(rf"\blen\(\s*{name}\s*\)", expression):
            return f"`{name}` is no variable: how many axes it has is `len(shape({name}))`", ()
        return f"`{name}` is no variable: a size of what it gives is `shape({name})[-1]`", ()
    index = place_of_index(name, root)
    if index is not None:
        label = Label(index.place(), "the index of this repeat")
        return f"`${name}` is known inside of its repeat only: write the number, or put this into the repeat", (label,)
    parameter = f", or as a parameter of `{scope.block}`: `params: {{{name}: int}}`" if scope.block else ""
    return f"define it: `vars: {{{name}: ...}}`{parameter}", ()


def help_of(error: ExpressionError) -> str:
    """How to fix an expression that cannot be evaluated."""
    meant = suggest(error.name, error.known) if isinstance(error, UnknownFunction) else None
    return f"did you mean `{meant.new}(...)`?" if meant is not None and meant.is_safe else error.help


def is_node(name: str, root: SourceNode | None) -> bool:
    """Whether the model has an input or a node of that name, or what comes into a layer is called so."""
    model = None if root is None else root.get("model")
    parts = [model.get(key) for key in ("inputs", "nodes")] if model is not None else []
    return name == "input" or any(part is not None and part.get(name) is not None for part in parts)


def place_of_index(name: str, root: SourceNode | None) -> Where | None:
    """Where the spec has a repeat with the index `name`, the last one; None where it has none."""
    return lookups().once(("index places", root), lambda: dict(index_places(root))).get(name)


def index_places(node: SourceNode | None) -> Iterator[tuple[str, Where]]:
    """The index of each repeat in `node`, with its place."""
    if node is None or node.kind not in ("mapping", "list"):
        return
    repeat = node.get("repeat") if node.kind == "mapping" else None
    index = repeat.get("index") if repeat is not None else None
    if index is not None and index.kind == "scalar" and isinstance(index.content, str):
        yield index.content, index.at
    for below in node.children:
        yield from index_places(below)


def is_of_a_loop(name: str, at: Where) -> bool:
    """Whether `name` is what a loop around the place `at` defines, as templates have them, or a key at the top of the file:
    the parser reports the loop, or the key.
    """
    from modelc.compiler.language.grammar import LANGUAGE
    from modelc.compiler.language.layer_grammar import REPEAT_KEYS
    from modelc.compiler.language.suggestions.repeat_keys import names_of_loops

    if isinstance(at.document.data, dict) and name in at.document.data and name not in LANGUAGE.keys:
        return True
    around = (at.document.get(at.path[:end]) for end in range(len(at.path)))
    return any(isinstance(item, dict) and name in names_of_loops(item, REPEAT_KEYS) for item in around)
