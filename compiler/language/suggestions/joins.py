"""What people write for a layer that joins several values, and what is written here."""

from typing import Any

from modelc.compiler.language.suggestions.spelling import ARGUMENTS, GUESSED
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import Registry, fold

VALUE_BY_VALUE = {
    "max": "maximum",
    "mean": "average",
    "min": "minimum",
    "prod": "multiply",
    "sum": "add",
}
"""The layers that reduce one value along an axis, with those that do the same with several values, element by element."""

ADVICE = "use one of `concatenate`, `add`, `multiply`, `average`, `maximum`"
WORDS = {fold(word) for word in ("join", *GUESSED["join"])}
AXES = {fold(word) for word in ("axis", *ARGUMENTS["axis"])}


def joining(word: str, value: Any, table: Registry[Any]) -> str:
    """The layer that is meant by `join: sum` and the like where a layer stands, with its argument; empty for all else."""
    if fold(word) in AXES and fold(word).startswith("concat"):
        return f"concatenate: {flow(value)}"
    if fold(word) not in WORDS or not isinstance(value, str):
        return ""
    meant = VALUE_BY_VALUE.get(value) or (value if value in table else suggest(value, table).new)
    return meant if meant and any(slot.many for slot in table.find(meant).slots) else ""


def join_of_a_node(key: str, value: Any, sources: Any, table: Registry[Any]) -> str:
    """What to do about a `key` that says how the `sources` of a layer are joined, which only a layer does; empty for all
    others.
    """
    if fold(key) not in WORDS | AXES or not isinstance(sources, list):
        return ""
    meant = joining(key, value, table) or "concatenate"
    return f"a layer joins them first, in a node of its own: `{{from: {flow(sources)}, {meant}}}`"


def join_of_branches(key: str, value: Any) -> str:
    """What to do about a `key` of `parallel` or `residual` that is an argument of the layer that joins; empty for all
    others.
    """
    return (
        f"it is an argument of the layer that joins: `join: {{concatenate: {flow(value)}}}`"
        if fold(key) in AXES
        else ""
    )
