"""Parses the items of chains and nodes: layers, and the structures in place of one (blocks, `residual`, `share`, ...)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import (
    Body,
    Chain,
    Item,
    Layers,
    Parallel,
    Reference,
    Repeat,
    Residual,
    Share,
    Unbuilt,
    Unembed,
)
from modelc.compiler.language.grammar import BLOCK, FROM_FILE, MODEL
from modelc.compiler.language.layer_grammar import ITEM, LAYERS_OF, PARALLEL, REPEAT, RESIDUAL, STRUCTURES
from modelc.compiler.language.parser.arguments import built_once
from modelc.compiler.language.parser.levels import key_around
from modelc.compiler.language.parser.named_item import (
    Found,
    apart_help,
    check_name,
    check_reference,
    read_named,
    value_of,
)
from modelc.compiler.language.parser.trainable import read_trainable
from modelc.compiler.language.parser.walk import read, read_keys, wrong_kind
from modelc.compiler.language.shapes import Thing
from modelc.compiler.language.suggestions.hints import absent_hint
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.document import COPIES

MODEL_BODY, BLOCK_BODY = MODEL._replace(needs=()), BLOCK._replace(needs=())
"""What must be there is there, or was missing when blocks were written out."""


def read_items(
    reporter: Reporter, layers: list[Any] | None, path: Path, *, taken: Mapping[str, str] = {}
) -> tuple[Item, ...] | None:
    """The layers of a list; an item that cannot be read is an item without a layer. `taken` are names it may not use,
    each with what has it.
    """
    if layers is None:
        return None
    items = []
    used: dict[str, Path] = {}
    end = 0
    for index, value in enumerate(layers):
        here = (*path, index)
        if index >= end:
            end = index + report_cut_call(reporter, layers[index:], here)
        if reporter.is_hole(here) or index < end:
            items.append(Item("", None, None, here))
            continue
        items.append(read_item(reporter, value, here, ITEM))
        name = items[-1].name
        if name is not None:
            if name in used or name in taken:
                message = f"duplicate name `{name}` in this list"
                related = [(used[name], "first occurrence")] if name in used else ()
                note = "" if name in used else f"`{name}` is {taken[name]}"
                reporter.add("E110", message, (*here, "name"), label="second occurrence", related=related, note=note)
                # Two things of one name would be taken for one that feeds itself.
                items[-1] = items[-1]._replace(name=None)
            used.setdefault(name, (*here, "name"))
    return tuple(items)


def report_cut_call(reporter: Reporter, items: list[Any], path: Path) -> int:
    """Report a layer that is called as in Python at `path`, whose arguments are the next of the `items` of its list, between
    commas; gives how many items it is, 0 for what is no such call.
    """
    first = items[0]
    if not isinstance(first, str) or "(" not in first or ")" in first:
        return 0
    from modelc.compiler.language.suggestions.calls import length_of

    count = length_of(items)
    if count:
        reporter.unknown_name(path, LAYERS, ", ".join(map(str, items[:count])))
    return count


def read_item(reporter: Reporter, raw: Any, path: Path, shape: Thing) -> Item:
    """The item at `path`, an entry of a list or the mapping of a node.

    What is wrong with an item of a block is wrong in all its uses, and is looked for once.
    """
    if not reporter.document.blocks:
        return read_one(reporter, raw, path, shape)
    key = (reporter.document.value(path), repr(raw)) if reporter.wrong else None
    if key in reporter.wrong:
        known, start, end = reporter.wrong[key]
        for index in range(start, end):
            reporter.add_use(index)
        return moved(known, path)
    start, before = len(reporter.problems), reporter.uncounted
    item = read_one(reporter, raw, path, shape)
    end = len(reporter.problems)
    if item.body is None and (end > start or reporter.uncounted < before):
        key = (reporter.document.value(path), repr(raw))
        reporter.wrong[key] = moved(item, (), len(path)), start, end
    return item


def moved(item: Item, path: Path, start: int = 0) -> Item:
    """`item` at `path` instead of where it was read, which is the first `start` parts of its paths."""
    repeat = item.repeat and item.repeat._replace(path=(*path, *item.repeat.path[start:]))
    return item._replace(path=(*path, *item.path[start:]), repeat=repeat)


def read_one(reporter: Reporter, raw: Any, path: Path, shape: Thing) -> Item:
    """`read_item`, whether or not it is read in another use of its block."""
    item = read_single(reporter, raw, path, shape)
    if isinstance(raw, Mapping) and "trainable" in raw:
        item = item._replace(trainable=read_trainable(reporter, raw["trainable"], item, path))
    if item.repeat is None or item.is_hole or (*path, "repeat") not in reporter.document.copied:
        return item
    alone = shape._replace(siblings={}, needs=())

    def read_copy(raw: Any, path: Path) -> tuple[Item, ...]:
        return (read_single(reporter, raw, path, alone),)

    return item._replace(repeat=with_copies(reporter, item.repeat, raw["repeat"][COPIES], read_copy))


def with_copies(
    reporter: Reporter, repeat: Repeat, raw: list[Any], read_copy: Callable[[Any, Path], tuple[Item, ...] | None]
) -> Repeat:
    """`repeat` with its copies after the first, up to one that cannot be read: they are written as one."""
    copies, start = [], len(reporter.problems)
    for number, value in enumerate(raw):
        found = read_copy(value, (*repeat.path, COPIES, number))
        if found is None or len(reporter.problems) > start:
            break
        copies.append(found)
    return repeat._replace(copies=tuple(copies))


def read_single(reporter: Reporter, raw: Any, path: Path, shape: Thing) -> Item:
    """`read_one`, or of several copies that differ the first."""
    siblings = tuple(shape.siblings)
    mapping = raw if isinstance(raw, Mapping) else {}
    name = repeat = None
    if "name" in siblings and "name" in mapping:
        at = (*path, "name")
        name = read(reporter, shape.siblings["name"], mapping["name"], at)
        name = name if name is not None and check_name(reporter, name, at) else None
    if "repeat" in mapping:
        repeat = read_repeat(reporter, mapping["repeat"], (*path, "repeat"))
        if repeat is None and mapping.keys() <= {*siblings} and not reporter.holes.is_in(path):
            # The layer may be in it.
            return Item("", None, name, path)
    structure = structure_of(reporter, mapping, path, siblings)
    if structure is not None:
        body = read_body(reporter, structure, mapping[structure], (*path, structure))
        return Item(structure, None, name, (*path, structure), body, repeat)
    unread = not STRUCTURES.keys().isdisjoint(reporter.unread.keys(path)) or reporter.has_stopped
    if unread or is_other_form(reporter, mapping, path, siblings):
        return Item("", None, name, path, repeat=repeat)
    if isinstance(raw, list):
        help = "for layers in sequence as one item write `layers: [...]`"
        reporter.add("E105", "expected the name of a layer, got a list", path, label="expected a layer", help=help)
        return Item("", None, None, path)
    found = read_named(reporter, shape, raw, path)
    if found is None:
        return Item("", None, name, path, repeat=repeat)
    arguments = mapping.get(found.name)
    if name is None and found.value is None and isinstance(arguments, Mapping):
        # It is reported as an argument that does not exist, and meant as the name: other messages should know it.
        name = arguments["name"] if isinstance(arguments.get("name"), str) else None
    if isinstance(found.value, Unbuilt):
        return Item(found.name, None, name, found.path, repeat=repeat, unbuilt=found.value)
    return Item(found.name, found.value, name, found.path, repeat=repeat)


def structure_of(reporter: Reporter, raw: Mapping[str, Any], path: Path, siblings: tuple[str, ...]) -> str | None:
    """The key of `raw` that is a block or another thing in place of a layer; None where there is none, or more."""
    names = [key for key in raw if key not in siblings]
    structures = [key for key in names if key in STRUCTURES or (*path, key) in reporter.document.blocks]
    if not structures:
        return None
    others = [key for key in names if key != structures[0]]
    if others:
        from modelc.compiler.language.parser.parts_beside import parts_beside

        parts = parts_beside(reporter, structures[0], raw, path)
        others = [key for key in others if key not in parts]
    for key in others:
        if key in LAYERS or key in structures:
            message = f"one item names 2 layers: `{structures[0]}`, `{key}`"
            help = [apart_help(reporter, (structures[0], key), path)]
            if structures[0] in (Share.key, Unembed.key):
                from modelc.compiler.language.suggestions.sharing import sharing_help

                help = [text for text in (sharing_help(reporter.document, (*path, structures[0]), key), *help) if text]
                # Which of the two is meant decides what it takes and gives.
                reporter.unread.add((*path, structures[0]))
            related = [((*path, structures[0]), "the first")]
            reporter.add("E103", message, (*path, key), key=True, label="a second layer", help=help, related=related)
        else:
            elsewhere = "" if suggest(key, siblings) else key_around(reporter, (*path, key))
            reporter.unknown((*path, key), key, f"`{structures[0]}`", siblings, elsewhere=elsewhere)
    return None if reporter.is_hole((*path, structures[0])) else structures[0]


def is_other_form(reporter: Reporter, raw: Mapping[str, Any], path: Path, siblings: tuple[str, ...]) -> bool:
    """Whether `raw` uses a block in the form of others, or has a typo of what stands in place of a layer, which is
    reported.
    """
    if all(key in LAYERS or key in siblings for key in raw):
        return False
    from modelc.compiler.language.parser.block_forms import block_form

    return block_form(reporter, raw, path, siblings) or is_typo(reporter, raw, path, siblings)


def is_typo(reporter: Reporter, raw: Mapping[str, Any], path: Path, siblings: tuple[str, ...]) -> bool:
    """Whether a key of `raw` is a typo of what stands in place of a layer, which is reported, and so are all
    others.
    """
    names = [key for key in raw if key not in siblings]
    if reporter.is_full or any(key in LAYERS for key in names):
        return False
    meant = (suggest(key, STRUCTURES) for key in names if not absent_hint("layer", key))
    found = next((one for one in meant if one.is_safe), None)
    name = str(found.written) if found else ""
    if found is None or suggest(name, LAYERS).is_safe:
        return False
    reporter.add("E101", f"unknown layer `{name}`", (*path, name), key=True, label="no such layer", suggestion=found)
    for key in names:
        if key != name:
            reporter.unknown((*path, key), key, f"`{found.new}`", siblings)
    return True


def read_repeat(reporter: Reporter, raw: Any, path: Path) -> Repeat | None:
    """The value of `repeat`: a number, or a mapping that also says whether the copies share weights."""
    if path in reporter.document.copied:
        raw = {key: value for key, value in raw.items() if key != COPIES}
    found = read(reporter, REPEAT, raw, path)
    entries = found if isinstance(found, Mapping) else {"times": found}
    times: int | None = entries.get("times")
    if entries.get("tied") and "index" in entries:
        message = "copies that share their weights cannot differ by an `index`"
        help = "remove `tied`: then each copy has weights of its own"
        if not uses_index(reporter, str(entries["index"]), path):
            help = "remove `index`, which nothing uses"
        related = [((*path, "tied"), "shares the weights")]
        reporter.add("E108", message, (*path, "index"), key=True, label="not with `tied`", help=help, related=related)
        return None
    return None if times is None else Repeat(times, bool(entries.get("tied")), path)


def uses_index(reporter: Reporter, index: str, path: Path) -> bool:
    """Whether what is repeated by the `repeat` at `path` uses its index, as far as the text tells."""
    at = reporter.document.origin(path)
    item = at.document.get(at.path[:-1]) if at.path in at.document.values else None
    if not isinstance(item, Mapping) or "repeat" not in item:
        return True
    repeated = str([value for key, value in item.items() if key != "repeat"])
    return bool(re.search(rf"\$(?:{re.escape(index)}\b|{{[^}}]*\b{re.escape(index)}\b)", repeated))


def read_body(reporter: Reporter, kind: str, raw: Any, path: Path) -> Body | None:
    """What stands under `kind` at `path`; None where it cannot be read, which is reported."""
    if kind == Parallel.key:
        return read_parallel(reporter, raw, path)
    if kind == Residual.key:
        return read_residual(reporter, raw, path)
    if kind in STRUCTURES:
        found = read(reporter, STRUCTURES[kind], raw, path)
        if found is None or not check_reference(reporter, found, path):
            return None
        if kind == Layers.key:
            return Layers(read_items(reporter, found, path))
        return Share(Reference(found, path)) if kind == Share.key else Unembed(Reference(found, path))
    from modelc.compiler.language.parser.graph_nodes import inputs_of, read_inner

    typed = isinstance(raw.get("inputs"), Mapping)
    shape = MODEL_BODY if typed else BLOCK_BODY
    body = read_keys(reporter, shape, {key: raw[key] for key in raw if key not in FROM_FILE}, path) or {}
    types = inputs_of(reporter, body.get("inputs"), (*path, "inputs")) if typed else {}
    if "layers" in raw or reporter.is_hole((*path, "layers")):
        return Chain(read_items(reporter, body.get("layers"), (*path, "layers")), types)
    return read_inner(reporter, body, path, types)


def read_residual(reporter: Reporter, raw: Any, path: Path) -> Residual | None:
    """`residual: [...]`, or `residual: {layers: [...], shortcut: [...], join: add}`."""
    parts = RESIDUAL.keys
    named = [] if not isinstance(raw, Mapping) or raw.keys() & parts.keys() else list(raw)
    if any(name in LAYERS or name in STRUCTURES or name in reporter.document.defined for name in named):
        # One layer, or a mapping of them, in place of a list.
        wrong_kind(reporter, "a list", raw, path, f"`{Residual.key}`", LAYERS_OF.help)
        return None
    if isinstance(raw, Mapping):
        from modelc.compiler.language.parser.joins import read_join

        found = read_keys(reporter, RESIDUAL, raw, path, readers={"join": read_join}) or {}
        at = (*path, "layers")
    else:
        found, at = {"layers": read(reporter, STRUCTURES[Residual.key], raw, path)}, path
    join: Found | None = Found("add", built_once(LAYERS, "add"), path)
    if "join" in found or reporter.is_hole((*path, "join")):
        join = found.get("join")
    kind = join.name if join is not None else ""
    around = "shortcut" in found or reporter.is_hole((*path, "shortcut"))
    taken = {kind: "the layer that joins the branches", **({"shortcut": "the way around"} if around else {})}
    items = read_items(reporter, found.get("layers"), at, taken=taken)
    shortcut = read_items(reporter, found.get("shortcut"), (*path, "shortcut")) if around else ()
    if isinstance(raw, Mapping) and any(key not in parts for key in raw):
        # An unknown key may be meant for the way around, which decides what fits.
        return None
    return Residual(items, shortcut, value_of(join), kind)


def read_parallel(reporter: Reporter, raw: Any, path: Path) -> Parallel | None:
    """`parallel: {join: concatenate, branches: {a: [...], b: []}}`; None where there are not two branches."""
    from modelc.compiler.language.parser.joins import read_join

    section = read_keys(reporter, PARALLEL, raw, path, readers={"join": read_join}) or {}
    join: Found | None = section.get("join")
    kind = join.name if join is not None else ""
    branches: dict[str, tuple[Item, ...] | None] = {}
    at = (*path, "branches")
    for name, layers in (section.get("branches") or {}).items():
        if name == kind:
            message = f"a branch cannot have the name `{name}` of the layer that joins the branches"
            reporter.add("E110", message, (*at, name), key=True, label="the name of the join")
        branches[name] = read_items(reporter, layers, (*at, name))
    if section.get("branches") is not None and len(branches) < 2 and not reporter.lacks(at):
        shown = flow(next(iter(branches), "a"))
        message = f"`parallel` needs at least two branches, got {len(branches)}"
        help = f"for the identity write `{shown}: []`"
        reporter.add("E104", message, at, key=True, label="branches are missing", help=help)
    return Parallel(value_of(join), kind, branches) if len(branches) > 1 else None
