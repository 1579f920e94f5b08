"""Reports keys at the wrong level of an item that wraps another one, as `time_distributed` wraps a layer.

One mistake, and one error, whatever else of the thing is missing or unknown for it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import STRUCTURES
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.registry import FromRegistry, Registered, Registry


def beside(kind: str, names: Collection[str]) -> bool:
    """Whether some of the names are of keys that stand beside a thing of the kind."""
    return any(name in names for name in BESIDE.get(kind, ()))


def two_in_one(reporter: Reporter, path: Path, table: Registry[Any], owner: str, value: Mapping[str, Any]) -> bool:
    """Report a key beside the thing at `path`, inside `owner`, that belongs beside `owner`; says whether there is one."""
    named = [name for name in value if name in table]
    around = [name for name in value if beside(table.kind, (name,))]
    if len(named) != 1 or not around or len(value) > 1 + len(around):
        return False
    message = f"`{around[0]}` is not allowed beside a {table.kind} inside `{owner}`"
    help = f"move `{around[0]}` out to the same indentation as `{owner}`"
    reporter.add("E102", message, (*path, around[0]), key=True, label=f"not beside `{named[0]}`", help=help)
    return True


def wrapped_one(
    reporter: Reporter, path: Path, table: Registry[Any], owner: str, unknown: Mapping[str, Any]
) -> tuple[str, ...]:
    """Report what is wrong with the `unknown` arguments of `owner` if its main argument is among them: keys that belong
    beside `owner`, arguments of what it wraps, a second thing, a typo.

    Gives those of them that this accounts for; none where there is no such thing.
    """
    cls = table.find(owner)
    primary, wraps = cls.primary, cls.wraps()
    if primary is not None and wraps is not None and (*path, primary) in reporter.document.values:
        return beside_the_wrapped(reporter, path, owner, primary, wraps.table, unknown)
    if primary is None or (*path, primary) in reporter.document.values:
        return ()
    if wraps is None:
        # What the argument can be, only the class knows.
        known = any(cls.foreign_argument(name) or suggest(name, cls.model_fields).is_safe for name in unknown)
        if known or not fits(table, owner, primary, dict(unknown)):
            return ()
        verb, at = "is a value" if len(unknown) == 1 else "are values", (*path, next(iter(unknown)))
        message = f"{name_list(unknown)} {verb} for `{primary}` of `{owner}` and must be inside it"
        help = f"write `{owner}: {{{primary}: {spell(unknown)}}}`"
        reporter.add("E102", message, at, key=True, label=f"not inside `{primary}`", help=help)
        return tuple(unknown)
    named = [
        name for name in unknown if name in wraps.table or is_no_layer(wraps.table, name, reporter.document.defined)
    ]
    if not named:
        return misspelt_one(reporter, path, wraps.table, list(unknown), cls)
    if is_no_layer(wraps.table, named[0], reporter.document.defined):
        reporter.unknown_name((*path, named[0]), wraps.table, named[0])
        return tuple(unknown)
    first, kind = named[0], wraps.table.kind
    if named[1:]:
        message, at = f"`{owner}` takes one {kind}, and `{named[1]}` is a second one", (*path, named[1])
        help = help_for_several(wraps, owner, {name: unknown[name] for name in named})
        reporter.add("E102", message, at, key=True, label=f"a second {kind}", help=help)
        return tuple(unknown)
    moved = {name: unknown[name] for name in unknown if beside(table.kind, (name,))}
    inside = {name: unknown[name] for name in unknown if name in wraps.table.find(first).model_fields}
    if not moved and not inside:
        return ()
    whole = reporter.document.get(path) if path in reporter.document.values else {}
    kept = {name: whole[name] for name in cls.model_fields if isinstance(whole, Mapping) and name in whole}
    arguments = "".join(f", {name}: {flow(value)}" for name, value in kept.items())
    ways = ways_inside(wraps.table, first, unknown[first], inside)
    written = [f"{owner}: {{{one}{arguments}}}" for one in ways]
    if moved:
        out = [f"{name}: {flow(value)}" for name, value in moved.items()]
        written = [f"{{{', '.join((one, *out))}}}" for one in written]
    wrong = next(iter(moved or inside))
    message = f"`{wrong}` is not allowed beside a {kind} inside `{owner}`"
    if not moved:
        message = f"`{wrong}` is an argument of `{first}` and must be inside it"
    label = f"not beside `{first}`"
    help = f"write {alternatives(written)}{given_twice(wraps.table, first, unknown[first], inside)}"
    reporter.add("E102", message, (*path, wrong), key=True, label=label, help=help)
    return (first, *moved, *inside)


def help_for_several(wraps: FromRegistry, owner: str, named: Mapping[str, Any]) -> str:
    """What to write for several `named` things inside `owner`, which wraps one."""
    first, second = [*named][:2]
    listed = ", ".join(name if value is None else f"{name}: {flow(value)}" for name, value in named.items())
    if wraps.chain:
        return f"write them as a list: `{owner}: [{listed}]`"
    help = f"write a `{owner}` for each"
    if wraps.table.kind != "layer":
        return help
    help = one_wrapped(owner, [{name: value} for name, value in named.items()]) or help
    if second not in wraps.table.find(first).model_fields:
        return help
    more = {second: named[second]}
    written = [f"{owner}: {{{one}}}" for one in ways_inside(wraps.table, first, named[first], more)]
    twice = given_twice(wraps.table, first, named[first], more)
    return f"for the argument of `{first}` write {alternatives(written)}{twice}; {help}"


def beside_the_wrapped(
    reporter: Reporter, path: Path, owner: str, primary: str, table: Registry[Any], unknown: Mapping[str, Any]
) -> tuple[str, ...]:
    """Report those of the `unknown` arguments of a wrapper that are arguments of what it wraps, which stands at its argument
    `primary`; gives them.
    """
    at = (*path, primary)
    given = None if reporter.has_hole(at) else reporter.document.get(at)
    inner = {given: None} if isinstance(given, str) else given
    if not isinstance(inner, Mapping) or len(inner) != 1 or next(iter(inner)) not in table:
        return ()
    ((name, arguments),) = inner.items()
    inside = {key: value for key, value in unknown.items() if key in table.find(name).model_fields}
    if not inside:
        return ()
    # What it lacks may be what stands beside it.
    reporter.unread.add(at)
    whole = reporter.document.get(path)
    others = "".join(f", {key}: {flow(value)}" for key, value in whole.items() if key not in (primary, *unknown))
    written = [f"{owner}: {{{one}{others}}}" for one in ways_inside(table, name, arguments, inside)]
    help = f"write {alternatives(written)}{given_twice(table, name, arguments, inside)}"
    first = next(iter(inside))
    message = f"`{first}` is an argument of `{name}` and must be inside it"
    reporter.add("E102", message, (*path, first), key=True, label=f"not beside `{name}`", help=help)
    return tuple(inside)


def ways_inside(table: Registry[Any], name: str, value: Any, more: Mapping[str, Any]) -> list[str]:
    """The thing `name` with its arguments `value` and the `more` ones that stand beside it, as a spec writes it on one line.

    Two ways where both give an argument, and which of the values is meant nobody can tell.
    """
    if not more:
        return [spell({name: value})[1:-1]]
    given = arguments_of(table, name, value)
    return list(dict.fromkeys(f"{name}: {spell(one)}" for one in ({**given, **more, **given}, {**given, **more})))


def given_twice(table: Registry[Any], name: str, value: Any, more: Mapping[str, Any]) -> str:
    """What follows the `alternatives` where the `more` arguments have other values than the same ones in `value`."""
    given = arguments_of(table, name, value)
    several = [key for key in more if key in given and flow(given[key]) != flow(more[key])]
    return "".join(f": `{key}` is given twice, as {flow(given[key])} and as {flow(more[key])}" for key in several[:1])


def arguments_of(table: Registry[Any], name: str, value: Any) -> Mapping[str, Any]:
    """The arguments that the thing `name` has by its `value`, by name."""
    primary = table.find(name).primary
    return value if isinstance(value, Mapping) else {} if value is None or not primary else {primary: value}


def alternatives(written: Sequence[str]) -> str:
    """What to write, in backticks, or several things of which one is to be chosen."""
    return ", or ".join(f"`{one}`" for one in written)


def misspelt_one(
    reporter: Reporter, path: Path, table: Registry[Any], unknown: list[str], cls: type[Registered]
) -> tuple[str, ...]:
    """Report the only unknown argument of a wrapper where it is meant for the name of what it wraps."""
    name = unknown[0]
    if len(unknown) > 1 or suggest(name, cls.model_fields) or not suggest(name, table):
        return ()
    reporter.unknown_name((*path, name), table, name)
    return (name,)


def several(value: Any, kind: str, whose: Mapping[str, str] | None, path: Path) -> str:
    """What to do about a list where one thing of the kind at `path` is wanted. Empty for all else."""
    if isinstance(value, list) and kind == "loss":
        term = path[-1] if path[-2:-1] == ("losses",) else "NAME"
        if len(value) == 2 and isinstance(value[0], str) and type(value[1]) in (int, float):
            return f"write `{path[-1]}: {{{value[0]}: , weight: {value[1]}}}`"
        return (
            f"write a term for each, the others under names of their own: `losses: {{{term}: LOSS, other: {{LOSS, of: {term}, "
            f"target: {term}}}}}`"
        )
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and path and isinstance(path[-1], str):
        return f"write `{path[-1]}: {value[0]}`"
    is_columns = kind == "reader" and isinstance(value, list) and value and all(isinstance(one, str) for one in value)
    if is_columns and path[-2:-1] in (("inputs",), ("targets",)):
        from modelc.compiler.language.suggestions.wrong_kinds import columns_as_one

        return columns_as_one(str(path[-2]), str(path[-1]), value)
    if not isinstance(value, list) or not whose:
        return ""
    help = f"only one {kind} is allowed here: write a `{whose['name']}` for each"
    if whose["name"] == "bidirectional":
        from modelc.compiler.language.suggestions.recurrent_stacks import in_both_directions

        return in_both_directions(value) or one_wrapped(whose["name"], value) or help
    return one_wrapped(whose["name"], value) or help if kind == "layer" else help


def one_wrapped(owner: str, layers: list[Any]) -> str:
    """What to write for a list of `layers` inside `owner`, which takes one: those that it is not made for stand before or
    after it. Empty unless it is made for just one of them.
    """
    from modelc.compiler.library.layers import LAYERS
    from modelc.compiler.library.layers.core.wrapper import Wrapper

    cls = LAYERS.find(owner)
    named = [next(iter(item), "") if isinstance(item, Mapping) else item for item in layers]
    if not issubclass(cls, Wrapper) or not all(isinstance(name, str) and name in LAYERS for name in named):
        return ""
    fitting = [cls.is_made_for(LAYERS.find(name)) for name in named]
    if fitting.count(True) != 1:
        return ""
    place = fitting.index(True)
    shown = [f"`{flow(item)[1:-1] if isinstance(item, Mapping) and len(item) == 1 else item}`" for item in layers]
    parts = [f"`{owner}` takes one layer: write `{owner}: {flow(layers[place])}`"]
    parts += [
        f"{' and '.join(some)} {where} it"
        for some, where in ((shown[:place], "before"), (shown[place + 1 :], "after"))
        if some
    ]
    return ", and ".join(parts)


def is_no_layer(inner: Registry[Any], name: str, blocks: Collection[str]) -> bool:
    """Whether a layer is wanted and `name` is of what stands in its place elsewhere."""
    return inner.kind == "layer" and (name in STRUCTURES or name in blocks)


def fits(table: Registry[Any], owner: str, argument: str, value: Any, required: Collection[str] = ()) -> bool:
    """Whether the `argument` of `owner` can be `value`, all else being left out, also the others that are `required`."""
    try:
        table.build({owner: {argument: value}})
    except ValidationError as error:
        return all(item["type"] == "missing" and item["loc"][-1] in required for item in error.errors())
    return True
