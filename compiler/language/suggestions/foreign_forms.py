"""How a named thing should have been written: from what other frameworks call it, and from forms such as `type: dense`.

Texts for the cures of messages only; what is wrong is found and said elsewhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from modelc.compiler.language.suggestions.hints import ARGUMENTS, KNOWN
from modelc.compiler.language.suggestions.spelling import OTHERWISE, spelled, surely, surely_called
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.registry import Registered, Registry, fold

TYPE_KEYS = ("type", "class_name", "layer", "op", "kind")


@dataclass(frozen=True, slots=True)
class TypeForm:
    """A thing whose name stands as a value: under which `key`, which `name` was meant, and how the mapping is written.

    `sure` is the name where that is beyond doubt and all arguments are the thing's; `beside` are keys that are none.
    """

    key: str
    name: str
    written: str
    sure: str | None
    beside: tuple[str, ...]


def type_form(table: Registry[Any], raw: Mapping[str, Any], siblings: Collection[str] = ()) -> TypeForm | None:
    """What is meant by `{type: dense, units: 8}` or `{name: adam, learning_rate: 0.1}`, or None for what is no such form."""
    for key in (*TYPE_KEYS, "name"):
        value = raw.get(key)
        if not isinstance(value, str) or key in table:
            continue
        beside = {other: raw[other] for other in raw if other in siblings and other != key}
        rest = {other: raw[other] for other in raw if other not in (key, "name", *siblings)}
        wrapped = next((rest[one] for one in ("config", "args", "params") if [*rest] == [one]), None)
        if isinstance(wrapped, Mapping):
            # As Keras writes it out.
            rest = dict(wrapped)
        name = next(table.called(value), None) if key == "name" else table.suggest(value)
        # An output may well be called `kind`.
        if (
            name
            and key in ("kind", "op", "layer")
            and not all(spelled(other, table.find(name).model_fields) for other in rest)
        ):
            continue
        if name and (key not in siblings or is_type(table, name, rest)):
            written = with_siblings(f"{name}: {spell(as_here(value, rest))}" if rest else name, beside)
            lost = isinstance(wrapped, Mapping) or (key != "name" and "name" in raw and "name" not in siblings)
            sure = None if lost else sure_name(table, value, rest, ())
            if sure and not all(surely(other, table.find(sure).model_fields) for other in rest):
                sure = None
            return TypeForm(key, name, written, sure, tuple(beside))
    return None


def is_type(table: Registry[Any], name: str, rest: Collection[str]) -> bool:
    """Whether a `name:` that is also the entry `name` says the type: a layer may well be called like another one."""
    fields = table.find(name).model_fields
    return all(spelled(key, fields) for key in rest) and not (rest and set(rest) <= set(table))


def with_siblings(thing: str, siblings: Mapping[str, Any]) -> str:
    """A thing and what stands beside it, on one line."""
    shown = {key: value for key, value in siblings.items() if key != "name"}
    if not shown:
        return thing
    sources = [f"from: {flow(shown.pop('from'))}"] if "from" in shown else []
    return "{" + ", ".join([*sources, thing, *(f"{key}: {flow(value)}" for key, value in shown.items())]) + "}"


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


def of_cell(table: Registry[Any], name: str, arguments: Any) -> str | None:
    """The layer that Keras's `RNN: {cell: ...}` runs, with the arguments beside the cell; None for what is no such form.

    Here a cell is the layer that runs it, and several of them are a stack.
    """
    if fold(name.rpartition(".")[2]) != "rnn" or not isinstance(arguments, Mapping) or "cell" not in arguments:
        return None
    cell = arguments["cell"]
    if isinstance(cell, list):
        cell = {"stacked_rnn": cell}
    kind, given = next(iter(cell.items())) if isinstance(cell, Mapping) and len(cell) == 1 else (cell, {})
    meant = table.suggest(kind) if isinstance(kind, str) else None
    if meant is None:
        return None
    given = given if isinstance(given, Mapping) else {table.find(meant).primary or "": given}
    return translated(table, meant, {**given, **{key: value for key, value in arguments.items() if key != "cell"}})


def another(table: Registry[Any], name: str) -> str | None:
    """The entry that others call `name`, though something else has that name here: `dense` for `linear`."""
    return next((entry for entry in table.called(name) if entry != name), None)


def is_foreign(name: str, entry: str) -> bool:
    """Whether `name` is another word than `entry`, not another way to write it."""
    return fold(name.rpartition(".")[2]) != fold(entry)


def sure_name(table: Registry[Any], name: str, arguments: Any, blocks: Collection[str]) -> str | None:
    """The thing of the table, or for a layer the block, that the unknown `name` stands for beyond doubt."""
    named = surely(name, blocks) if table.kind == "layer" else None
    sure = {found for found in (surely_called(name, table, arguments), named) if found}
    counted = OTHERWISE.get(fold(name.rpartition(".")[2]), "")
    if len(sure) != 1 or (isinstance(arguments, Mapping) and any(means(key, counted) for key in arguments)):
        return None
    return sure.pop()


def means(key: str, argument: str) -> bool:
    """Whether `key` is `argument`, or may be a slip of it."""
    return bool(argument) and (fold(key) == argument or bool(get_close_matches(fold(key), [argument], cutoff=0.7)))


def fed_cure(table: Registry[Any], name: str, value: Any) -> str:
    """The cure for a list of nodes where the arguments of a layer with several inputs stand. Empty for all else."""
    if not isinstance(value, list) or table.kind != "layer" or not any(slot.many for slot in table.find(name).slots):
        return ""
    return f"in a graph, name what feeds it beside it: `{{from: {flow(value)}, {name}}}`"


def example_of(whose: Mapping[str, str] | None) -> str:
    from modelc.compiler.library.registries import table_of

    if whose is None:
        return ""
    cls: type[Registered] = table_of(whose["kind"]).find(whose["name"])
    return cls.example if "\n" not in cls.example else ""
