"""Merges an overlay, a spec that extends another, with its base: mappings are merged, lists and plain values replaced.

A named item (a layer, an optimizer, ...) is merged with one of the same name and replaces any other. Its shorthands are
written out first, so that `dense: 10` and `dense: {units: 10}` are the same.
"""

from dataclasses import dataclass, replace

from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.key_path import shape_below
from modelc.compiler.expansion.shorthands import Shorthands, is_variable, name_in, with_name
from modelc.compiler.expansion.source_tree import SourceNode
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.language.parser.walk import wrong_kind
from modelc.compiler.language.shapes import Either, Items, Keys, Names, Shape, Thing
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article
from modelc.compiler.syntax.document import Hop


def merge(base: SourceNode, overlay: SourceNode, reporter: ProblemCollector) -> SourceNode:
    """The spec `base` with what the spec `overlay` overrides."""
    return Overlay(Shorthands.of(base, overlay), reporter).merge(base, overlay, LANGUAGE)


@dataclass(frozen=True, slots=True)
class Overlay:
    """Merges nodes of a base and its overlay, whose variables and blocks are known to `shorthands`."""

    shorthands: Shorthands
    reporter: ProblemCollector

    def merge(self, base: SourceNode, own: SourceNode, shape: Shape | None) -> SourceNode:
        """`base` overridden by `own`, both what `shape` describes; None for what is not described, such as a parameter."""
        if isinstance(shape, Either):
            base = self.with_key(base, shape) if own.kind == "mapping" else base
            shape = shape.mapping if own.kind == "mapping" and base.kind == "mapping" else None
        if isinstance(shape, Thing):
            return self.merge_items(base, own, shape)
        if isinstance(shape, Keys | Names) and own.kind == "mapping" and base.kind in ("scalar", "list"):
            self.check_mapping(base, shape)
        if base.kind != "mapping" or own.kind != "mapping" or isinstance(shape, Items):
            return own
        return self.merge_entries(base, own, shape)

    def merge_entries(self, base: SourceNode, own: SourceNode, shape: Shape | None) -> SourceNode:
        """Both mappings as one: the entries in the order of `base`, then those that only `own` has."""
        entries = dict(base.content)
        for key, (where, node) in own.content.items():
            if key in entries:
                node = self.merge(entries[key][1], node, shape_below(shape, key))
            entries[key] = where, node
        return replace(own, kind="mapping", content=entries)

    def merge_items(self, base: SourceNode, own: SourceNode, shape: Thing) -> SourceNode:
        """Two named items: merged if they have the same name, else `own` alone."""
        one, two, beside = with_name(base), with_name(own), shape.siblings
        first, name = name_in(one, beside), name_in(two, beside)
        if first is not None and name is not None and first != name:
            self.check_name(one, first, shape)
        value = with_name(self.shorthands.dereference(base))
        if first is None and name is not None and name == name_in(value, beside):
            return self.refuse_variable(base, own, name)
        if first is not None and own.kind == "mapping" and set(own.content) <= {*beside}:
            return self.merge_siblings(one, own, first, shape)
        if one.kind == two.kind == "mapping" and set(one.content) <= {*beside}:
            # Its name is removed, and its siblings are there for another.
            return self.merge_entries(one, two, shape)
        if name is None or first != name or one.kind != "mapping" or two.kind != "mapping":
            return replace(own, trail=(*own.trail, *self.trail_of_lost(one, two, first, name, shape)))
        given, mine = (item.content[name][1] for item in (one, two))
        if given.kind == "scalar" and self.shorthands.dereference(given).kind == "mapping" and not is_variable(mine):
            self.refuse_variable(given, mine, name)
            return base
        under, above = (self.shorthands.with_arguments(item, name, shape) for item in (one, two))
        return self.merge_entries(under, above, shape)

    def with_key(self, base: SourceNode, shape: Either) -> SourceNode:
        """`base` as a mapping, where it is the list or value that stands for one."""
        is_short = base.kind == "list" or (base.kind == "scalar" and base.content is not None and not is_variable(base))
        if not shape.alone or not is_short:
            return base
        return replace(base, kind="mapping", content={shape.alone: (base.at, base)})

    def check_mapping(self, base: SourceNode, shape: Keys | Names) -> None:
        """Report what must be a mapping in the base and is none: once it is overridden by one, it would go unnoticed."""
        if base.content is not None and not is_variable(base):
            found = Reporter(base.at.document)
            wrong_kind(found, "a mapping", base.data, base.at.path, shape.what)
            self.reporter.take_from(found)

    def check_name(self, base: SourceNode, name: str, shape: Thing) -> None:
        """Report an unknown name of an item in the base that another one replaces: it would go unnoticed."""
        blocks = shape.blocks and name[:1].isupper()
        if name not in shape.table and name not in shape.others and not blocks and not name.startswith("$"):
            kind, found = shape.table.kind, replace(suggest(name, shape.table), is_safe=False)
            at, label = base.content[name][0], f"no such {kind}"
            self.reporter.report("E101", f"unknown {kind} `{name}`", at, label=label, suggestion=found)

    def refuse_variable(self, base: SourceNode, own: SourceNode, name: str) -> SourceNode:
        """`base`, after reporting that `own` would replace the value of its variable instead of being merged with it."""
        variable = str(base.content).removeprefix("$").partition(".")[0]
        message = f"`{name}` cannot override `{base.content}`, which is a variable"
        help = f"change the variable, below `vars: {{{variable}: ...}}`, or `remove` this from the base"
        related = [Label(base.at.place(), "in the base")]
        self.reporter.report("E108", message, own.at, label="would replace it as a whole", help=help, related=related)
        return base

    def merge_siblings(self, base: SourceNode, own: SourceNode, name: str, shape: Thing) -> SourceNode:
        """The item `base` with the siblings in `own`, after reporting that `own` does not repeat its `name`."""
        got = ", ".join(f"`{key}`" for key in own.content) or "nothing"
        siblings = "".join(f", {key}: ..." for key in own.content)
        message = f"expected {article(shape.table.kind)} here, got only {got}"
        label = f"name {article(shape.table.kind)}"
        help = f"to change a key beside `{name}`, write both: `{{{name}: {siblings}}}`"
        related = [Label(base.content[name][0].place(), "in the base")]
        self.reporter.report("E103", message, own.at, label=label, help=help, related=related)
        return replace(base, content=self.merge_entries(base, own, shape).content)

    def trail_of_lost(
        self, base: SourceNode, own: SourceNode, first: str | None, name: str | None, shape: Thing
    ) -> tuple[Hop, ...]:
        """Where the item in the base is that `own` replaces, if siblings of it are lost as well."""
        if first is None or own.kind != "mapping":
            return ()
        where = base.content[first][0]
        if name is None:
            return (Hop(where, f"overrides `{first}`, which must be named again to be changed"),)
        lost = [key for key in base.content if key in shape.siblings and key not in own.content and key != first]
        return (Hop(where, f"replaces `{first}` and its `{lost[0]}`"),) if lost else ()
