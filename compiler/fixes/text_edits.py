"""Turns suggestions into edits of the text: finds the exact words of a spec, and replaces them and nothing else.

Knows texts and their parts, no models. What cannot be edited for certain has no fix.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from modelc.compiler.diagnostics.problem import Edit, Fix, Place, Problem, Suggestion
from modelc.compiler.fixes.type_key_rewrite import rewrite_type_key
from modelc.compiler.syntax.composer import Composer
from modelc.compiler.syntax.positions import Node, Unreadable, index_of, line_starts
from modelc.compiler.syntax.positions import place as place_between


@dataclass(frozen=True, slots=True)
class Scalar:
    """A key or a plain value of a text, and the mapping that it is a key of. `anchored`: an alias may repeat it."""

    node: Node
    keyed: Node | None
    anchored: bool


class ParsedText:
    """One source, parsed as far as it can be."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.is_json = name.endswith(".json")
        self.starts = line_starts(text)
        self.scalars: dict[tuple[int, int], Scalar] = {}
        root = self.root()
        if root is not None:
            self.collect(root, None, False)

    def root(self) -> Node | None:
        if self.is_json:
            from modelc.compiler.syntax.json_events import json_events as events
        else:
            from modelc.compiler.syntax.yaml_events import yaml_events as events
        try:
            return Composer(events(self.text, self.name), self.name).document()
        except Unreadable:
            return None

    def collect(self, node: Node, keyed: Node | None, anchored: bool) -> None:
        """Note the scalars of `node` by where they begin; what has an anchor is used elsewhere too, and so all below it."""
        anchored = anchored or self.text.startswith("&", index_of(self.starts, node.start))
        if node.kind == "mapping" or (node.kind == "hole" and isinstance(node.content, list)):
            for key, value in node.content:
                if key.start != value.start:
                    self.collect(value, None, anchored)
                self.collect(key, node, anchored)
        elif node.kind == "sequence":
            for item in node.content:
                self.collect(item, None, anchored)
        elif node.kind == "scalar":
            self.scalars[node.start.line, node.start.column] = Scalar(node, keyed, anchored)

    def scalar_at(self, index: int) -> Place | None:
        """The place of the scalar that begins at the character `index`, or at the quote before it."""
        line = bisect_right(self.starts, index) - 1
        column = index - self.starts[line]
        found = self.scalars.get((line, column)) or self.scalars.get((line, column - 1))
        if found is None or found.node.end is None:
            return None
        return place_between(self.name, found.node.start, found.node.end)

    def fix(self, suggestion: Suggestion) -> tuple[Fix, Node | None] | None:
        """The edits that write what was meant, and the mapping that gets the new word as a key; None if there are none."""
        place, written, new = suggestion.place, suggestion.written, suggestion.new
        found = self.scalars.get((place.line - 1, place.column - 1)) if place is not None else None
        if found is None or found.anchored:
            return None
        node, end = found.node, found.node.end
        same = node.content == written and isinstance(node.content, bool) == isinstance(written, bool)
        if not same or end is None or node.start.line != end.line:
            return None
        if found.keyed is not None and new in [key.content for key, _ in found.keyed.content]:
            return None
        if suggestion.how == "form":
            if found.keyed is None:
                return None
            edits = rewrite_type_key(self.text, self.starts, self.name, found.keyed, suggestion)
            return None if edits is None else (Fix(f"write it with the key `{new}`", edits), None)
        raw = self.text[index_of(self.starts, node.start) : index_of(self.starts, end)]
        title = f"write `{new}` for `{raw}`" if raw != new else "retype it"
        if suggestion.how == "word":
            quote = raw[0] if raw[0] in "\"'" else ""
            if isinstance(written, str) and raw != f"{quote}{written}{quote}":
                return None
            new = json.dumps(new) if self.is_json else f"{quote}{new}{quote}"
        elif found.keyed is not None:
            return None
        return Fix(title, (Edit(place_between(self.name, node.start, end), new),)), found.keyed


def attach_fixes(problems: Sequence[Problem], sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """`problems`, each with its fix where its suggestion can be carried out in the text that it is about."""
    texts: dict[str, ParsedText] = {}
    counts = Words(sources)
    found: list[tuple[Fix, Node | None] | None] = []
    for problem in problems:
        suggestion = problem.suggestion
        place = suggestion.place if suggestion is not None else None
        if suggestion is None or place is None or place.file not in sources or counts.is_repeated(suggestion.undefined):
            found.append(None)
            continue
        if place.file not in texts:
            texts[place.file] = ParsedText(place.file, sources[place.file])
        found.append(texts[place.file].fix(suggestion))
    # Two keys of one mapping that mean the same are no matter of spelling.
    named = Counter(
        (id(one[1]), edit.text) for one in {(fix[0].edits, fix[1]) for fix in found if fix} if one[1] for edit in one[0]
    )
    return tuple(
        problem
        if one is None or (one[1] is not None and named[id(one[1]), one[0].edits[0].text] > 1)
        else replace(problem, fix=one[0])
        for problem, one in zip(problems, found, strict=True)
    )


class Words:
    """How many times each word stands in some texts."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(word for text in self.sources.values() for word in re.findall(r"[\w-]+", text))

    def is_repeated(self, name: str) -> bool:
        """Whether a name that the spec should define, if there is one, stands elsewhere too, and so may be the right one."""
        if not name or re.fullmatch(r"[\w-]+", name):
            return bool(name) and self.counts[name] != 1
        return sum(1 for text in self.sources.values() for _ in words(name, text)) != 1


def names_in(suggestion: Suggestion) -> tuple[str, str] | None:
    """The name that is asked for and not there, and the one that is there and may be a typo of it."""
    old, given = suggestion.written, suggestion.undefined
    if suggestion.how != "word" or not given or not isinstance(old, str) or old.count(given) != 1:
        return None
    begin, end = old.split(given)
    if not (suggestion.new.startswith(begin) and suggestion.new.endswith(end)):
        return None
    return given, suggestion.new[len(begin) : len(suggestion.new) - len(end)]


def words(name: str, text: str) -> Iterator[re.Match[str]]:
    """Where `name` stands in `text` as a word."""
    return re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)


@dataclass(frozen=True)
class EditedText:
    """A text before and after some fixes, of which `count` were carried out, and the spans that were replaced, in order."""

    before: str
    text: str
    spans: Sequence[tuple[int, int, str]]
    count: int

    @cached_property
    def starts(self) -> tuple[list[int], list[int]]:
        """Where the lines begin, before and after."""
        return line_starts(self.before), line_starts(self.text)

    def moved(self, line: int, column: int) -> tuple[int, int]:
        """Where that now is what began at `line` and `column`."""
        if not line:
            return line, column
        before, starts = self.starts
        at = before[line - 1] + column - 1
        inside = next((begin for begin, end, _ in self.spans if begin < at < end), at)
        at = inside + sum(len(new) - (end - begin) for begin, end, new in self.spans if end <= inside)
        line = bisect_right(starts, at)
        return line, at - starts[line - 1] + 1


def apply_fixes(text: str, fixes: Iterable[Fix]) -> EditedText:
    """`text` after the fixes; of those that overlap only the first is carried out."""
    starts = line_starts(text)
    taken: list[tuple[int, int, str]] = []
    count = 0
    for _, spans in sorted((spans_of(starts, fix)[0], spans_of(starts, fix)) for fix in fixes):
        if all(end <= begin or other_end <= start for start, end, _ in spans for begin, other_end, _ in taken):
            taken += spans
            count += 1
    pieces, at = [], 0
    for begin, end, new in sorted(taken):
        pieces += [text[at:begin], new]
        at = end
    return EditedText(text, "".join([*pieces, text[at:]]), sorted(taken), count)


def spans_of(starts: Sequence[int], fix: Fix) -> list[tuple[int, int, str]]:
    """The characters that each edit replaces, `end` exclusive, and by what."""
    return [
        (starts[at.line - 1] + at.column - 1, starts[at.end_line - 1] + at.end_column - 1, edit.text)
        for edit in fix.edits
        for at in [edit.place]
    ]


def without_conflicts(fixes: Iterable[Fix]) -> Iterator[Fix]:
    """`fixes`, each once, but none of those that want different texts at one place."""
    once = list(dict.fromkeys(fixes))
    wanted: dict[Place, set[str]] = {}
    for fix in once:
        for edit in fix.edits:
            wanted.setdefault(edit.place, set()).add(edit.text)
    yield from (fix for fix in once if all(len(wanted[edit.place]) == 1 for edit in fix.edits))
