"""Moves keys that stand in another section, or at the top level, to the section where they belong, in the data alone: so what is
wrong in them is found together with their place, which the parser reports.
"""

from dataclasses import replace
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.expansion.source_tree import Entries, SourceNode, document_of, entries_of, tree
from modelc.compiler.language.grammar import LANGUAGE, SECTIONS
from modelc.compiler.language.parser.misplaced_keys import certain_homes
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.syntax.document import Document, Moved, Where


def with_keys_moved(document: Document) -> Document:
    """`document` with each key in the section that it certainly belongs in, if that has none of its name."""
    move = Move(document)
    for section in ("", *SECTIONS):
        move.keys_of((section,) if section else ())
    if not move.moved:
        return document
    found, _ = document_of(move.root, document)
    return replace(found, misplaced=move.moved)


class Move:
    """Moves keys of one document in its tree `root`; `moved` has them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.reporter = Reporter(document)
        self.root = tree(document)
        self.moved: dict[Path, Moved] = {}

    def keys_of(self, section: tuple[str, ...]) -> None:
        """Move those of the keys of a section, or of the top level, that belong elsewhere."""
        known = SECTIONS[section[0]] if section else LANGUAGE
        strange = {
            key: plain(self.document, (*section, key))
            for key, (_, value) in entries_of(self.section(section)).items()
            if key not in known.keys and value.kind != "hole"
        }
        for key, home in certain_homes(self.reporter, section, strange).items():
            where, value = entries_of(self.section(section))[key]
            entries = entries_of(value) if len(home) == 1 else {home[1]: (where, value)}
            if self.put(home[0], entries, where):
                left = self.section(section).with_child(key, None)
                self.root = self.root.with_child(section[0], left) if section else left
                self.moved[*section, key] = Moved(home, where)

    def section(self, path: tuple[str, ...]) -> SourceNode:
        found = self.root.get(path[0]) if path else self.root
        return found or SourceNode("mapping", {}, self.root.at)

    def put(self, home: str, entries: Entries, where: Where) -> bool:
        """Put `entries` into the section `home`, which stands at `where` if there is none; says whether all have room."""
        there = self.root.get(home)
        if there is None or (there.kind == "scalar" and there.content is None):
            # Without a place of its own, a section stands where the first of its keys does.
            at = self.root.content[home][0] if there is not None else where
            there = SourceNode("mapping", {}, at)
            where = at
        elif there.kind != "mapping" or there.content.keys() & entries.keys():
            return False
        else:
            where = self.root.content[home][0]
        self.root = self.root.with_child(home, there._replace(content={**there.content, **entries}), where)
        return True


def plain(document: Document, path: Path) -> Any:
    """The value at a path; None for a hole."""
    return document.get(path) if path in document.values and path not in document.holes else None
