"""Translates items and arguments of other frameworks to the notation of specs. Strings only."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.suggestions.hints import ARGUMENTS, KNOWN
from modelc.compiler.language.suggestions.spelling import OTHERWISE, spelled
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.registry import Registry, fold


def below(key: str | int, written: str) -> str:
    """`written` as the value of `key`; an item of a list stands by itself."""
    if isinstance(key, int):
        return written
    return f"{key}: {written}" if written.startswith("{") or ":" not in written else f"{key}: {{{written}}}"


def translated(table: Registry[Any], name: str, arguments: Any) -> str:
    """The thing called `name` with the arguments that another framework's word for it came with: `dense: 64`.

    The name alone where some of the arguments have no counterpart here.
    """
    cls = table.find(name)
    if not isinstance(arguments, Mapping):
        return f"{name}: {flow(arguments)}" if arguments is not None and cls.primary else name
    known = {
        spelled(key, cls.model_fields) or key: value for key, value in arguments.items() if ARGUMENTS.get(key) != KNOWN
    }
    if not known or not set(known) <= set(cls.model_fields):
        return name
    return f"{name}: {flow(known[cls.primary])}" if set(known) == {cls.primary} else f"{name}: {spell(known)}"


def as_here(word: str, arguments: Any) -> Any:
    """The arguments of another framework's `word` for a thing, with the one that is counted from the other end as it is
    here."""
    counted = OTHERWISE.get(fold(word.rpartition(".")[2]), "")
    value = arguments.get(counted) if isinstance(arguments, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 0.5:
        return arguments
    return {**arguments, counted: round(1 - value, 9)}
