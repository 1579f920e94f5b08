"""Follows one path of `--set` through the language and the document, and says where it leads nowhere."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from modelc.compiler.diagnostics.problem import Label, Path, Place, Problem
from modelc.compiler.expansion.file_blocks import KEYS as USE_KEYS
from modelc.compiler.expansion.scope import named
from modelc.compiler.language.grammar import Again, Either, Items, Keys, Shape, Thing, Value, arguments
from modelc.compiler.language.item_names import item_names
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, describe, flow
from modelc.compiler.overrides.key_path import KeyPath, Refused, Segment
from modelc.compiler.syntax.document_editor import DocumentEditor

OTHER_FILE = "what a used file says is set there: write a spec that extends that file, and use it instead"


class PathResolver(KeyPath):
    """Follows the segments of one setting through the language and the document, spelling out shorthands on the way.

    `thing` is the kind of named thing that they lead to, if they lead to one.
    """

    def __init__(self, edits: DocumentEditor, segments: Sequence[Segment]) -> None:
        super().__init__(segments)
        self.edits = edits
        self.thing: Thing | None = None

    def walk(self, shape: Shape, path: Path, index: int) -> Path | None:
        """The path in the document that the segments from `index` on lead to, below `path`.

        None where the way leads through something unreadable, which is reported already. Raises `Refused`.
        """
        if index == len(self.segments):
            shape = shape.shape if isinstance(shape, Again) else shape
            self.thing = shape if isinstance(shape, Thing) else None
            return path
        if self.edits.in_hole(path):
            return None
        value = self.edits.get(path)
        self.need_no_variable(value, index)
        if isinstance(shape, Again):
            return self.walk(shape.shape, path, index)
        if isinstance(shape, Either):
            chosen = choose(shape, value)
            return None if chosen is None else self.walk(chosen, path, index)
        if isinstance(shape, Value):
            return self.into_value(path, value, index)
        if isinstance(shape, Items):
            return self.into_list(shape, path, value, index)
        if isinstance(shape, Thing):
            return self.into_thing(shape, path, value, index)
        if value is not None and not isinstance(value, Mapping):
            return None
        segment = self.segments[index].text
        if isinstance(shape, Keys):
            if path[:1] == ("blocks",) and "use" in (value or {}) and segment not in USE_KEYS:
                raise self.in_other_file(index)
            if segment not in shape.keys:
                raise self.unknown("key", index, shape.what, shape.keys)
            return self.walk(shape.keys[segment], (*path, segment), index + 1)
        new = segment not in (value or {}) and (*path, segment) not in self.edits.holes
        if new and (shape.given or not (shape.open or index == len(self.segments) - 1)):
            raise self.unknown("name", index, shape.what, value or {})
        return self.walk(shape.of, (*path, segment), index + 1)

    def need_no_variable(self, value: Any, index: int) -> None:
        """Raise Refused for a way into the value of a variable: there it may be used by others too."""
        if isinstance(value, str) and value.startswith("$") and not value.startswith("$$"):
            shown = self.upto(index)
            cure = f"set `{shown}` whole"
            name, steps = named(value) or ("", [])
            if name in self.edits.mapping(("vars",)):
                way = self.in_variable(name, [*steps, *(segment.text for segment in self.segments[index:])])
                cure = f"set the variable, `{way}=...`, or {cure}"
            elif name and self.segments[0].text == "blocks":
                cure = f"`{name}` is what the block is given: set the argument where it is used, or {cure}"
            message, label = f"`{shown}` is `{value}`, and nothing stands inside it", f"not inside `{shown}`"
            raise self.refuse("E102", index, message, label=label, help=cure)

    def in_variable(self, name: str, steps: Sequence[str]) -> str:
        """The path that leads by `steps` into a variable, as far as there is something."""
        path: Path = ("vars", name)
        for step in steps:
            key = key_in(self.edits.get(path), step)
            if key is None:
                break
            path = (*path, key)
        return ".".join(map(str, path))

    def into_value(self, path: Path, value: Any, index: int) -> Path:
        """An entry of a list of plain values, which is all that a plain value can have inside."""
        segment = self.segments[index].text
        key = key_in(value, segment)
        if key is not None:
            below = (*path, key)
            return below if index == len(self.segments) - 1 else self.into_value(below, value[key], index + 1)
        shown = self.upto(index)
        cure, note = f"set it whole: `{shown}=...`", ""
        message, label = f"`{shown}` is a plain value, nothing stands inside it", f"not inside `{shown}`"
        if isinstance(value, list | Mapping):
            message, label = f"`{shown}` has no `{segment}`", "no such entry"
            what = (
                f"is a list of {len(value)}, counted from 0" if isinstance(value, list) else f"has {', '.join(value)}"
            )
            note = f"`{shown}` {what}" if value else f"`{shown}` is empty"
        raise self.refuse("E102", index, message, label=label, help=cure, note=note)

    def held(self, item: Any) -> Any:
        """What an item of a list is, where it is a variable: it is called as what that holds."""
        # No more often than there are variables: they may be made of each other.
        for _ in self.edits.mapping(("vars",)):
            name, steps = named(item) or ("", [])
            found = self.edits.get(("vars", name))
            for step in steps:
                key = key_in(found, step)
                found = None if key is None else found[key]
            if found is None:
                break
            item = found
        return item

    def called(self, item: Any, position: int, siblings: Mapping[str, Shape]) -> tuple[str | None, str]:
        """An item's own name, if it has one, and its type."""
        if isinstance(item, str):
            return None, item
        if not isinstance(item, Mapping):
            return None, f"item_{position}"
        own = self.held(item.get("name")) if "name" in siblings else None
        return own if isinstance(own, str) else None, next(
            (key for key in item if key not in siblings), f"item_{position}"
        )

    def into_list(self, shape: Items, path: Path, value: Any, index: int) -> Path | None:
        """An item of a list, by its number, its name or its type."""
        if value is not None and not isinstance(value, list):
            return None
        segment = self.segments[index].text
        siblings = shape.of.siblings if isinstance(shape.of, Thing) else {}
        items = [self.held(item) for item in value or ()]
        names = item_names([self.called(item, position, siblings) for position, item in enumerate(items)])
        if segment.isdecimal() and int(segment) < len(names):
            return self.walk(shape.of, (*path, int(segment)), index + 1)
        if segment in names:
            return self.walk(shape.of, (*path, names.index(segment)), index + 1)
        if segment.isdecimal():
            size = f"{len(names)} item{'s' if len(names) != 1 else ''}"
            raise self.refuse(
                "E102",
                index,
                f"`{self.upto(index)}` has {size}, no number {segment}",
                label="no such item",
                note="items count from 0" if names else "",
            )
        raise self.unknown("item", index, f"`{self.upto(index)}`", names)

    def into_thing(self, shape: Thing, path: Path, value: Any, index: int) -> Path | None:
        """A sibling key of a named thing, or its arguments, below its name."""
        segment = self.segments[index].text
        current = name_of(shape, value)
        if (
            value is not None
            and not isinstance(value, str | Mapping)
            and not (shape.number is not None and isinstance(value, int | float))
        ):
            # It is no thing, which those say who read the spec.
            return None
        if segment in shape.siblings:
            if isinstance(value, str):
                self.edits.spell_out(path, value, None)
            return self.walk(shape.siblings[segment], (*path, segment), index + 1)
        if shape.number is not None and isinstance(value, int | float):
            raise self.refuse(
                "E102",
                index,
                f"`{self.upto(index)}` is {describe(value)}, not a {shape.table.kind}",
                label="nothing stands inside a number",
                help=f"set it whole: `{self.upto(index)}={{{segment}: ...}}`" if segment in shape.table else "",
            )
        if current is None and value is None and segment in shape.table:
            return self.walk(arguments(shape.table, segment), (*path, segment), index + 1)
        if current is None:
            allowed = [*shape.siblings, *(shape.table if value is None else ())]
            raise self.unknown("key" if value is not None else shape.table.kind, index, "this", allowed)
        if current in shape.others and segment == current:
            return self.walk(shape.others[current], (*path, current), index + 1)
        block = shape.blocks and current in self.edits.mapping(("blocks",))
        if block and segment == current:
            return self.into_block(current, path, value, index)
        if current not in shape.table and current not in shape.others and not block:
            return None
        if segment != current:
            raise self.other_name(shape, current, index)
        if isinstance(value, str):
            self.edits.spell_out(path, current, None)
        if index < len(self.segments) - 1:
            given = self.edits.get((*path, current))
            name = str(given).lstrip("$").partition(".")[0]
            plain = isinstance(self.edits.get(("vars", name)), int | float | str | list)
            if not plain and not str(given).startswith("${"):
                self.need_no_variable(given, index + 1)
            self.spell_arguments(shape, (*path, current))
            self.need_no_item(shape, current, given, index + 1)
        return self.walk(arguments(shape.table, current), (*path, current), index + 1)

    def into_block(self, name: str, path: Path, value: Any, index: int) -> Path:
        """An argument of a use of the block `name`."""
        parameters = self.parameters(name)
        if isinstance(value, str):
            self.edits.spell_out(path, name, None)
        at = (*path, name)
        if index == len(self.segments) - 1:
            return at
        given = self.edits.get(at)
        if given is not None and not isinstance(given, Mapping) and parameters:
            self.edits.spell_out(at, parameters[0], given)
        segment = self.segments[index + 1].text
        if segment not in parameters:
            raise self.unknown("argument", index + 1, f"`{name}`", parameters)
        below = (*at, segment)
        return below if index + 2 == len(self.segments) else self.into_value(below, self.edits.get(below), index + 2)

    def parameters(self, block: str) -> list[str]:
        """The names of what a block takes; none for what is no block."""
        found = self.edits.get(("blocks", block, "params"))
        return [*found] if isinstance(found, Mapping) else []

    def spell_arguments(self, shape: Thing, path: Path) -> None:
        """Turn a bare value of the thing at `path` into its primary argument."""
        value, primary = self.edits.get(path), shape.table.find(str(path[-1])).primary
        if value is not None and not isinstance(value, Mapping) and primary is not None:
            self.edits.spell_out(path, primary, value)

    def need_no_item(self, shape: Thing, name: str, given: Any, index: int) -> None:
        """Raise Refused for a way to an item of the list that stands for the primary argument of the thing `name`."""
        primary = shape.table.find(name).primary if name in shape.table else None
        if isinstance(given, list) and primary is not None and self.segments[index].text.isdecimal():
            whole = self.upto(index)
            rest = "".join(f".{segment.text}" for segment in self.segments[index:])
            message, label = f"the list of `{name}` is its argument `{primary}`", f"an item of `{primary}`"
            raise self.refuse("E102", index, message, label=label, help=f"write `{whole}.{primary}{rest}`")

    def other_name(self, shape: Thing, current: str, index: int) -> Refused:
        """The refusal of a segment below a named thing that is called otherwise."""
        segment, whole = self.segments[index].text, self.upto(index)
        rest = "".join(f".{later.text}" for later in self.segments[index + 1 :])
        inside = [*arguments(shape.table, current).keys] if current in shape.table else self.parameters(current)
        block = current not in shape.table and current not in shape.others
        close = suggest(segment, [current, *shape.siblings, *inside]).new
        if segment in inside or current in shape.others:
            cure = f"did you mean `{whole}.{current}.{segment}{rest}`?"
        elif segment in shape.table and not block:
            example = f"{segment}: {{...}}" if shape.table.find(segment).model_fields else segment
            cure = f"to choose another, set it whole: `{whole}={{{example}}}`"
        elif close:
            cure = f"did you mean `{whole}.{f'{current}.{close}' if close in inside else close}{rest}`?"
        elif block and "use" in self.edits.mapping(("blocks", current)):
            cure = OTHER_FILE
        elif block:
            cure = f"the body of `{current}` is set where it is defined, for all its uses: `blocks.{current}...`"
        else:
            cure = f"write `{whole}.{current}...`"
        message = f"`{whole}` is `{current}`, not `{segment}`"
        return self.refuse("E102", index, message, label=f"this is `{current}`", help=cure)

    def in_other_file(self, index: int) -> Refused:
        """The refusal of a segment that leads into the model of another file."""
        segment, whole = self.segments[index].text, self.upto(index)
        close = suggest(segment, USE_KEYS).new
        cure = f"did you mean `{whole}.{close}`?" if close else OTHER_FILE
        message = f"`{whole}` is the model of another file, and `{segment}` of it cannot be set"
        return self.refuse("E102", index, message, label="in the other file", help=cure)

    def need_thing(self, path: Path, value: Any, place: Place) -> None:
        """Raise Refused for a plain `value`, at `place`, that is meant for what the named thing at `path` takes.

        The segments lead to that thing. All else is for those who read the spec.
        """
        shape = self.thing
        if shape is None or value is None or isinstance(value, str | Mapping) or shape.number is not None:
            return
        current = name_of(shape, self.edits.get(path))
        takes = bool(shape.blocks and current and self.parameters(current))
        if current is not None and current in shape.table:
            takes = shape.table.find(current).primary is not None
        if takes:
            cure = f"for what `{current}` takes write `{self.upto(len(self.segments))}.{current}={flow(value)}`"
            kind = article(shape.table.kind)
            label = Label(place, f"expected {kind}")
            raise Refused(Problem("E105", f"expected the name of {kind}, got {describe(value)}", label, helps=(cure,)))

    def unknown(self, what: str, index: int, owner: str, allowed: Collection[str]) -> Refused:
        """The refusal of a segment that is not among `allowed`."""
        segment = self.segments[index].text
        close = suggest(segment, list(allowed)).new
        before = self.upto(index)
        rest = "".join(f".{later.text}" for later in self.segments[index + 1 :])
        whole = ".".join(part for part in (before, close) if part)
        return self.refuse(
            "E102",
            index,
            f"unknown {what} `{segment}` in {owner}" if owner != "this" else f"unknown {what} `{segment}`",
            label=f"unknown {what}",
            help=f"did you mean `{whole}{rest}`?" if close else "",
            note=f"{what}s of {owner}: {', '.join(allowed)}" if allowed and owner != "this" else "",
        )


def key_in(value: Any, segment: str) -> str | int | None:
    """What a segment of a path names in a mapping or list; None where there is no such entry."""
    if isinstance(value, Mapping) and segment in value:
        return segment
    return int(segment) if isinstance(value, list) and segment.isdecimal() and int(segment) < len(value) else None


def choose(shape: Either, value: Any) -> Shape | None:
    """The kind of `shape` that `value` is; where there is no value yet, the one that can have something inside."""
    if isinstance(value, list):
        return shape.items
    if value is None or isinstance(value, Mapping):
        return shape.mapping or shape.items
    return shape.value or shape.mapping


def name_of(shape: Thing, value: Any) -> str | None:
    """The name of the thing that `value` is, None where it has none."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        names = [key for key in value if key not in shape.siblings]
        return names[0] if len(names) == 1 else None
    return None
