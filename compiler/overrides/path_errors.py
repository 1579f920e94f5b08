"""Reports unresolved key paths of `--set`, with what to write instead."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from modelc.compiler.diagnostics.phrases import counted, indexed, listed
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.scope import parse_reference
from modelc.compiler.expansion.source_tree import Entries, SourceNode
from modelc.compiler.expansion.variables import Reported
from modelc.compiler.language.grammar import FROM_FILE
from modelc.compiler.language.shapes import Keys, Shape, Thing
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, describe, flow
from modelc.compiler.syntax.document import Document, Where

INSIDE = re.compile(r"\[([^\[\]]+)\]")
BRACKETED = re.compile(rf"([^\[\]]+)((?:{INSIDE.pattern})+)")
"""How others write items of lists: `phases[1]`."""
OTHER_FILE = "a used file cannot be changed: write a spec that extends that file, and use it instead"


@dataclass(frozen=True, slots=True)
class PathErrors:
    """Reports the segment `index` of a key path, and raises Reported. Places of segments are those of the keys of `setting`."""

    segments: tuple[str, ...]
    setting: Document
    reporter: ProblemCollector

    def upto(self, index: int) -> str:
        """The path before the segment `index`."""
        return ".".join(self.segments[:index])

    def refuse(
        self, index: int, message: str, *, label: str, help: str = "", note: str = "", code: str = "E102"
    ) -> NoReturn:
        at = Where(self.setting, self.segments[: index + 1], key=True)
        self.reporter.report(code, message, at, label=label, help=help, note=note)
        raise Reported

    def did_you_mean(self, index: int, *segments: str) -> str:
        """The help that suggests `segments` instead of one."""
        return f"did you mean `{'.'.join((*self.segments[:index], *segments, *self.segments[index + 1 :]))}`?"

    def unknown(self, what: str, index: int, allowed: Collection[str], owner: str = "") -> NoReturn:
        """A segment that is not one of the `allowed` names, which are each a `what` of `owner`."""
        found = suggest(self.segments[index], allowed)
        close = found.new
        message, note = f"unknown {what} `{self.segments[index]}`", ""
        if owner:
            message, note = f"{message} in {owner}", f"{what}s of {owner}: {listed(allowed)}" if allowed else ""
        help = self.did_you_mean(index, close) if close else ""
        if (match := BRACKETED.fullmatch(self.segments[index])) and match[1] in allowed:
            help = self.did_you_mean(index, match[1], *INSIDE.findall(match[2]))
        self.refuse(index, message, label=f"unknown {what}", help=help, note=note)

    def no_item(self, index: int, size: int) -> NoReturn:
        """An index beyond the end of a list."""
        message = f"`{self.upto(index)}` has {counted(size, 'item')}, no index {self.segments[index]}"
        self.refuse(index, message, label="no such item", note="indices count from 0" if size else "")

    def no_entry(self, index: int, node: SourceNode | None) -> NoReturn:
        """A segment that is not an entry of the plain value `node`."""
        shown, value = self.upto(index), node.data if node is not None else None
        help = f"set it as a whole: `{shown}=...`"
        if not isinstance(value, list | dict):
            message = f"`{shown}` is a plain value without entries"
            self.refuse(index, message, label=f"not inside `{shown}`", help=help)
        has = f"is a list of {indexed(len(value))}" if isinstance(value, list) else f"has {listed(value)}"
        note = f"`{shown}` {has if value else 'is empty'}"
        self.refuse(index, f"`{shown}` has no `{self.segments[index]}`", label="no such entry", help=help, note=note)

    def in_number(self, index: int, number: float, shape: Thing) -> NoReturn:
        """A segment inside a number in place of an item."""
        shown, segment = self.upto(index), self.segments[index]
        named = segment in shape.table or segment in shape.others
        help = f"set it as a whole: `{shown}={{{segment}: ...}}`" if named else ""
        if shape.others:
            message = f"`{shown}` is {describe(number)}, which has no entries"
            help = help or f"set it as a whole: `{shown}=...`"
        else:
            message = f"`{shown}` is {describe(number)}, not a {shape.table.kind}"
        self.refuse(index, message, label="a number has no entries", help=help)

    def in_primary(self, index: int, name: str, primary: str) -> NoReturn:
        """The index of an entry of a list that is the argument `primary` of the item called `name`."""
        write = ".".join((*self.segments[:index], primary, *self.segments[index:]))
        message, label = f"the list of `{name}` is its argument `{primary}`", f"an item of `{primary}`"
        self.refuse(index, message, label=label, help=f"write `{write}`")

    def in_variable(self, index: int, node: SourceNode, variables: Entries) -> NoReturn:
        """A segment inside the value of the variable `node`, which may be used elsewhere too."""
        shown = self.upto(index)
        help = f"set `{shown}` as a whole"
        name, steps = parse_reference(node.content) or ("", [])
        if name in variables:
            inside = leading(variables[name][1], [*steps, *self.segments[index:]])
            help = f"set the variable, `{'.'.join(('vars', name, *inside))}=...`, or {help}"
        elif name and self.segments[0] == "blocks":
            help = f"`{name}` is a parameter of the block: set the argument where it is used, or {help}"
        message = f"`{shown}` is `{node.content}`, whose entries cannot be set here"
        self.refuse(index, message, label=f"not inside `{shown}`", help=help)

    def in_other_file(self, index: int) -> NoReturn:
        """A segment inside a block that is the model of another file."""
        close, whole = suggest(self.segments[index], FROM_FILE).new, self.upto(index)
        message = f"`{whole}` is the model of another file, and `{self.segments[index]}` of it cannot be set"
        help = self.did_you_mean(index, close) if close else OTHER_FILE
        self.refuse(index, message, label="in the other file", help=help)

    def other_name(self, index: int, current: str, shape: Thing, inside: Shape, block: SourceNode | None) -> NoReturn:
        """A segment that is not `current`, the name of the item, which has `inside` below it and may be the use of a `block`."""
        segment, whole = self.segments[index], self.upto(index)
        arguments = inside.keys if isinstance(inside, Keys) else ()
        close = suggest(segment, [current, *shape.siblings, *arguments]).new
        if segment in shape.others and current in (*shape.others, *shape.table):
            help = f"to choose another, set it as a whole: `{whole}={{{segment}: ...}}`"
        elif segment in arguments or current in shape.others:
            help = self.did_you_mean(index, current, segment)
        elif segment in shape.table and block is None:
            example = f"{segment}: {{...}}" if shape.table.find(segment).model_fields else segment
            help = f"to choose another, set it as a whole: `{whole}={{{example}}}`"
        elif close:
            help = self.did_you_mean(index, *((current, close) if close in arguments else (close,)))
        elif block is not None and block.get("use") is not None:
            help = OTHER_FILE
        elif block is not None:
            help = f"the body of `{current}` is set where it is defined, for all its uses: `blocks.{current}...`"
        else:
            help = f"write `{whole}.{current}...`"
        self.refuse(index, f"`{whole}` is `{current}`, not `{segment}`", label=f"this is `{current}`", help=help)

    def plain_thing(self, value: SourceNode, shape: Thing, current: str) -> NoReturn:
        """A plain `value` for an item that is meant as the primary argument of its present name, `current`."""
        help = f"for the argument of `{current}` write `{'.'.join((*self.segments, current))}={flow(value.data)}`"
        kind = article(shape.table.kind)
        message = f"expected the name of {kind}, got {describe(value.data)}"
        self.reporter.report("E105", message, value.at, label=f"expected {kind}", help=help)
        raise Reported


def leading(node: SourceNode, segments: Sequence[str]) -> Iterator[str]:
    """The first of `segments`, as far as they exist as keys and indices in `node`."""
    for segment in segments:
        child = node.child(segment)
        if child is None:
            return
        yield segment
        node = child
