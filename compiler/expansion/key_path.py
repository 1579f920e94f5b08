"""Key paths, such as `model.layers.digit.dense.units`: finds what they refer to in a spec, and replaces or removes it.

`remove` beside `extends` and `--set` are made of them.
"""

from collections.abc import Sequence

from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.scope import dereference
from modelc.compiler.expansion.source_tree import Entries, SourceNode, entries_of, index_in
from modelc.compiler.language.argument_shapes import arguments
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.language.item_names import item_names
from modelc.compiler.language.layer_grammar import ITEM, RECURRING
from modelc.compiler.language.shapes import Again, Either, Items, Keys, Names, Shape, Thing
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.syntax.document import Hop

Steps = Sequence[tuple[SourceNode, str | int]]
"""The mappings and lists along a key path, from the root on, each with the next key or index."""


def steps_along(root: SourceNode, segments: Sequence[str], variables: Entries) -> tuple[Steps, SourceNode]:
    """The steps along the segments of a key path as far as they exist below `root`, and the node after the last one."""
    steps: list[tuple[SourceNode, str | int]] = []
    node = root
    for segment in segments:
        found = find_child(node, segment, variables)
        if found is None:
            break
        key, child = found
        steps.append((node, key))
        node = child
    return steps, node


def find_child(node: SourceNode, segment: str, variables: Entries) -> tuple[str | int, SourceNode] | None:
    """The key or index that a segment of a key path refers to, and its value; None if there is none."""
    if node.kind != "list":
        child = node.get(segment)
        return None if child is None else (segment, child)
    index = index_in(segment, node.content)
    if index is None and not segment.isdecimal():
        names = child_names(node, variables)
        index = names.index(segment) if segment in names else None
    return None if index is None else (index, node.content[index])


def child_names(node: SourceNode, variables: Entries) -> list[str]:
    """The names of the children of `node` in key paths: keys, and items by their own name or type."""
    if node.kind == "list":
        return item_names([name_and_kind(item, index, variables) for index, item in enumerate(node.content)])
    return [*entries_of(node)]


def name_and_kind(item: SourceNode, index: int, variables: Entries) -> tuple[str | None, str]:
    """An item's own name, if it has one, and its type; those of its value if the item is a variable."""
    item = dereference(item, variables)
    if item.kind == "scalar" and isinstance(item.content, str):
        return None, item.content
    name = item.get("name")
    name = name and dereference(name, variables)
    own = name.content if name is not None and isinstance(name.content, str) else None
    return own, next((key for key in entries_of(item) if key not in ITEM.siblings), f"item_{index}")


def shape_below(shape: Shape | None, key: str | int) -> Shape | None:
    """The shape of the value of `key` in what `shape` describes; None if the language does not describe it."""
    if isinstance(shape, Either):
        shape = shape.items if isinstance(key, int) else shape.mapping
    below: Shape | None = None
    if isinstance(shape, Items | Names):
        below = shape.of
    elif isinstance(shape, Keys):
        below = shape.keys.get(str(key))
    elif isinstance(shape, Thing) and key in shape.table:
        below = arguments(shape.table, str(key))
    elif isinstance(shape, Thing):
        below = shape.siblings.get(str(key), shape.others.get(str(key)))
    return RECURRING[below.name] if isinstance(below, Again) else below


def with_end(steps: Steps, end: SourceNode) -> SourceNode:
    """The root of `steps` with `end` after the last one."""
    for node, key in reversed(steps):
        end = node.with_child(key, end)
    return end


def remove(base: SourceNode, path: SourceNode, reporter: ProblemCollector) -> SourceNode:
    """`base` without what the key path `path` refers to; `base` itself after reporting an unresolved path."""
    segments = str(path.content).split(".")
    if segments[:1] == ["blocks"] and segments[2:3] == ["use"] and len(segments) > 3:
        message = f"`{path.content}` is in the file that a block uses, from which nothing can be removed"
        help = "write a spec that extends that file and removes it there, and use that one"
        reporter.report("E102", message, path.at, label="in the other file", help=help)
        return base
    variables = entries_of(base.get("vars"))
    steps, end = steps_along(base, segments, variables)
    if len(steps) < len(segments):
        if reporter.only_counts("E102"):
            return base
        before, segment, after = segments[: len(steps)], segments[len(steps)], segments[len(steps) + 1 :]
        missing = f"`{'.'.join(before)}` has no `{segment}`" if before else f"no `{segment}`"
        message = f"there is nothing to remove at `{path.content}`: {missing}"
        found = suggest(segment, child_names(end, variables))
        leads_on = len(steps_along(end, (found.new, *after), variables)[0]) > len(after)
        meant = ".".join((*before, found.new, *(after if leads_on else ())))
        help = f"did you mean `{meant}`?" if found.new else ""
        reporter.report("E102", message, path.at, label="unresolved", help=help)
        return base
    shape: Shape | None = LANGUAGE
    for _, key in steps[:-1]:
        shape = shape_below(shape, key)
    *before_last, (node, key) = steps
    rest = node.with_child(key, None)
    if isinstance(shape, Thing):
        # The item may be incomplete now.
        rest = rest._replace(trail=(*rest.trail, Hop(path.at, f"`{segments[-1]}` is removed here")))
    return with_end(before_last, rest)
