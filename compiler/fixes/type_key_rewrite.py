"""Writes `type: dense` with its arguments beside it as `dense:` with its arguments inside: text in, text out.

Entries are moved as they are written, with the comments above and behind them.
"""

import json
import re
from collections.abc import Sequence

from modelc.compiler.diagnostics.problem import Edit, Suggestion
from modelc.compiler.syntax.positions import Mark, Node, index_of, place_of

BETWEEN = re.compile(r"\s*,\s*")


def rewrite_type_key(
    text: str, starts: Sequence[int], name: str, mapping: Node, suggestion: Suggestion
) -> tuple[Edit, ...] | None:
    """The edits that give `mapping` the key `suggestion.new` in place of `suggestion.written`; None where the layout is unusual.

    `starts` has the index of each line of `text`, the source called `name`.
    """
    keys = [key.content for key, _ in mapping.content]
    if any(last(value) is None or value.start == key.start for key, value in mapping.content):
        return None
    chosen = keys.index(suggestion.written)
    inside = [place for place, key in enumerate(keys) if place != chosen and key not in suggestion.beside]
    rewrite = in_flow if mapping.end is not None else in_block
    found = rewrite(text, starts, mapping, chosen, inside, suggestion.new, name.endswith(".json"))
    if found is None:
        return None
    begin, end, new = found
    return (Edit(place_of(name, starts, begin, end), new),)


def last(node: Node) -> Mark | None:
    """Where what a node says ends; None where that is not known."""
    if node.end is not None:
        return node.end
    if node.kind == "mapping" and node.content:
        return last(node.content[-1][1])
    return last(node.content[-1]) if node.kind == "sequence" and node.content else None


def in_flow(
    text: str, starts: Sequence[int], mapping: Node, chosen: int, inside: list[int], new: str, quoted: bool
) -> tuple[int, int, str] | None:
    """`{type: dense, units: 8}` as `{dense: {units: 8}}`: what to replace, from where to where, and by what."""
    word = json.dumps(new) if quoted else new
    spans = [(index_of(starts, key.start), index_of(starts, ended(value))) for key, value in mapping.content]
    if len(spans) == 1:
        assert mapping.end is not None
        return index_of(starts, mapping.start), index_of(starts, mapping.end), word
    first, final = min([chosen, *inside]), max([chosen, *inside])
    for place in range(first, final):
        if not BETWEEN.fullmatch(text[spans[place][1] : spans[place + 1][0]]):
            return None
    written = [text[begin:end] for begin, end in spans]
    arguments = ", ".join(written[place] for place in inside)
    thing = f"{word}: {{{arguments}}}" if inside else f"{word}: null" if quoted else word
    beside = [place for place in range(first, final + 1) if place != chosen and place not in inside]
    entries = [written[place] for place in beside if place < chosen]
    entries += [thing, *(written[place] for place in beside if place > chosen)]
    return spans[first][0], spans[final][1], ", ".join(entries)


def in_block(
    text: str, starts: Sequence[int], mapping: Node, chosen: int, inside: list[int], new: str, quoted: bool
) -> tuple[int, int, str] | None:
    """The same over several lines: the arguments move below the name, two columns to the right."""
    column = mapping.start.column
    lines = text.split("\n")
    segments: list[list[str]] = []
    line = mapping.start.line
    for key, value in mapping.content:
        stop = ended(value)
        final = stop.line - 1 if stop.column == 0 and stop.line > key.start.line else stop.line
        while final > key.start.line and not lines[final].strip():
            final -= 1
        if key.start.column != column or key.start.line < line:
            return None
        segments.append(lines[line : final + 1])
        line = final + 1
    end = index_of(starts, mapping.start) if line == 0 else starts[line - 1] + len(lines[line - 1])
    segments[0][0] = " " * column + segments[0][0][column:]
    key, value = mapping.content[chosen]
    stop = ended(value)
    if stop.line != key.start.line:
        return None
    named = segments[chosen][-1]
    colon = ":" if len(segments) > 1 else ""
    segments[chosen][-1] = f"{' ' * column}{new}{colon}{named[stop.column :]}"
    for place in inside:
        segments[place] = [f"  {row}" if row.strip() else row for row in segments[place]]
    beside = [place for place in range(len(segments)) if place != chosen and place not in inside]
    order = [place for place in beside if place < chosen]
    order += [chosen, *inside, *(place for place in beside if place > chosen)]
    written = "\n".join(row for place in order for row in segments[place])
    return index_of(starts, mapping.start), end, written.lstrip(" ")


def ended(node: Node) -> Mark:
    mark = last(node)
    assert mark is not None
    return mark
