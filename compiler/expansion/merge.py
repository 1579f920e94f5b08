"""How a spec is laid over the one that it extends: mappings are merged, lists and plain values replaced.

A named thing (a layer, an optimizer, ...) is merged with one of the same name and replaces any other. Its shorthands are
spelt out first, so that `dense: 10` and `dense: {units: 10}` are the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from modelc.compiler.diagnostics.problem import Label, Path
from modelc.compiler.expansion.scope import entry, written
from modelc.compiler.expansion.source_tree import SourceNode
from modelc.compiler.language.grammar import Again, Either, Items, Keys, Names, Shape, Thing, arguments, language
from modelc.compiler.language.item_names import item_names
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, describe
from modelc.compiler.syntax.document import Hop, Where

Report = Callable[..., None]
"""Reports a problem: its code, its message, where it is, and more by name."""


def merge(base: SourceNode, own: SourceNode, report: Report) -> SourceNode:
    """The spec `own` on top of the spec `base`."""
    variables = {key: entry for spec in (base, own) for key, entry in entries_of(spec.get("vars")).items()}
    primaries: dict[str, str] = {}
    for spec in (base, own):
        for name, (_, block) in entries_of(spec.get("blocks")).items():
            for parameter in entries_of(block.get("params")):
                primaries.setdefault(name, parameter)
    return Overlay(variables, primaries, report).over(base, own, language())


def entries_of(part: SourceNode | None) -> Mapping[str, tuple[Where, SourceNode]]:
    """The entries of what should be a mapping."""
    return part.content if part is not None and part.kind == "mapping" else {}


@dataclass(frozen=True)
class Overlay:
    """What is known where one spec is laid over another: the variables of both as they are written, and the first parameter
    of each of their blocks."""

    variables: Mapping[str, tuple[Where, SourceNode]]
    primaries: Mapping[str, str]
    report: Report

    def over(self, base: SourceNode, own: SourceNode, shape: Shape | None) -> SourceNode:
        """`own` on top of `base`, both what `shape` describes; None for what is not described, such as a parameter."""
        if isinstance(shape, Again):
            shape = shape.shape
        if isinstance(shape, Either):
            shape = shape.mapping if own.kind == "mapping" and base.kind == "mapping" else None
        if isinstance(shape, Thing):
            return self.things(base, own, shape)
        if isinstance(shape, Keys | Names) and own.kind == "mapping" and base.kind in ("scalar", "list"):
            self.need_mapping(base, shape)
        if base.kind != "mapping" or own.kind != "mapping" or isinstance(shape, Items):
            return own
        return replace(own, content=self.entries(base, own, lambda key: below(shape, key)))

    def entries(
        self, base: SourceNode, own: SourceNode, shape: Callable[[str], Shape | None]
    ) -> dict[str, tuple[Where, SourceNode]]:
        """The entries of both mappings, in the order of `base`, then those that only `own` has."""
        entries = dict(base.content)
        for key, (where, part) in own.content.items():
            entries[key] = where, self.over(entries[key][1], part, shape(key)) if key in entries else part
        return entries

    def things(self, base: SourceNode, own: SourceNode, shape: Thing) -> SourceNode:
        """One named thing on top of another: merged where both have one name, else replaced whole."""
        one, two = spelt(base), spelt(own)
        first, name = name_in(one, shape), name_in(two, shape)
        if first is not None and name is not None and first != name:
            self.need_known(one, first, shape)
        if first is None and name is not None and name == name_in(spelt(self.behind(base)), shape):
            return self.refuse(base, own, name)
        if first is not None and own.kind == "mapping" and set(own.content) <= shape.siblings.keys() - {*shape.instead}:
            return self.unnamed(one, own, first, shape)
        if one.kind == two.kind == "mapping" and set(one.content) <= shape.siblings.keys() - {*shape.instead}:
            # Its name is removed, and what stands beside it is there for another.
            return replace(own, kind="mapping", content=self.entries(one, two, lambda key: below(shape, key)))
        if name is None or first != name or one.kind != "mapping" or two.kind != "mapping":
            return replace(own, trail=(*own.trail, *self.lost(one, two, first, name, shape)))
        given, mine = (part.content[name][1] for part in (one, two))
        if given.kind == "scalar" and self.behind(given).kind == "mapping" and not is_variable(mine):
            self.refuse(given, mine, name)
            return base

        under, above = (self.with_arguments(part, name, shape) for part in (one, two))
        return replace(own, kind="mapping", content=self.entries(under, above, lambda key: below(shape, key)))

    def need_mapping(self, base: SourceNode, shape: Keys | Names) -> None:
        """Report what is extended where it is no mapping and what is laid over it is one: it would be gone without a word."""
        if base.content is not None and not is_variable(base):
            message = f"{shape.what} must be a mapping, got {describe(base.data)}"
            self.report("E105", message, base.at, label="expected a mapping")

    def need_known(self, base: SourceNode, name: str, shape: Thing) -> None:
        """Report a thing of what is extended whose name is none, and which something is laid over: it would be gone too."""
        blocks = shape.blocks and name[:1].isupper()
        if name not in shape.table and name not in shape.others and not blocks and not name.startswith("$"):
            self.report(
                "E101",
                f"unknown {shape.table.kind} `{name}`",
                base.content[name][0],
                label=f"no such {shape.table.kind}",
                suggestion=replace(suggest(name, shape.table), is_safe=False),
            )

    def behind(self, part: SourceNode) -> SourceNode:
        """What a part that names a variable stands for, as it is written."""
        return written(part, self.variables)

    def refuse(self, base: SourceNode, own: SourceNode, name: str) -> SourceNode:
        """`base`, after reporting that `own` would replace what its variable says, and not be merged with it."""
        variable = str(base.content).removeprefix("$").partition(".")[0]
        self.report(
            "E108",
            f"`{name}` cannot be laid over `{base.content}`, which is a variable",
            own.at,
            label="would replace it whole",
            help=f"change the variable, below `vars: {{{variable}: ...}}`, or `remove` this from the file that is extended",
            related=[Label(base.at.place(), "laid over this")],
        )
        return base

    def unnamed(self, base: SourceNode, own: SourceNode, name: str, shape: Thing) -> SourceNode:
        """`own` over `base` as it is meant, after reporting that it has only what stands beside a thing, and not its `name`."""
        got = ", ".join(f"`{key}`" for key in own.content) or "nothing"
        beside = "".join(f", {key}: ..." for key in own.content)
        self.report(
            "E103",
            f"expected {article(shape.table.kind)} here, got only {got}",
            own.at,
            label=f"name {article(shape.table.kind)}",
            help=f"to change what stands beside `{name}`, name it again: `{{{name}: {beside}}}`",
            related=[Label(base.content[name][0].place(), "laid over this")],
        )
        return replace(base, content=self.entries(base, own, lambda key: below(shape, key)))

    def lost(
        self, base: SourceNode, own: SourceNode, first: str | None, name: str | None, shape: Thing
    ) -> tuple[Hop, ...]:
        """What is to be told of a thing that goes with its neighbours, where another stands in its place."""
        if first is None or own.kind != "mapping":
            return ()
        where = base.content[first][0]
        if name is None:
            return (Hop(where, f"laid over `{first}`, which must be named again to be changed"),)
        gone = [key for key in base.content if key in shape.siblings and key not in own.content and key != first]
        return (Hop(where, f"replaces `{first}`, and its `{gone[0]}`"),) if gone else ()

    def with_arguments(self, part: SourceNode, name: str, shape: Thing) -> SourceNode:
        """A thing whose bare value, if it has one, is its primary argument."""
        where, value = part.content[name]
        if value.kind in ("mapping", "hole") or (name not in shape.table and name not in self.primaries):
            return part
        primary = shape.table.find(name).primary if name in shape.table else self.primaries[name]
        if value.kind == "scalar" and value.content is None:
            given: dict[str, Any] = {}
        elif not primary or self.behind(value).kind == "mapping":
            return part
        else:
            given = {primary: (where, value)}
        return replace(part, content={**part.content, name: (where, replace(value, kind="mapping", content=given))})


def below(shape: Shape | None, key: str) -> Shape | None:
    """What `shape` says of what stands under `key`."""
    if isinstance(shape, Either):
        shape = shape.mapping
    if isinstance(shape, Keys):
        return shape.keys.get(key)
    if isinstance(shape, Thing) and key not in shape.table:
        return shape.siblings.get(key, shape.others.get(key))
    if isinstance(shape, Thing):
        return arguments(shape.table, key)
    return shape.of if isinstance(shape, Names) else None


def name_in(part: SourceNode, shape: Thing) -> str | None:
    """The name of the thing that a part spells out; None where it has none, or several."""
    if part.kind != "mapping":
        return None
    names = [key for key in part.content if key not in shape.siblings or key in shape.instead]
    return names[0] if len(names) == 1 else None


def is_variable(part: SourceNode) -> bool:
    """Whether a part is a text that stands for the value of a variable."""
    return part.kind == "scalar" and isinstance(part.content, str) and part.content.startswith("$")


def spelt(part: SourceNode) -> SourceNode:
    """A bare name as a mapping."""
    if part.kind == "scalar" and isinstance(part.content, str) and not is_variable(part):
        return replace(part, kind="mapping", content={part.content: (part.at, replace(part, content=None))})
    return part


def remove(base: SourceNode, path: SourceNode, report: Report, removed: dict[Path, Where]) -> SourceNode:
    """`base` without what the dotted `path` names, which goes into `removed`; reports a path that names nothing."""
    segments = str(path.content).split(".")
    if segments[:1] == ["blocks"] and segments[2:3] == ["use"] and len(segments) > 3:
        message = f"`{path.content}` is of the file that a block uses, of which nothing can be removed"
        cure = "write a spec that extends that file and removes it there, and use that one"
        report("E102", message, path.at, label="in the other file", help=cure)
        return base
    left = without(base, segments, 0, path, language(), report, entries_of(base.get("vars")))
    if left is not base:
        removed[tuple(segments)] = path.at
    return left


def without(
    part: SourceNode,
    segments: list[str],
    index: int,
    path: SourceNode,
    shape: Shape | None,
    report: Report,
    variables: Mapping[str, tuple[Where, SourceNode]],
) -> SourceNode:
    """`part`, which `shape` describes, without what the segments from `index` on name in it; items that are `variables` are
    called as what these hold."""
    shape = shape.shape if isinstance(shape, Again) else shape
    segment, last = segments[index], index == len(segments) - 1
    if part.kind == "mapping":
        keys = list(part.content)
    elif part.kind == "list":
        keys = item_names([called(item, place, variables) for place, item in enumerate(part.content)])
        if segment.isdecimal() and int(segment) < len(keys):
            segment = keys[int(segment)]
    else:
        keys = []
    if segment not in keys:
        close = suggest(segment, keys).new
        before = ".".join(segments[:index])
        report(
            "E102",
            f"there is nothing to remove at `{path.content}`: "
            + (f"`{before}` has no `{segment}`" if before else f"no `{segment}`"),
            path.at,
            label="names nothing",
            help=f"did you mean `{'.'.join([*segments[:index], close, *named_in(part, close, segments[index + 1 :])])}`?"
            if close
            else "",
        )
        return part
    if part.kind == "list":
        place = keys.index(segment)
        items = list(part.content)
        if last:
            del items[place]
        else:
            inside = shape.of if isinstance(shape, Items) else None
            items[place] = without(items[place], segments, index + 1, path, inside, report, variables)
        return replace(part, content=tuple(items))
    entries = dict(part.content)
    where, inner = entries.pop(segment)
    if not last:
        entries = {
            key: (where, without(inner, segments, index + 1, path, below(shape, key), report, variables))
            if key == segment
            else entry
            for key, entry in part.content.items()
        }
    elif isinstance(shape, Thing):
        # It may be less of a thing now.
        return replace(part, content=entries, trail=(*part.trail, Hop(path.at, f"`{segment}` is removed here")))
    return replace(part, content=entries)


def named_in(part: SourceNode, key: str, segments: list[str]) -> list[str]:
    """`segments` where they lead somewhere from what stands under `key` of `part`; none where they do not."""
    inner = part.get(key)
    for segment in segments:
        inner = inner and entry(inner, segment)
    return [] if inner is None else segments


def called(item: SourceNode, place: int, variables: Mapping[str, tuple[Where, SourceNode]]) -> tuple[str | None, str]:
    """An item's own name, if it has one, and its type; what is a variable is called as what that holds."""
    item = written(item, variables)
    if item.kind == "scalar" and isinstance(item.content, str):
        return None, item.content
    name = item.get("name")
    name = name and written(name, variables)
    own = name.content if name is not None and isinstance(name.content, str) else None
    kinds = [key for key in item.content if key not in ("name", "repeat")] if item.kind == "mapping" else []
    return own, kinds[0] if kinds else f"item_{place}"
