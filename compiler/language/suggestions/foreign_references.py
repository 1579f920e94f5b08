"""Values that are meant for a variable, a parameter or an expression, and are written without its sign: `filters`,
`2 * filters`, `{{ filters }}`.

Texts for the help of messages only.
"""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.expressions.deferred import Deferred, Named
from modelc.compiler.language.suggestions.foreign_numbers import ABOUT
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in
from modelc.compiler.syntax.document import Document

LONGEST = 80
"""Characters of a text that is taken for an expression."""
SIGNS = (r"\{\{(.*)\}\}", r"\{(.*)\}", r"%\((.*)\)[ds]", r"[<%](.*)[>%]", "[$@&](.*)")
"""What templates of others put around a name or an expression."""
SHAPE = re.compile(r"\b([A-Za-z_][\w-]*)\.shape\b")
"""How others ask for a shape."""
ENTRY = re.compile(r"\b([A-Za-z_]\w*)\.(\d+)\b")
"""An entry of a list as references have it."""
WHOLE_SHAPE = re.compile(r"(shape\([^()]*\))(?!\s*[\[)])")
"""A shape of which no size is taken."""
OF_NUMBERS = re.compile(r"\(?\d[\d\s.()]*(?:(?:\*\*|//|[-+*/%^])[\d\s.()]+)+")


def reference_help(document: Document, path: Path, value: Any, kind: str = "") -> str:
    """What to write for the text `value` at `path` if it is a reference or an expression without its sign, where `kind` is
    pydantic's word for what is wanted. Empty for all else.
    """
    from modelc.compiler.language.expressions.evaluator import Names, compute, tree_of, variables_in
    from modelc.compiler.language.expressions.named_calls import calls_of_names
    from modelc.compiler.language.expressions.operations import ExpressionError

    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    names = names_around(document, path)
    plain = value.strip()
    for sign in SIGNS:
        match = re.fullmatch(sign, plain)
        plain = match[1].strip() if match else plain
    plain = SHAPE.sub(r"shape(\1)", plain.replace("$", ""))
    plain = plain.removeprefix("vars.")
    if plain in names:
        return f"write `${plain}`"
    tree = tree_of(plain)
    used = variables_in(plain) if tree is not None else set()
    if used <= names and (used or (tree is not None and any(calls_of_names(tree)))):
        return f'write an expression, in quotes: `"${{{plain}}}"`'
    if OF_NUMBERS.fullmatch(plain):
        with suppress(ExpressionError):
            found = compute(plain.replace("^", "**"), Names(names.__contains__))
            if kind in ("int_type", "sizes_type") and (found != int(found) or found < 1):
                if ABOUT.fullmatch(plain):
                    return ""
                return f"`{plain}` is {number_text(found)}: write the integer that is meant"
            return f"write {number_text(found)}"
    return ""


VALUE = "write its value"
"""How the help begins for an expression where no shape is known yet."""


def value_help(
    expression: Deferred, shapes: Mapping[Named, list[int]], inputs: Collection[str] = ()
) -> tuple[str, str]:
    """What to write for an expression where no shape is known yet: its value, as far as the `shapes` say it, with them. The
    other `inputs` have shapes that are wrong.
    """
    from modelc.compiler.language.expressions.operations import ExpressionError

    unknown = [one.name for one in expression.asked if one not in shapes]
    if unknown and set(unknown) <= {*inputs}:
        return VALUE, ""
    if not unknown:
        with suppress(ExpressionError):
            return f"{VALUE}, `{flow(expression.value(shapes.__getitem__))}`", shapes_text(expression, shapes)
        return VALUE, shapes_text(expression, shapes)
    return f"{VALUE}; once the spec is valid, `modelc summary` shows the shape of {name_list(unknown)}", ""


def shapes_text(expression: Deferred, shapes: Mapping[Named, list[int]]) -> str:
    """The shapes that an expression asks for."""
    return ", ".join(f"`shape({one.name})` is {flow(shapes[one])}" for one in expression.asked)


def shapes_of_inputs(expression: Deferred, spec: Mapping[str, Any]) -> tuple[dict[Named, list[int]], Collection[str]]:
    """Those of the shapes that an expression asks for that the inputs of a spec say, and the names of the inputs."""
    inputs = mapping_in(mapping_in(spec, "model"), "inputs")
    shapes = {one: mapping_in(inputs, one.name).get("shape") for one in expression.asked}
    right = {
        one: shape
        for one, shape in shapes.items()
        if isinstance(shape, list) and all(type(size) is int for size in shape)
    }
    return right, inputs.keys()


def expression_help(text: str) -> str:
    """What to write for an expression that begins with `$` and has no braces around it all, or asks for shapes as others
    do. Empty where it is none.
    """
    from modelc.compiler.language.expressions.evaluator import tree_of

    if behind := re.search(r"\}\s*([A-Za-z_]\w*)$", text):
        return f"a value is one expression: take `{behind[1]}` out"
    plain = SHAPE.sub(r"shape(\1)", re.sub(r"[${}]", "", text)).strip()
    plain = ENTRY.sub(r"\1[\2]", plain)
    return f'write an expression, in quotes: `"${{{plain}}}"`' if tree_of(plain) is not None else ""


def size_help(expression: str) -> str:
    """What to write for an `expression` in which a shape as a whole stands for one size. Empty for all others."""
    of_one = WHOLE_SHAPE.sub(r"\1[-1]", expression)
    return f'a shape is a list of sizes: for the last one write `"{of_one}"`' if of_one != expression else ""


def number_text(value: Any) -> str:
    return f"`{int(value) if isinstance(value, float) and value.is_integer() else value}`"


def names_around(document: Document, path: Path) -> set[str]:
    """The variables, the parameters of the block, and the indices that the value at `path` may refer to."""
    at = document.origin(path)
    spec, names = at.document.data, set[str]()
    if not isinstance(spec, Mapping):
        return names
    names |= {*mapping_in(spec, "vars")}
    item = spec
    for part in at.path:
        if isinstance(item, Mapping):
            # A block, and an item that is repeated.
            names |= {*mapping_in(item, "params")}
            names |= {index for key, index in mapping_in(item, "repeat").items() if key == "index"}
        try:
            item = item[part]
        except (KeyError, IndexError, TypeError):
            break
    return {name for name in names if isinstance(name, str)}
