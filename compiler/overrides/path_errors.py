"""What is wrong with the key path of a `--set` that cannot be resolved, and what to write instead."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.scope import named
from modelc.compiler.expansion.source_tree import Entries, SourceNode
from modelc.compiler.expansion.variables import Reported
from modelc.compiler.language.grammar import FROM_FILE
from modelc.compiler.language.shapes import Keys, Shape, Thing
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, describe, flow
from modelc.compiler.syntax.document import Document, Where

OTHER_FILE = "what a used file says is set there: write a spec that extends that file, and use it instead"


@dataclass(frozen=True, slots=True)
class PathErrors:
    """Reports the segment `index` of a key path, and raises Reported. The places of segments are those of keys of `setting`."""

    segments: tuple[str, ...]
    setting: Document
    reporter: ProblemCollector

    def upto(self, index: int) -> str:
        """The path before the segment `index`."""
        return ".".join(self.segments[:index])

    def refuse(self, index: int, message: str, *, label: str, help: str = "", note: str = "") -> NoReturn:
        at = Where(self.setting, self.segments[: index + 1], key=True)
        self.reporter.report("E102", message, at, label=label, help=help, note=note)
        raise Reported

    def did_you_mean(self, index: int, *segments: str) -> str:
        """The help that suggests `segments` in the place of one."""
        return f"did you mean `{'.'.join((*self.segments[:index], *segments, *self.segments[index + 1 :]))}`?"

    def unknown(self, what: str, index: int, allowed: Collection[str], owner: str = "") -> NoReturn:
        """A segment that is not among `allowed`, all names of the kind `what` that `owner` has."""
        close = suggest(self.segments[index], allowed).new
        message, note = f"unknown {what} `{self.segments[index]}`", ""
        if owner:
            message, note = f"{message} in {owner}", f"{what}s of {owner}: {', '.join(allowed)}" if allowed else ""
        cure = self.did_you_mean(index, close) if close else ""
        self.refuse(index, message, label=f"unknown {what}", help=cure, note=note)

    def no_item(self, index: int, size: int) -> NoReturn:
        """A number that no item of a list of so many has."""
        message = f"`{self.upto(index)}` has {size} item{'s' if size != 1 else ''}, no number {self.segments[index]}"
        self.refuse(index, message, label="no such item", note="items count from 0" if size else "")

    def no_entry(self, index: int, node: SourceNode | None) -> NoReturn:
        """A segment that is no entry of the plain value `node`."""
        shown, value = self.upto(index), node.data if node is not None else None
        cure = f"set it whole: `{shown}=...`"
        if not isinstance(value, list | dict):
            message = f"`{shown}` is a plain value, nothing stands inside it"
            self.refuse(index, message, label=f"not inside `{shown}`", help=cure)
        has = f"is a list of {len(value)}, counted from 0" if isinstance(value, list) else f"has {', '.join(value)}"
        note = f"`{shown}` {has if value else 'is empty'}"
        self.refuse(index, f"`{shown}` has no `{self.segments[index]}`", label="no such entry", help=cure, note=note)

    def in_number(self, index: int, number: float, shape: Thing) -> NoReturn:
        """A segment inside a number that stands in the place of a thing."""
        shown, segment = self.upto(index), self.segments[index]
        cure = f"set it whole: `{shown}={{{segment}: ...}}`" if segment in shape.table else ""
        message = f"`{shown}` is {describe(number)}, not a {shape.table.kind}"
        self.refuse(index, message, label="nothing stands inside a number", help=cure)

    def in_primary(self, index: int, name: str, primary: str) -> NoReturn:
        """The number of an item of a list that is the argument `primary` of the thing called `name`."""
        write = ".".join((*self.segments[:index], primary, *self.segments[index:]))
        message, label = f"the list of `{name}` is its argument `{primary}`", f"an item of `{primary}`"
        self.refuse(index, message, label=label, help=f"write `{write}`")

    def in_variable(self, index: int, node: SourceNode, variables: Entries) -> NoReturn:
        """A segment inside the value of the variable that `node` is: there it may be used by others too."""
        shown = self.upto(index)
        cure = f"set `{shown}` whole"
        name, steps = named(node.content) or ("", [])
        if name in variables:
            inside = leading(variables[name][1], [*steps, *self.segments[index:]])
            cure = f"set the variable, `{'.'.join(('vars', name, *inside))}=...`, or {cure}"
        elif name and self.segments[0] == "blocks":
            cure = f"`{name}` is what the block is given: set the argument where it is used, or {cure}"
        message = f"`{shown}` is `{node.content}`, and nothing stands inside it"
        self.refuse(index, message, label=f"not inside `{shown}`", help=cure)

    def in_other_file(self, index: int) -> NoReturn:
        """A segment inside the model of another file that a block is."""
        close, whole = suggest(self.segments[index], FROM_FILE).new, self.upto(index)
        message = f"`{whole}` is the model of another file, and `{self.segments[index]}` of it cannot be set"
        cure = self.did_you_mean(index, close) if close else OTHER_FILE
        self.refuse(index, message, label="in the other file", help=cure)

    def other_name(self, index: int, current: str, shape: Thing, inside: Shape, block: SourceNode | None) -> NoReturn:
        """A segment below a thing that is called `current`, the use of a `block` or not, with `inside` below its name."""
        segment, whole = self.segments[index], self.upto(index)
        arguments = inside.keys if isinstance(inside, Keys) else ()
        close = suggest(segment, [current, *shape.siblings, *arguments]).new
        if segment in arguments or current in shape.others:
            cure = self.did_you_mean(index, current, segment)
        elif segment in shape.table and block is None:
            example = f"{segment}: {{...}}" if shape.table.find(segment).model_fields else segment
            cure = f"to choose another, set it whole: `{whole}={{{example}}}`"
        elif close:
            cure = self.did_you_mean(index, *((current, close) if close in arguments else (close,)))
        elif block is not None and block.get("use") is not None:
            cure = OTHER_FILE
        elif block is not None:
            cure = f"the body of `{current}` is set where it is defined, for all its uses: `blocks.{current}...`"
        else:
            cure = f"write `{whole}.{current}...`"
        self.refuse(index, f"`{whole}` is `{current}`, not `{segment}`", label=f"this is `{current}`", help=cure)

    def plain_thing(self, value: SourceNode, shape: Thing, current: str) -> NoReturn:
        """A plain `value` for a whole thing that is meant for what `current`, which stands there, takes."""
        cure = f"for what `{current}` takes write `{'.'.join((*self.segments, current))}={flow(value.data)}`"
        kind = article(shape.table.kind)
        message = f"expected the name of {kind}, got {describe(value.data)}"
        self.reporter.report("E105", message, value.at, label=f"expected {kind}", help=cure)
        raise Reported


def leading(node: SourceNode, segments: Sequence[str]) -> Iterator[str]:
    """The first of `segments`, as far as they are keys and indices of something in `node`."""
    for segment in segments:
        child = node.child(segment)
        if child is None:
            return
        yield segment
        node = child
