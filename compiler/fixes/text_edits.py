"""From what was meant to edits of the text: finds the exact words of a spec, and replaces them and nothing else.

Knows texts and their parts, no models. What cannot be edited for certain has no fix.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from modelc.compiler.diagnostics.problem import Edit, Fix, Meant, Place, Problem
from modelc.compiler.diagnostics.render.order import where
from modelc.compiler.fixes.type_key_rewrite import thing_form
from modelc.compiler.language.suggestions.spelling import distance
from modelc.compiler.syntax.composer import Composer
from modelc.compiler.syntax.positions import Node, Unreadable, index_of, line_starts, place

NEAR = 4
"""So many letters differ between names of which none is a slip of the other."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A key or a plain value of a text, and the mapping that it is a key of. `anchored`: an alias may repeat it."""

    node: Node
    keyed: Node | None
    anchored: bool


class Text:
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
        return None if found is None or found.node.end is None else place(self.name, found.node.start, found.node.end)

    def fix(self, meant: Meant) -> tuple[Fix, Node | None] | None:
        """The edits that write what was meant, and the mapping that gets the new word as a key; None if there are none."""
        found = self.scalars.get((meant.place.line - 1, meant.place.column - 1))
        if found is None or found.anchored:
            return None
        node, end = found.node, found.node.end
        same = node.content == meant.old and isinstance(node.content, bool) == isinstance(meant.old, bool)
        if not same or end is None or node.start.line != end.line:
            return None
        keys = [key.content for key, _ in found.keyed.content] if found.keyed is not None else []
        if meant.how == "form":
            edits = None
            if found.keyed is not None and meant.new not in keys:
                edits = thing_form(self.text, self.starts, self.name, found.keyed, meant)
            return None if edits is None else (Fix(f"write it with the key `{meant.new}`", edits), None)
        raw = self.text[index_of(self.starts, node.start) : index_of(self.starts, end)]
        new = meant.new
        if meant.how == "word":
            quote = raw[0] if raw[0] in "\"'" else ""
            if isinstance(meant.old, str) and raw != f"{quote}{meant.old}{quote}":
                return None
            new = json.dumps(new) if self.is_json else f"{quote}{new}{quote}"
        elif found.keyed is not None:
            return None
        if meant.new in keys:
            return None
        title = f"write `{meant.new}` for `{raw}`" if raw != meant.new else "write it anew"
        return Fix(title, (Edit(place(self.name, node.start, end), new),)), found.keyed


def settle(problems: Sequence[Problem], sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """`problems` with the fix of each whose cure is beyond doubt and can be carried out in the text it is about."""
    texts: dict[str, Text] = {}
    found: list[tuple[Fix, Node | None] | None] = []
    for problem in problems:
        meant = problem.meant
        if meant is None or meant.place.file not in sources or not meant.place.line:
            found.append(None)
            continue
        name = meant.place.file
        if meant.given and occurrences(meant.given, sources.values()) != 1:
            found.append(None)
            continue
        if name not in texts:
            texts[name] = Text(name, sources[name])
        found.append(texts[name].fix(meant))
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


def named(meant: Meant) -> tuple[str, str] | None:
    """The name that is asked for and not there, and the one that is there and may be a slip of it."""
    old, given = meant.old, meant.given
    if meant.how != "word" or not given or not isinstance(old, str) or old.count(given) != 1:
        return None
    begin, end = old.split(given)
    if not (meant.new.startswith(begin) and meant.new.endswith(end)):
        return None
    return given, meant.new[len(begin) : len(meant.new) - len(end)]


def occurrences(name: str, texts: Iterable[str]) -> int:
    """How often `name` stands in `texts` as a word."""
    return sum(1 for text in texts for _ in words(name, text))


def words(name: str, text: str) -> Iterator[re.Match[str]]:
    """Where `name` stands in `text` as a word."""
    return re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)


def is_cure(problem: Problem, before: Iterable[Problem], after: Iterable[Problem]) -> bool:
    """Whether the fix of `problem` took it away, and brought no mistake of spelling in its place.

    `before` is all that was wrong, `after` all that is once the fix is carried out. What stood behind a mistake may show,
    and what can be fixed in turn.
    """
    old = Counter((other.code, other.message) for other in before)
    now = list(after)
    said = (problem.code, problem.message)
    if sum((other.code, other.message) == said for other in now) >= old[said]:
        return False
    meant = problem.meant
    assert meant is not None
    if meant.given and any(
        is_left_alone(other, meant.given) for other in now if (other.code, other.message) not in old
    ):
        return False
    if problem.path and problem.path[-1] == meant.old:
        here = (*problem.path[:-1], meant.new)
        at_it = [other for other in now if here in (other.path, other.path[:-1])]
    else:
        begin = (meant.place.file, meant.place.line, meant.place.column)
        at_it = [other for other in now if begin == where(other)]
    for other in now:
        if (other.code, other.message) in old or not other.is_error:
            continue
        if other.code.startswith("E0") or (
            other.code < "E3" and other in at_it and meant.how != "form" and not other.fix
        ):
            return False
    return True


def is_left_alone(problem: Problem, given: str) -> bool:
    """Whether nothing uses something whose name `given` may as well be a slip of."""
    name = re.search("`([^`]+)`", problem.message) if problem.code in ("W901", "W902", "W909") else None
    return name is not None and distance(given, name[1], NEAR) < NEAR


def judged(
    problems: Sequence[Problem], before: Sequence[Problem], after: Sequence[Problem]
) -> tuple[bool, list[Problem]]:
    """Whether the fixes of all `problems`, carried out together, took each of them away, and which are no cures by
    themselves, as `is_cure` says."""
    said, old, now = (Counter((one.code, one.message) for one in found) for found in (problems, before, after))
    fewer = all(now[words] <= old[words] - count for words, count in said.items())
    failed = [problem for problem in problems if not is_cure(problem, before, after)]
    return fewer and not failed, failed


def apply(text: str, fixes: Iterable[Fix]) -> tuple[str, int]:
    """`text` after the fixes, and how many of them were carried out: of those that overlap only the first."""
    starts = line_starts(text)
    taken: list[tuple[int, int, str]] = []
    done = 0
    for _, spans in sorted((spans_of(starts, fix)[0], spans_of(starts, fix)) for fix in fixes):
        if all(end <= begin or other_end <= start for start, end, _ in spans for begin, other_end, _ in taken):
            taken += spans
            done += 1
    pieces, at = [], 0
    for begin, end, new in sorted(taken):
        pieces += [text[at:begin], new]
        at = end
    return "".join([*pieces, text[at:]]), done


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
