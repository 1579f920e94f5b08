"""Resolves the key path of one `--set`: in the spec as far as it exists there, in the language beyond that."""

from dataclasses import dataclass

from modelc.compiler.expansion.key_path import Steps, child_names, find_child
from modelc.compiler.expansion.scope import parse_reference
from modelc.compiler.expansion.shorthands import Shorthands, is_variable, name_in, with_name
from modelc.compiler.expansion.source_tree import SourceNode, entries_of, index_in
from modelc.compiler.expansion.variables import Reported
from modelc.compiler.language.argument_shapes import arguments
from modelc.compiler.language.grammar import ANYTHING, FROM_FILE, LANGUAGE
from modelc.compiler.language.layer_grammar import RECURRING
from modelc.compiler.language.shapes import Again, Either, Items, Keys, Names, Shape, Thing
from modelc.compiler.overrides.path_errors import PathErrors


@dataclass(frozen=True, slots=True)
class Target:
    """What the segments of a key path resolve to so far.

    `shape` is what is allowed there, and `node` the present value: None if there is none, or null. `steps` lead there as far
    as the path exists, with shorthands written out. `noun` is what the next segment names.
    """

    shape: Shape
    node: SourceNode | None
    steps: Steps = ()
    noun: str = "key"

    def below(self, node: SourceNode | None, key: str | int, shape: Shape, noun: str = "key") -> "Target":
        """The target below `key` of `node`, the present value with its shorthands written out."""
        if node is None:
            return Target(shape, None, self.steps, noun)
        child = node.child(key)
        if child is not None and child.kind == "scalar" and child.content is None:
            child = None
        return Target(shape, child, (*self.steps, (node, key)), noun)


class PathResolver:
    """Resolves the key path of `errors` in the spec `root`."""

    def __init__(self, root: SourceNode, errors: PathErrors) -> None:
        self.shorthands = Shorthands.of(root)
        self.blocks = entries_of(root.get("blocks"))
        self.root = root
        self.errors = errors
        self.segments = errors.segments

    def resolve(self) -> Target:
        """The target of the path. Raises Reported if it is unresolved, or leads into a hole."""
        target = Target(LANGUAGE, self.root)
        for index in range(len(self.segments)):
            target = self.step(target, index)
        return target

    def step(self, at: Target, index: int) -> Target:
        """The target of the segment `index` from `at`."""
        shape, kind = shape_of(at), at.node.kind if at.node is not None else ""
        if at.node is not None and is_variable(at.node):
            self.errors.in_variable(index, at.node, self.shorthands.variables)
        if isinstance(shape, Thing) and kind != "hole":
            return self.into_thing(shape, at, index)
        if isinstance(shape, Items) and kind in ("", "list"):
            return self.into_list(shape, at, index)
        if isinstance(shape, Keys) and kind in ("", "mapping"):
            return self.into_keys(shape, at, index)
        if isinstance(shape, Names) and kind in ("", "mapping"):
            return self.into_names(shape, at, index)
        if isinstance(shape, Items | Keys | Names) or kind == "hole":
            raise Reported
        return self.into_value(at, index)

    def into_keys(self, shape: Keys, at: Target, index: int) -> Target:
        """An entry of a mapping whose keys the language knows."""
        segment = self.segments[index]
        if self.segments[0] == "blocks" and index == 2 and "use" in entries_of(at.node) and segment not in FROM_FILE:
            self.errors.in_other_file(index)
        if segment not in shape.keys:
            self.errors.unknown(at.noun, index, shape.keys, shape.what)
        return at.below(at.node, segment, shape.keys[segment])

    def into_names(self, shape: Names, at: Target, index: int) -> Target:
        """An entry of a mapping whose keys the spec chooses: an existing one, or one that may be added."""
        segment, entries = self.segments[index], entries_of(at.node)
        may_be_added = not shape.given and (shape.open or index == len(self.segments) - 1)
        if segment not in entries and not may_be_added:
            self.errors.unknown("name", index, entries, shape.what)
        return at.below(at.node, segment, shape.of)

    def into_list(self, shape: Items, at: Target, index: int) -> Target:
        """An item of a list, by its number, its name or its type."""
        node = at.node or SourceNode("list", (), self.root.at)
        found = find_child(node, self.segments[index], self.shorthands.variables)
        if found is None and self.segments[index].isdecimal():
            self.errors.no_item(index, len(node.content))
        if found is None:
            names = child_names(node, self.shorthands.variables)
            self.errors.unknown("item", index, names, f"`{self.errors.upto(index)}`")
        return at.below(node, found[0], shape.of)

    def into_value(self, at: Target, index: int) -> Target:
        """An entry of a plain value, which must exist."""
        node, segment = at.node, self.segments[index]
        if node is None or node.child(segment) is None:
            self.errors.no_entry(index, node)
        place = index_in(segment, node.content) if node.kind == "list" else None
        return at.below(node, segment if place is None else place, ANYTHING)

    def into_thing(self, shape: Thing, at: Target, index: int) -> Target:
        """A sibling of an item's name, or that name."""
        segment, node = self.segments[index], at.node and with_name(at.node)
        if segment in shape.siblings and (node is None or node.kind == "mapping"):
            return at.below(node, segment, shape.siblings[segment])
        if node is None and segment in shape.table:
            return at.below(None, segment, arguments(shape.table, segment), "argument")
        if node is None and segment in shape.others:
            return at.below(None, segment, shape.others[segment])
        if node is None:
            self.errors.unknown(shape.table.kind, index, [*shape.siblings, *shape.table])
        if shape.number is not None and isinstance(node.content, int | float):
            self.errors.in_number(index, node.content, shape)
        current = name_in(node, shape.siblings)
        if current is None and node.kind == "mapping":
            self.errors.unknown("key", index, shape.siblings)
        inside = self.inside(current, shape) if current is not None else None
        if current is None or inside is None:
            # Not an item at all, which the parser of the spec reports.
            raise Reported
        if segment != current:
            self.errors.other_name(index, current, shape, inside, self.block(current, shape))
        if current in shape.others:
            return at.below(self.with_key(node, current, shape, index + 1), current, inside)
        if index + 1 < len(self.segments):
            self.need_arguments(node.content[current][1], current, shape, index + 1)
        wrapper = self.bare_wrapper(node.content[current][1], current, shape, index + 1)
        if wrapper is not None:
            return at.below(node, current, wrapper, "argument")
        return at.below(self.shorthands.with_arguments(node, current, shape), current, inside, "argument")

    def bare_wrapper(self, value: SourceNode, name: str, shape: Thing, index: int) -> Thing | None:
        """The arguments `value` of the wrapper `name` as the thing that it wraps, its other arguments beside it, where the
        segment `index` is the name of that thing; None for all others.
        """
        segment = self.segments[index] if index < len(self.segments) else ""
        cls = shape.table.find(name) if name in shape.table and value.kind == "mapping" else None
        wraps = cls.wraps() if cls is not None else None
        if cls is None or wraps is None or cls.bare_in(value.content) != segment:
            return None
        beside = {key: below for key, below in arguments(shape.table, name).keys.items() if key != cls.primary}
        return Thing(wraps.table, beside)

    def with_key(self, node: SourceNode, name: str, shape: Thing, index: int) -> SourceNode:
        """The item `node`, with the list under its `name` written out as a mapping if the segment `index` is a key of it."""
        other, value = shape.others[name], node.content[name][1]
        keys = other.mapping.keys if isinstance(other, Either) and isinstance(other.mapping, Keys) else {}
        segment = self.segments[index] if index < len(self.segments) else ""
        if segment not in keys or find_child(value, segment, self.shorthands.variables) is not None:
            return node
        return self.shorthands.with_arguments(node, name, shape)

    def inside(self, name: str, shape: Thing) -> Shape | None:
        """The shape of the value of `name`; None if there is no item of that name."""
        if name in shape.others:
            return shape.others[name]
        if name in shape.table:
            return arguments(shape.table, name)
        if self.block(name, shape) is not None:
            return Keys(f"`{name}`", dict.fromkeys(self.shorthands.parameters[name], ANYTHING))
        return None

    def block(self, name: str, shape: Thing) -> SourceNode | None:
        """The definition of the block `name`, if blocks are allowed and there is one."""
        return self.blocks[name][1] if shape.blocks and name in self.blocks else None

    def need_arguments(self, given: SourceNode, name: str, shape: Thing, index: int) -> None:
        """Report the segment `index` in the item called `name` if its value is a variable with arguments, or a list."""
        value, primary = self.shorthands.dereference(given), self.shorthands.primary(name, shape)
        if is_variable(given) and (value.kind == "mapping" or parse_reference(value.content)):
            self.errors.in_variable(index, given, self.shorthands.variables)
        if given.kind == "list" and primary is not None and self.segments[index].isdecimal():
            self.errors.in_primary(index, name, primary)

    def need_thing(self, target: Target, value: SourceNode) -> None:
        """Report a plain `value` for the item at `target` that is meant as its primary argument.

        Other invalid values are reported by the parser of the spec.
        """
        shape, data = shape_of(target), value.data
        if not isinstance(shape, Thing) or shape.number is not None or isinstance(data, str | dict | None):
            return
        current = name_in(with_name(target.node), shape.siblings) if target.node is not None else None
        known = current is not None and (current in shape.table or self.block(current, shape) is not None)
        if current is not None and known and self.shorthands.primary(current, shape):
            self.errors.plain_thing(value, shape, current)


def shape_of(target: Target) -> Shape:
    """The shape at a target; of several kinds that of the present value, else one that has entries."""
    shape = RECURRING[target.shape.name] if isinstance(target.shape, Again) else target.shape
    if not isinstance(shape, Either):
        return shape
    of_kind = {"list": shape.items, "scalar": shape.value}.get(target.node.kind) if target.node is not None else None
    return of_kind or shape.mapping or shape.items or ANYTHING
