"""Reports keys that stand a level too deep (`metrics` inside `losses`) or too high (`shape` where inputs are named).

One mistake and one error, however many entries stand below the key.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.field_schema import listed
from modelc.compiler.language.grammar import LANGUAGE, SECTIONS
from modelc.compiler.language.layer_grammar import ITEM, RECURRING
from modelc.compiler.language.parser.likely_names import likely_name
from modelc.compiler.language.shapes import Again, Either, Items, Keys, Names, Shape, Thing, Value
from modelc.compiler.language.suggestions.foreign_keys import key_hint
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.stopping_words import FOREIGN, as_patience
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, flow, in_line, spell
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in
from modelc.compiler.library.base.registry import Registry, fold
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.optimizers import OPTIMIZERS

LONGEST = 80
"""Characters of what a help shows of a mapping."""

CONDITION = 'for a layer under a condition, repeat it 0 times or once: `repeat: "${1 if CONDITION else 0}"`'
IN_A_CHAIN = (
    "in a chain each layer gets the output of the one before it: to join several, write a graph of `nodes`, or put "
    "`residual` or `parallel` around the layers"
)
TYPES: Mapping[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "string": str,
}
"""The types of JSON Schema in Python; all else is a mapping."""


def report_too_deep(reporter: Reporter, shape: Names, raw: Mapping[str, Any], path: Path) -> set[str]:
    """Report the entries of `raw`, a mapping from names, that are keys of what is around it; gives them.

    Such is one that is called like a key, and whose value can be that of the key and no entry.
    """
    defined = names_of_model(reporter.document.data)
    found: set[str] = set()
    for home, keys in around(path):
        moved = [
            name
            for name, value in raw.items()
            if name in keys.keys and name not in (*defined, *found)
            if could_be(keys.keys[name], value)
            if not could_be(shape.of, value) or not re.fullmatch(shape.pattern, name)
        ]
        if not moved:
            continue
        found |= {*moved}
        for name in moved:
            reporter.unread.add((*path, name))
            reporter.unread.add((*home, name))
        several = len(moved) > 1
        entry = f"entries of `{path[-1]}`" if several else entry_of(shape)
        message = f"{name_list(moved)} {'are keys' if several else 'is a key'} of {keys.what}, not {entry}"
        help = f"move {'them' if several else 'it'} out {indentation_of(home, path)}"
        label, at = f"not inside `{path[-1]}`", (*path, moved[0])
        related = [((*path, name), "neither is this") for name in moved[1:]]
        reporter.add("E102", message, at, key=True, label=label, help=help, related=related)
    return found


def report_too_high(reporter: Reporter, shape: Names, raw: Mapping[str, Any], path: Path) -> bool:
    """Report a mapping from names that is an entry itself, whose name is left out; says whether it is one."""
    entry = resolved(shape.of)
    entries = any(could_be(entry, value) for value in raw.values())
    if not raw or reporter.has_hole(path) or not is_entry(entry, raw) or entries:
        return False
    if is_named_like_one(entry, raw, names_of_model(reporter.document.data)):
        return False
    where = f"`{path[-1]}`"
    message = (
        f"{name_list([*raw])} {'stands' if len(raw) == 1 else 'stand'} in {where} without the name of {entry_of(shape)}"
    )
    (first, value), *others = raw.items()
    written = first if value is None and not others else in_line(dict(raw), LONGEST) or "{...}"
    name = likely_name(reporter.document.data, path)
    help = f"write `{path[-1]}: {{{name}: {written}}}`"
    reporter.add("E103", message, path, key=True, label="a name is missing", help=help)
    reporter.unread.add(path)
    return True


def key_around(reporter: Reporter, path: Path) -> str:
    """What to do about the unknown key at `path`, if it is one of a section around it, which then does not lack it. Empty
    if it is none.
    """
    from modelc.compiler.language.suggestions.repeat_keys import CONDITIONS, LOOPS, condition_help, copies_help

    if path[-1] == "from" and isinstance(path[-2], int):
        node = path[:-3]
        first = (
            path[-3:-1] == ("layers", 0)
            and node[-2:-1] == ("nodes",)
            and (*node, "from") not in reporter.document.values
        )
        return f"it feeds the node: move it out to the same indentation as `{path[-3]}`" if first else IN_A_CHAIN
    if path[-1] == "name" and path[-3:-2] == ("nodes",):
        return f"remove it: the node is called `{path[-2]}` by its key"
    if wrapper := next((part for part in path[-3:1:-1] if is_wrapper(part) and path[-1] in fields_of(part)), None):
        return f"it is an argument of `{wrapper}`: move it out to the same indentation as `{path[-2]}`"
    is_read = path in reporter.document.values and not reporter.is_hole(path)
    value = reporter.document.get(path) if is_read else None
    if path[-2] == "repeat":
        return of_repeat(reporter, path, value)
    if path[:-1] == ("train", "early_stopping") and fold(str(path[-1])) in FOREIGN:
        return as_patience("early_stopping", reporter.document.get(path[:-1]), reporter.document.data)
    if fold(str(path[-1])) in CONDITIONS and path[0] in ("model", "blocks"):
        at = reporter.document.origin(path)
        return condition_help(at.document.get(at.path))
    if fold(str(path[-1])) in LOOPS:
        return copies_help(value)
    if path[-1] in ("enabled", "if", "when"):
        return CONDITION
    if path[0] == "blocks" and len(path) == 3 and isinstance(value, str | int | float):
        return f"parameters stand in `params: {{{path[-1]}: {flow(value)}}}`"
    if path[0] in ("model", "blocks") and (help := key_of_a_join(reporter, path)):
        return help
    for home, keys in around(path[:-1]):
        # Whatever has a name may have it below.
        if path[-1] in keys.keys and len(home) < len(path) - 1 and (home or path[-1] != "name" or len(path) < 3):
            if path not in reporter.document.misplaced:
                reporter.unread.add((*home, path[-1]))
            return f"`{path[-1]}` is a key of {keys.what}: move it out {indentation_of(home, path)}"
    return ""


def is_wrapper(part: object) -> bool:
    """Whether a part of a path is the name of a layer that runs another one."""
    return isinstance(part, str) and part in LAYERS and LAYERS.find(part).wraps() is not None


def fields_of(layer: object) -> Collection[str]:
    return LAYERS.find(str(layer)).model_fields


def key_of_a_join(reporter: Reporter, path: Path) -> str:
    """What to do about the unknown key at `path`, if it says how values are joined; empty for all others."""
    from modelc.compiler.language.suggestions.joins import join_of_a_node, join_of_branches

    if reporter.is_hole(path) or path not in reporter.document.values or path[:-1] not in reporter.document.values:
        return ""
    key, value, beside = str(path[-1]), reporter.document.get(path), reporter.document.get(path[:-1])
    if path[-2] in ("parallel", "residual"):
        if path[-2] == "residual" and (key in LAYERS or key in reporter.document.defined):
            layer = key if value is None else f"{key}: {flow(value)}"
            return f"its layers stand in a list: `layers: [{layer}]`"
        return join_of_branches(key, value)
    sources = beside.get("from") if isinstance(beside, Mapping) else None
    return join_of_a_node(key, value, sources, LAYERS)


def of_repeat(reporter: Reporter, path: Path, value: Any) -> str:
    """What to do about the unknown key at `path`, inside `repeat`, with the `value`: what is repeated, or a loop."""
    from modelc.compiler.language.suggestions.repeat_keys import counted

    name = str(path[-1])
    are_numbers = isinstance(value, list) and bool(value) and all(type(one) in (int, float) for one in value)
    if are_numbers or name not in (*ITEM.others, *ITEM.table, *reporter.document.defined):
        return counted(reporter.document.get(path[:-1]))
    reporter.unread.add(path)
    times = next((one for one in reporter.document.get(path[:-1]).values() if type(one) is int), "N")
    layer = name if value is None else f"{name}: {in_line(value, LONGEST) or '...'}"
    return f"what is repeated stands beside `repeat`: `{{{layer}, repeat: {times}}}`"


def form_of(reporter: Reporter, shape: Keys, key: str, value: Any) -> str:
    """How the `value` of an unknown key is written under the one that is meant, where it has another form there."""
    right = suggest(key, shape.keys).new
    below = shape.keys.get(right)
    if below is None or isinstance(below, Thing | Again) or could_be(below, value) or key_hint(key):
        return ""
    advice = below.help
    return advice if isinstance(advice, str) else advice(right, value, reporter.document.data)


def indentation_of(home: Path, path: Path) -> str:
    """Where a key at `path` belongs that is one of the mapping at `home`."""
    return f"to the same indentation as `{path[len(home)]}`" if home else "to the left margin"


def as_argument(spec: Mapping[str, Any], key: str, value: Any) -> tuple[str, str] | None:
    """Whose argument `key` is, of the optimizer or of a loss of the spec, and how it is written inside, with the arguments
    that are there; where the spec has no optimizer that is known, of the first that has it. None if it is none.
    """
    train = mapping_in(spec, "train")
    chosen = named(train.get("optimizer"), OPTIMIZERS)
    optimizers = [chosen] if chosen else []
    if not chosen and spelled(key, arguments_of_optimizers()):
        # It is most often adam, where the text does not say.
        optimizers = [(name, None) for name in ("adam", *OPTIMIZERS)]
    for name, given in optimizers:
        if inside := with_argument(OPTIMIZERS, name, given, key, value):
            return "optimizer", f"optimizer: {{{inside}}}"
    if (loss := named(train.get("loss"), LOSSES)) and (inside := with_argument(LOSSES, *loss, key, value)):
        return f"loss `{loss[0]}`", f"loss: {{{inside}}}"
    for term, written in mapping_in(train, "losses").items():
        if (loss := named(written, LOSSES)) and (inside := with_argument(LOSSES, *loss, key, value)):
            return f"loss `{loss[0]}`", f"losses: {{{term}: {{{inside}}}}}"
    return None


def arguments_of_optimizers() -> Collection[str]:
    """The arguments of all optimizers."""

    def look_up() -> tuple[str, ...]:
        return tuple(dict.fromkeys(argument for name in OPTIMIZERS for argument in OPTIMIZERS.find(name).model_fields))

    return lookups().once("arguments of optimizers", look_up)


def named(written: Any, table: Registry[Any]) -> tuple[str, Any] | None:
    """The thing of `table` that is `written`, and its arguments; None where there is none."""
    things = {written: None} if isinstance(written, str) else written if isinstance(written, Mapping) else {}
    return next(((name, given) for name, given in things.items() if name in table), None)


def with_argument(table: Registry[Any], name: str, given: Any, key: str, value: Any) -> str:
    """The thing `name` with its arguments and `key`; empty if it has no such argument."""
    cls = table.find(name)
    argument = spelled(key, cls.model_fields)
    if argument is None:
        return ""
    arguments = given if isinstance(given, Mapping) else {} if given is None else {cls.primary: given}
    if argument == "class_weight" and isinstance(value, list):
        value = {str(label): weight for label, weight in enumerate(value)}
    return f"{name}: {spell({**arguments, argument: value})}"


def around(path: Path) -> Iterator[tuple[Path, Keys]]:
    """The section around `path` with its place, and the top level, if `path` is inside them."""
    if len(path) > 1 and path[0] in SECTIONS:
        yield path[:1], SECTIONS[str(path[0])]
    if path:
        yield (), LANGUAGE


def names_of_model(spec: Mapping[str, Any]) -> set[str]:
    """The names of inputs, nodes and outputs, which may be those of keys."""
    model = spec.get("model")
    found: set[str] = set()
    if isinstance(model, Mapping):
        for part, known in (("inputs", SECTIONS["model"].keys), ("nodes", SECTIONS["model"].keys), ("outputs", {})):
            names = model.get(part)
            listed_names = names if isinstance(names, Mapping | list) else ()
            found |= {name for name in listed_names if isinstance(name, str) and name not in known}
    return found


def resolved(shape: Shape) -> Shape:
    return RECURRING[shape.name] if isinstance(shape, Again) else shape


def could_be(shape: Shape, value: Any) -> bool:
    """Whether a value has the form that `shape` describes, as far as its outermost level says."""
    shape = resolved(shape)
    if isinstance(shape, Either):
        parts = (shape.mapping, shape.items, shape.value)
        return any(part is not None and could_be(part, value) for part in parts)
    if isinstance(shape, Thing):
        named = [value] if isinstance(value, str) else list(value) if isinstance(value, Mapping) else []
        blocks = shape.blocks and any(str(name)[:1].isupper() for name in named)
        return blocks or any(name in (*shape.table, *shape.siblings, *shape.others) for name in named)
    if isinstance(shape, Keys):
        return isinstance(value, Mapping) and any(key in shape.keys for key in value)
    if isinstance(shape, Names):
        return isinstance(value, Mapping)
    if isinstance(shape, Items):
        return isinstance(value, list) and all(could_be(shape.of, item) for item in value)
    return isinstance(shape, Value) and is_plain(shape, value)


def is_plain(shape: Value, value: Any) -> bool:
    kinds = [TYPES.get(kind, Mapping) for kind in listed(shape.schema["type"])]
    is_of_kind = (type(value) is bool) <= (bool in kinds) and any(isinstance(value, kind) for kind in kinds)
    return is_of_kind and (not isinstance(value, str) or bool(re.search(shape.schema.get("pattern", ""), value)))


def is_entry(shape: Shape, raw: Mapping[str, Any]) -> bool:
    """Whether all keys of `raw` are those of one entry."""
    if isinstance(shape, Keys):
        return all(key in shape.keys for key in raw)
    if not isinstance(shape, Thing):
        return False
    things = [key for key in raw if key in shape.table or key in shape.others]
    return len(things) == 1 and all(key in things or key in shape.siblings for key in raw)


def is_named_like_one(shape: Shape, raw: Mapping[str, Any], names: Collection[str]) -> bool:
    """Whether `raw` is an entry by one of the `names` that is called like a thing too, and has no argument of that thing."""
    if not isinstance(shape, Thing) or len(raw) != 1:
        return False
    ((name, value),) = raw.items()
    fields = shape.table.find(name).model_fields if name in names and name in shape.table else None
    return fields is not None and isinstance(value, Mapping) and bool(value) and not any(key in fields for key in value)


def entry_of(shape: Names) -> str:
    """What an entry is, in words: `an input`."""
    word = shape.each.removeprefix("the ")
    return f"{shape.each} an output" if word.endswith(" of") else article(word or "entry")
