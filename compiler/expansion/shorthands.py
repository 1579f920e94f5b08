"""Writes out shorthands: a bare name becomes a mapping, a bare value the primary argument of its item.

So `dense: 10` and `dense: {units: 10}` are the same to overlays and overrides.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from modelc.compiler.expansion.scope import dereference
from modelc.compiler.expansion.source_tree import Entries, SourceNode, entries_of
from modelc.compiler.language.shapes import Either, Thing
from modelc.compiler.library.base.registry import Registered, Registry


@dataclass(frozen=True, slots=True)
class Shorthands:
    """Writes out shorthands in specs with these variables, as they are written, and these parameters of blocks."""

    variables: Entries
    parameters: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, *specs: SourceNode) -> "Shorthands":
        variables: Entries = {}
        parameters: dict[str, tuple[str, ...]] = {}
        for spec in specs:
            variables = {**variables, **entries_of(spec.get("vars"))}
            for name, (_, block) in entries_of(spec.get("blocks")).items():
                parameters[name] = parameters.get(name) or tuple(entries_of(block.get("params")))
        return cls(variables, parameters)

    def dereference(self, node: SourceNode) -> SourceNode:
        """`node`, or if it refers to a variable the value of that, as it is written."""
        return dereference(node, self.variables)

    def primary(self, name: str, shape: Thing) -> str | None:
        """The primary argument of the item called `name`; None if there is none."""
        if name in shape.others:
            other = shape.others[name]
            return (other.alone or None) if isinstance(other, Either) else None
        if name in shape.table:
            primary: str | None = shape.table.find(name).primary
            return primary
        return next(iter(self.parameters.get(name, ())), None)

    def with_arguments(self, node: SourceNode, name: str, shape: Thing) -> SourceNode:
        """The item `node`, called `name`, with a bare value or a bare thing written out as its primary argument."""
        where, value = node.content[name]
        if value.kind in ("mapping", "list") and name in shape.table:
            value = with_inner(value, name, shape.table)
            node = node._replace(content={**node.content, name: (where, value)})
        primary, is_null = self.primary(name, shape), value.kind == "scalar" and value.content is None
        if value.kind in ("mapping", "hole") or self.dereference(value).kind == "mapping":
            return node
        if primary is None and not (is_null and name in shape.table):
            return node
        arguments = {} if is_null else {primary: (where, value)}
        return node._replace(content={**node.content, name: (where, value._replace(kind="mapping", content=arguments))})


def with_inner(value: SourceNode, name: str, table: Registry[Any]) -> SourceNode:
    """`value` of the thing called `name` with the thing that it wraps as its primary argument: `{lstm: 64}` becomes
    `{layer: {lstm: 64}}`, also inside other wrappers.
    """
    cls: type[Registered] = table.find(name)
    wraps, primary = cls.wraps(), cls.primary
    if wraps is None or primary is None or value.kind not in ("mapping", "list"):
        return value
    if value.kind == "list":
        value = value._replace(kind="mapping", content={primary: (value.at, value)})
    elif (bare := cls.bare_in(value.content)) is not None:
        where, thing = value.content[bare]
        inner = SourceNode("mapping", {bare: (where, thing)}, where)
        others = {key: entry for key, entry in value.content.items() if key != bare}
        value = value._replace(content={primary: (where, inner), **others})
    if primary not in value.content:
        return value
    where, inner = value.content[primary]
    if inner.kind == "list":
        inner = inner._replace(content=tuple(with_things_inside(item, wraps.table) for item in inner.content))
    else:
        inner = with_things_inside(inner, wraps.table)
    return value._replace(content={**value.content, primary: (where, inner)})


def with_things_inside(item: SourceNode, table: Registry[Any]) -> SourceNode:
    """The named thing `item` with what it wraps as its primary argument."""
    name = name_in(item, ())
    return item if name is None or name not in table else item.map(lambda _, value: with_inner(value, name, table))


def with_name(node: SourceNode) -> SourceNode:
    """The item `node`, with a bare name written out as a mapping."""
    if node.kind == "scalar" and isinstance(node.content, str) and not is_variable(node):
        return node._replace(kind="mapping", content={node.content: (node.at, node._replace(content=None))})
    return node


def name_in(node: SourceNode, siblings: Collection[str]) -> str | None:
    """The name of the item in a mapping, the key that is none of its `siblings`; None if there is none, or several."""
    names = [key for key in entries_of(node) if key not in siblings]
    return names[0] if len(names) == 1 else None


def is_variable(node: SourceNode) -> bool:
    """Whether a node is a reference or an expression."""
    text = node.content if node.kind == "scalar" and isinstance(node.content, str) else ""
    return text.startswith("$") and not text.startswith("$$")
