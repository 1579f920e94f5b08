"""Composes nodes from parser events, for YAML and JSON alike.

All checks beyond syntax are here: depth, tags, aliases, keys, scalars. Knows nothing about models.
"""

import re
from collections.abc import Iterator

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.diagnostics.reporter import ProblemCollector, Span
from modelc.compiler.syntax.alias_expansion import MAX_DEPTH, MAX_NODES, over_depth, over_nodes
from modelc.compiler.syntax.positions import At, Kind, Mark, Node, ParserEvent, Unreadable, place
from modelc.compiler.syntax.scalars import NO_KEY, OutOfRange, resolve, shorten, show_control

MAX_PROBLEMS = 100
CONTROL = r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
GLUED = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_-]*):(?P<value>[^\s:/]\S*)")
GLUED_NUMBER = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_-]*):(?P<value>[-+]?[0-9.]+(?:e[-+]?[0-9]+)?|true|false)")


class Composer(ProblemCollector):
    """Composes one document from parser events into a tree of nodes; collects `problems`. With `last`, a key that stands
    twice has its last value, else the first.
    """

    def __init__(self, events: Iterator[ParserEvent], file: str, last: bool = False) -> None:
        super().__init__()
        self.last = last
        self.events = events
        self.file = file
        self.path: list[str | int] = []
        self.anchors: dict[str, Node | None] = {}
        self.nodes = 0
        self.depth = 0

    def document(self) -> Node | None:
        """The root of the first document, None if there is none. Raises `Unreadable` where reading has to stop."""
        root: Node | None = None
        documents = 0
        for event in self.events:
            kind = type(event)
            if kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    help = "a file holds one spec: move the other one into its own file"
                    self.report("E004", "a second document begins here", self.span(event), help=help)
                    return root
                self.check_directives(event)
            elif kind not in (StreamStartEvent, DocumentEndEvent, StreamEndEvent):
                root = self.node(event)
        return root

    def check_directives(self, event: ParserEvent) -> None:
        if event.tags or (event.version and event.version != (1, 2)):
            help = "remove the lines that begin with `%`: a spec is YAML 1.2"
            self.report("E004", "directives are not part of the language", self.at(At(0, 0)), help=help)

    def node(self, event: ParserEvent) -> Node:
        """The node that begins with `event`."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise over_nodes(self.file, event.start_mark, None)
        kind = type(event)
        if kind is ScalarEvent:
            node = self.scalar(event)
        elif kind is AliasEvent:
            return self.alias(event)
        else:
            if self.depth == MAX_DEPTH:
                raise over_depth(self.file, event.start_mark)
            self.depth += 1
            if event.anchor is not None:
                self.anchors[event.anchor] = None
            node = self.mapping(event) if kind is MappingStartEvent else self.sequence(event)
            self.depth -= 1
            if event.tag is not None:
                node = self.refuse_tag(event, node.end)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def scalar(self, event: ParserEvent) -> Node:
        text = event.value
        plain = event.implicit[0]
        if event.tag is not None or not (plain or event.implicit[1]):
            return self.refuse_tag(event, event.end_mark)
        if not plain:
            return self.text(event, text)
        try:
            return Node("scalar", resolve(text), event.start_mark, event.end_mark)
        except OutOfRange as error:
            self.report("E006", str(error), self.span(event), help=error.help)
            return hole(event)

    def text(self, event: ParserEvent, text: str) -> Node:
        """A quoted scalar; its escapes can stand for characters that the text itself must not contain."""
        plain = text.isascii() and text.isprintable()
        control = None if plain else re.search(CONTROL, text)
        if control:
            message = f"the text contains {show_control(control[0])}"
            self.report("E001", message, self.span(event), help="remove the escape")
            return hole(event)
        return Node("scalar", text, event.start_mark, event.end_mark)

    def refuse_tag(self, event: ParserEvent, end: Mark | None) -> Node:
        tag = (event.tag or "!").replace("tag:yaml.org,2002:", "!!")
        start = event.start_mark
        where = self.at(start, At(start.line, start.column + len(tag)))
        help = "remove the tag; a string that looks like a number goes in quotes"
        self.report("E004", f"the tag `{shorten(tag)}` is not part of the language", where, help=help)
        return Node("hole", None, start, end)

    def alias(self, event: ParserEvent) -> Node:
        name = event.anchor
        if self.anchors.get(name) is not None:
            return Node("alias", self.anchors[name], event.start_mark, event.end_mark)
        if name in self.anchors:
            code, message, help = "E004", f"`*{shorten(name)}` is inside the value that it refers to", ""
        else:
            code, message = "E002", f"`*{shorten(name)}` has no anchor `&{shorten(name)}` earlier in the file"
            close = most_alike(name, self.anchors)
            help = f"for a variable write `${shorten(name)}`; a string that begins with `*`, which is a YAML alias, goes in quotes"
            if close:
                help = f"did you mean `*{close}`?"
        self.report(code, message, self.span(event), help=help)
        return hole(event)

    def sequence(self, event: ParserEvent) -> Node:
        items: list[Node] = []
        for item in self.events:
            if type(item) is SequenceEndEvent:
                break
            self.path.append(len(items))
            node = self.node(item)
            if type(node.content) is str and ":" in node.content and type(item) is ScalarEvent and item.implicit[0]:
                glued = GLUED_NUMBER.fullmatch(node.content)
                if glued:
                    self.report_missing_space(glued, node.start)
                    node = hole(item)
            elif node.content is None and node.kind == "scalar" and item.end_mark.column == item.start_mark.column:
                # An empty item has no text of its own: it stands where its dash does.
                node.start = At(node.start.line, max(node.start.column - 1, 0))
            items.append(node)
            self.path.pop()
        return Node("sequence", items, event.start_mark, item.end_mark if event.flow_style else None)

    def mapping(self, event: ParserEvent) -> Node:
        pairs: list[tuple[Node, Node]] = []
        first: dict[str, Node] = {}
        whole = True
        for item in self.events:
            if type(item) is MappingEndEvent:
                break
            key = self.key(item)
            self.path.append(key.content if key is not None else "?")
            following = next(self.events)
            value = self.node(following)
            self.path.pop()
            if key is None:
                whole = False
                continue
            empty = type(following) is ScalarEvent and not following.value and following.implicit[0]
            if empty and following.tag is None and following.anchor is None:
                value.start, value.end = key.start, key.end
                glued = GLUED.fullmatch(key.content) if event.flow_style and item.implicit[0] else None
                if glued:
                    self.report_missing_space(glued, key.start)
                    key = Node("scalar", glued["key"], key.start, key.end)
                    value = Node("hole", None, key.start, key.end)
            if key.content == "<<" and type(item) is ScalarEvent and item.style in (None, ""):
                whole = False
                help = "write the keys out; an anchor and an alias can repeat a whole value"
                self.report("E004", "merge keys (`<<`) are not part of the language", self.span(item), help=help)
            elif key.content in first:
                other = next(one for known, one in pairs if known.content == key.content)
                both = other.kind == value.kind == "mapping" and not (is_node(other) and is_node(value))
                self.report_duplicate(key, first[key.content], self.duplicate_help(key, other, value, pairs))
                if both:
                    add_entries(other, value, self.last)
                elif self.last:
                    pairs = [(one, value if one.content == key.content else given) for one, given in pairs]
            else:
                first[key.content] = key
                pairs.append((key, value))
        if event.flow_style:
            pairs = self.without_tuples(pairs)
        # Where a key comes from elsewhere or cannot be read, nothing may be concluded from those that are there.
        kind: Kind = "mapping" if whole else "hole"
        return Node(kind, pairs, event.start_mark, item.end_mark if event.flow_style else None)

    def duplicate_help(self, key: Node, other: Node, value: Node, before: list[tuple[Node, Node]]) -> str:
        """What to do about the second of two equal keys, which stands behind the pairs `before`: layers stand in a list."""
        if is_node(other) and is_node(value):
            return "give one of the two another name"
        if other.kind == value.kind == "sequence" and not any(
            type(one.content) in (int, float) for one in other.content
        ):
            return "keep one of the two, or move the items of both below one"
        is_first = before[0][0].content == key.content
        if isinstance(self.path[-1] if self.path else None, int) and is_first:
            return "keep one of the two, or begin a new item for the second, with a `-` before it"
        if self.path[-2:-1] == ["nodes"] and key.content != "from":
            return "keep one of the two; layers in sequence stand in a list, `layers: [...]`"
        return (
            "move all entries below one of the two" if other.kind == value.kind == "mapping" else "keep one of the two"
        )

    def without_tuples(self, pairs: list[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
        """`pairs` without what commas have cut from values in parentheses, such as `shape: (3, 5)`, or from numbers in a row,
        `shape: 3, 5`, which are reported.
        """
        pairs = self.without_rows(pairs)
        whole: list[tuple[Node, Node]] = []
        opened: list[str] = []
        for key, value in pairs:
            if opened and value.start == key.start:
                opened.append(str(key.content))
                if key.content.endswith(")"):
                    owner, begun = whole.pop()
                    whole.append((owner, self.no_list(owner, begun, key, ", ".join(opened).strip("()"))))
                    opened = []
                continue
            text = value.content if value.kind == "scalar" else None
            opened = [text] if isinstance(text, str) and text.startswith("(") and ")" not in text else []
            whole.append((key, value))
        return whole if not opened else pairs

    def without_rows(self, pairs: list[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
        """`pairs` without numbers as keys behind a number, which are reported as one list."""
        whole: list[tuple[Node, Node]] = []
        rows: dict[int, list[Node]] = {}
        for key, value in pairs:
            is_number = value.start == key.start and key.content.isdecimal()
            if is_number and whole and type(whole[-1][1].content) is int:
                rows.setdefault(len(whole) - 1, []).append(key)
            else:
                whole.append((key, value))
        for index, numbers in rows.items():
            owner, first = whole[index]
            inside = ", ".join(str(one.content) for one in (first, *numbers))
            whole[index] = owner, self.no_list(owner, first, numbers[-1], inside)
        return whole

    def no_list(self, owner: Node, first: Node, last: Node, inside: str) -> Node:
        """The hole for a list without brackets, under the key `owner`, which is reported."""
        end = last.end or last.start
        message, help = "a list is written in brackets: YAML has no tuples", f"write `[{shorten(inside)}]`"
        self.report("E002", message, Span(place(self.file, first.start, end), (*self.path, owner.content)), help=help)
        return Node("hole", None, first.start, end)

    def key(self, event: ParserEvent) -> Node | None:
        """The node of a key, whose content is always a string; None for an invalid key."""
        self.nodes += 1
        if type(event) is ScalarEvent and event.tag is None:
            node = self.text(event, event.value)
            if event.anchor is not None:
                self.anchors[event.anchor] = node
            if node.kind == "hole":
                return None
            if node.content[:1].isspace() and event.style in (None, ""):
                # Spaces that YAML does not know as such: nothing is where it is meant to be.
                from modelc.compiler.syntax.yaml_errors import HIDDEN_SPACE

                at = self.span(event).place()
                raise Unreadable(Problem("E002", HIDDEN_SPACE, Label(at._replace(end_column=at.column + 1))))
            if node.content[:1] == "$" and node.content[:2] != "$$":
                message = "a variable cannot be used as a key"
                # The only keys that are strings of the data.
                is_class = self.path[-1:] == ["class_weight"]
                help = (
                    "for the class of this name write `$" + shorten(node.content) + "`"
                    if is_class
                    else "write the key itself"
                )
                self.report("E004", message, self.span(event), help=help)
                return None
            if not node.content:
                self.report("E002", NO_KEY, self.span(event))
                return None
            return node
        if type(event) is ScalarEvent:
            self.scalar(event)
            return None
        what = {AliasEvent: "an alias", SequenceStartEvent: "a list"}.get(type(event), "a mapping")
        end = event.end_mark if event.end_mark.line == event.start_mark.line else None
        self.report("E004", f"{what} cannot be used as a key", self.at(event.start_mark, end), help="keys are strings")
        self.node(event)
        return None

    def report_duplicate(self, key: Node, first: Node, help: str) -> None:
        """Report a key that stands twice."""
        where = Span(place(self.file, key.start, key.end), (*self.path, key.content))
        related = [Label(place(self.file, first.start, first.end), "first occurrence")]
        message = f"duplicate key `{shorten(key.content)}`"
        self.report("E003", message, where, label="second occurrence", help=help, related=related)

    def report_missing_space(self, match: re.Match[str], start: Mark) -> None:
        """Report `key:value` without a space between the two."""
        from modelc.compiler.syntax.yaml_errors import missing_space

        self.collect(missing_space(self.file, match["key"], match["value"], start))

    def span(self, event: ParserEvent) -> Span:
        """What `event` stands for, where reading has come to."""
        return self.at(event.start_mark, event.end_mark)

    def at(self, start: Mark, end: Mark | None = None) -> Span:
        """What stands from `start` to `end`, where reading has come to."""
        return Span(place(self.file, start, end), tuple(self.path))

    def collect(self, problem: Problem) -> None:
        """Keep one problem. Raises `Unreadable` where there are too many to be the typos of a person."""
        super().collect(problem)
        if len(self.problems) == MAX_PROBLEMS:
            message = f"the text has {MAX_PROBLEMS} problems up to here, the rest was not read"
            raise Unreadable(Problem("E005", message, problem.label))


def hole(event: ParserEvent) -> Node:
    """A hole: a node for a value that is present but unreadable."""
    return Node("hole", None, event.start_mark, event.end_mark)


def is_node(value: Node) -> bool:
    """Whether a value is that of a node of a graph, two of which are never one that is written in two parts."""
    return value.kind == "mapping" and any(key.content == "from" for key, _ in value.content)


def add_entries(first: Node, second: Node, last: bool) -> None:
    """Let a mapping that is written twice have the entries of both, so that none is missed in it; of those that both have
    the first, or the `last`.
    """
    known = {key.content for key, _ in first.content}
    again = {key.content: (key, value) for key, value in second.content if key.content in known and last}
    more = [(key, value) for key, value in second.content if key.content not in known]
    first.content = [again.get(key.content, (key, value)) for key, value in first.content] + more
