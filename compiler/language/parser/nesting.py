"""Reports keys at the wrong level of an item that wraps another one, as `time_distributed` wraps a layer.

One mistake, and one error, whatever else of the thing is missing or unknown for it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import STRUCTURES
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.registry import FromRegistry, Registry


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
    help = f"move `{around[0]}` out to the column of `{owner}`"
    reporter.add("E102", message, (*path, around[0]), key=True, label=f"not beside `{named[0]}`", help=help)
    return True


def wrapped_one(
    reporter: Reporter, path: Path, table: Registry[Any], owner: str, unknown: Mapping[str, Any]
) -> tuple[str, ...]:
    """Report what the main argument of `owner` can be among the `unknown` ones, a level too high: `bidirectional:
    {lstm: 4}`.

    Gives those of them that this accounts for; none where there is no such thing.
    """
    cls = table.find(owner)
    primary = cls.primary
    if primary is None or (*path, primary) in reporter.document.values:
        return ()
    inner = next((mark.table for mark in cls.model_fields[primary].metadata if isinstance(mark, FromRegistry)), None)
    if inner is None:
        # What the argument can be, only the class knows.
        named = list(unknown) if len(unknown) == 1 and fits(table, owner, primary, unknown) else []
    else:
        blocks = reporter.document.defined
        named = [name for name in unknown if name in inner or is_no_layer(inner, name, blocks)]
    if not named:
        return ()
    if inner is not None and is_no_layer(inner, named[0], reporter.document.defined):
        reporter.unknown_name((*path, named[0]), inner, named[0])
        return tuple(unknown)
    moved = {name: unknown[name] for name in unknown if beside(table.kind, (name,))}
    written = f"{owner}: {{{primary}: {spell({named[0]: unknown[named[0]]})}}}"
    if moved:
        written = f"{{{', '.join((written, *(f'{name}: {flow(value)}' for name, value in moved.items())))}}}"
    message, at = f"`{named[0]}` is a value for `{primary}` of `{owner}` and must be inside it", (*path, named[0])
    note = f"`{primary}` takes only one {inner.kind}: `{named[1]}` is a second one" if inner and named[1:] else ()
    reporter.add("E102", message, at, key=True, label=f"not inside `{primary}`", help=f"write `{written}`", note=note)
    return (*named, *moved)


def several(value: Any, kind: str, whose: Mapping[str, str] | None, path: Path) -> str:
    """What to do about a list where one thing of the kind at `path` is wanted. Empty for all else."""
    if isinstance(value, list) and kind == "loss":
        term = path[-1] if path[-2:-1] == ("losses",) else "NAME"
        return (
            f"write a term for each, the others under names of their own: `losses: {{{term}: LOSS, other: {{LOSS, of: {term}, "
            f"target: {term}}}}}`"
        )
    help = f"only one {kind} is allowed here: write a `{whose['name']}` for each" if whose else ""
    return help if isinstance(value, list) else ""


def is_no_layer(inner: Registry[Any], name: str, blocks: Collection[str]) -> bool:
    """Whether a layer is wanted and `name` is of what stands in its place elsewhere."""
    return inner.kind == "layer" and (name in STRUCTURES or name in blocks)


def fits(table: Registry[Any], owner: str, primary: str, value: Mapping[str, Any]) -> bool:
    """Whether the argument `primary` of `owner` can be `value`, all else being left out."""
    try:
        table.build({owner: {primary: dict(value)}})
    except ValidationError:
        return False
    return True
