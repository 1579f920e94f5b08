"""How a spec is laid over the one that it extends: mappings are merged, lists and plain values replaced.

A named thing (a layer, an optimizer, ...) is merged with one of the same name and replaces any other. Its shorthands are
spelt out first, so that `dense: 10` and `dense: {units: 10}` are the same.
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


def merge(base: SourceNode, own: SourceNode, reporter: ProblemCollector) -> SourceNode:
    """The spec `own` on top of the spec `base`."""
    return Overlay(Shorthands.of(base, own), reporter).over(base, own, LANGUAGE)


@dataclass(frozen=True, slots=True)
class Overlay:
    """One spec laid over another, whose `shorthands` are known."""

    shorthands: Shorthands
    reporter: ProblemCollector

    def over(self, base: SourceNode, own: SourceNode, shape: Shape | None) -> SourceNode:
        """`own` on top of `base`, both what `shape` describes; None for what is not described, such as a parameter."""
        if isinstance(shape, Either):
            shape = shape.mapping if own.kind == "mapping" and base.kind == "mapping" else None
        if isinstance(shape, Thing):
            return self.things(base, own, shape)
        if isinstance(shape, Keys | Names) and own.kind == "mapping" and base.kind in ("scalar", "list"):
            self.need_mapping(base, shape)
        if base.kind != "mapping" or own.kind != "mapping" or isinstance(shape, Items):
            return own
        return self.merged(base, own, shape)

    def merged(self, base: SourceNode, own: SourceNode, shape: Shape | None) -> SourceNode:
        """Both mappings as one: the entries in the order of `base`, then those that only `own` has."""
        entries = dict(base.content)
        for key, (where, part) in own.content.items():
            entries[key] = where, self.over(entries[key][1], part, shape_below(shape, key)) if key in entries else part
        return replace(own, kind="mapping", content=entries)

    def things(self, base: SourceNode, own: SourceNode, shape: Thing) -> SourceNode:
        """One named thing on top of another: merged where both have one name, else replaced whole."""
        one, two = with_name(base), with_name(own)
        first, name = name_in(one, shape), name_in(two, shape)
        if first is not None and name is not None and first != name:
            self.need_known(one, first, shape)
        if first is None and name is not None and name == name_in(with_name(self.shorthands.dereference(base)), shape):
            return self.refuse(base, own, name)
        if first is not None and own.kind == "mapping" and set(own.content) <= shape.siblings.keys() - {*shape.instead}:
            return self.unnamed(one, own, first, shape)
        if one.kind == two.kind == "mapping" and set(one.content) <= shape.siblings.keys() - {*shape.instead}:
            # Its name is removed, and what stands beside it is there for another.
            return self.merged(one, two, shape)
        if name is None or first != name or one.kind != "mapping" or two.kind != "mapping":
            return replace(own, trail=(*own.trail, *self.lost(one, two, first, name, shape)))
        given, mine = (part.content[name][1] for part in (one, two))
        if given.kind == "scalar" and self.shorthands.dereference(given).kind == "mapping" and not is_variable(mine):
            self.refuse(given, mine, name)
            return base
        under, above = (self.shorthands.with_arguments(part, name, shape) for part in (one, two))
        return self.merged(under, above, shape)

    def need_mapping(self, base: SourceNode, shape: Keys | Names) -> None:
        """Report what is extended where it is no mapping and what is laid over it is one: it would be gone without a word."""
        if base.content is not None and not is_variable(base):
            found = Reporter(base.at.document)
            wrong_kind(found, "a mapping", base.data, base.at.path, shape.what)
            self.reporter.problems += found.problems

    def need_known(self, base: SourceNode, name: str, shape: Thing) -> None:
        """Report a thing of what is extended whose name is none, and which something is laid over: it would be gone too."""
        blocks = shape.blocks and name[:1].isupper()
        if name not in shape.table and name not in shape.others and not blocks and not name.startswith("$"):
            self.reporter.report(
                "E101",
                f"unknown {shape.table.kind} `{name}`",
                base.content[name][0],
                label=f"no such {shape.table.kind}",
                suggestion=replace(suggest(name, shape.table), is_safe=False),
            )

    def refuse(self, base: SourceNode, own: SourceNode, name: str) -> SourceNode:
        """`base`, after reporting that `own` would replace what its variable says, and not be merged with it."""
        variable = str(base.content).removeprefix("$").partition(".")[0]
        self.reporter.report(
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
        self.reporter.report(
            "E103",
            f"expected {article(shape.table.kind)} here, got only {got}",
            own.at,
            label=f"name {article(shape.table.kind)}",
            help=f"to change what stands beside `{name}`, name it again: `{{{name}: {beside}}}`",
            related=[Label(base.content[name][0].place(), "laid over this")],
        )
        return replace(base, content=self.merged(base, own, shape).content)

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
