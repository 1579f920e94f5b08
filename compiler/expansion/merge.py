"""Merges an overlay, a spec that extends another, with its base: mappings are merged, lists and plain values replaced.

A named item (a layer, an optimizer, ...) is merged with one of the same name and replaces any other. Its shorthands are
written out first, so that `dense: 10` and `dense: {units: 10}` are the same.
"""

from dataclasses import dataclass
from typing import Any

from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.key_path import find_child, shape_below
from modelc.compiler.expansion.merge_errors import (
    is_of_another_kind,
    key_of,
    report_arguments_alone,
    report_no_list,
    report_no_value,
    takes_nothing,
    with_needed,
)
from modelc.compiler.expansion.shorthands import Shorthands, is_variable, name_in, with_name
from modelc.compiler.expansion.source_tree import SourceNode, entries_of
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.language.layer_grammar import RECURRING
from modelc.compiler.language.parser.walk import wrong_kind
from modelc.compiler.language.shapes import Again, Either, Items, Keys, Names, Shape, Thing
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, flow
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
        if own.kind == "scalar" and own.content is None and not takes_nothing(shape) and base.kind != "hole":
            report_no_value(self.reporter, base, own)
            return base
        if isinstance(shape, Either):
            base = self.with_key(base, shape) if own.kind == "mapping" else base
            shape = shape.mapping if own.kind == "mapping" and base.kind == "mapping" else None
        if isinstance(shape, Thing):
            return self.merge_items(base, own, shape)
        if isinstance(shape, Items) and (own.kind, base.kind) == ("mapping", "list"):
            report_no_list(self.reporter, base, own, self.list_meant(base, own, shape))
            return base
        if isinstance(shape, Keys | Names | Items) and is_of_another_kind(base, own):
            return own._replace(trail=(*own.trail, Hop(key_of(base), f"a {base.kind} in the base")))
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
        return own._replace(kind="mapping", content=entries)

    def merge_items(self, base: SourceNode, own: SourceNode, shape: Thing) -> SourceNode:
        """Two named items: merged if they have the same name, else `own` alone."""
        one, two, beside = with_name(base), with_name(own), shape.siblings
        first, name = name_in(one, beside), name_in(two, beside)
        if first is not None and name is not None and first != name:
            self.check_name(one, first, shape)
        value = with_name(self.shorthands.dereference(base))
        if first is None and name is not None and name == name_in(value, beside):
            return self.refuse_variable(base, own, name)
        if first in shape.others and shape.number is not None and own.kind == "mapping" and {*own.content} <= {*beside}:
            # What a number stands for too is no named thing, which would have to be named again.
            return self.merge_entries(one, own, shape)
        if first is not None and own.kind == "mapping" and set(own.content) <= {*beside}:
            return self.merge_siblings(one, own, first, shape)
        if one.kind == two.kind == "mapping" and set(one.content) <= {*beside}:
            # Its name is removed, and its siblings are there for another.
            return self.merge_entries(one, two, shape)
        if first is not None and name != first and self.arguments_alone(one, first, two, shape):
            report_arguments_alone(self.reporter, one, own, first, beside)
            return base
        if name is None or first != name or one.kind != "mapping" or two.kind != "mapping":
            kept = own if first is None or name is None else with_needed(self.reporter, one, own, two, shape)
            return kept._replace(trail=(*own.trail, *self.trail_of_lost(one, two, first, name, shape)))
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
        return base._replace(kind="mapping", content={shape.alone: (base.at, base)})

    def arguments_alone(self, base: SourceNode, name: str, own: SourceNode, shape: Thing) -> bool:
        """Whether `own` has nothing but arguments of the item `base`, called `name`, which it does not name."""
        keys = [key for key in entries_of(own) if key not in shape.siblings]
        if not keys or any(key in shape.table or key in shape.others for key in keys):
            return False
        fields = (
            shape.table.find(name).model_fields if name in shape.table else self.shorthands.parameters.get(name, ())
        )
        return {*keys} <= {*fields}

    def list_meant(self, base: SourceNode, own: SourceNode, shape: Items) -> list[Any] | None:
        """The list `base` with the one item changed that `own`, a mapping, seems to mean by its index, name or type; None
        where it means none.
        """
        of = RECURRING[shape.of.name] if isinstance(shape.of, Again) else shape.of
        if len(own.content) != 1 or not isinstance(of, Thing) or base.has_hole or own.has_hole:
            return None
        ((key, (at, value)),) = own.content.items()
        found = find_child(base, key, self.shorthands.variables)
        kind = None if found is None else name_in(with_name(found[1]), of.siblings)
        if found is None or kind is None:
            return None
        index, item = found
        named = name_in(with_name(value), of.siblings) or ""
        if named != kind and named not in of.table and named not in of.others:
            value = SourceNode("mapping", {kind: (at, value)}, own.at)
        trial = Overlay(self.shorthands, ProblemCollector())
        changed = trial.merge(item, value, of)
        if trial.reporter.problems:
            return None
        return [(changed if place == index else one).data for place, one in enumerate(base.content)]

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
            kind, found = shape.table.kind, suggest(name, shape.table)._replace(is_safe=False)
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
        siblings = "".join(f", {key}: {flow(node.data)}" for key, (_, node) in own.content.items())
        message = f"expected {article(shape.table.kind)} here, got only {got}"
        label = f"name {article(shape.table.kind)}"
        help = f"to change a key beside `{name}`, write both: `{{{name}: {siblings}}}`"
        related = [Label(base.content[name][0].place(), "in the base")]
        self.reporter.report("E103", message, own.at, label=label, help=help, related=related)
        return base._replace(content=self.merge_entries(base, own, shape).content)

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
