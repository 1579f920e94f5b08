"""Formats a YAML spec: sections in order, two columns for each level, no superfluous white space.

Only white space between words and the order of top-level sections are changed; words, quotes, numbers, comments
and line breaks inside braces and brackets stay as written. A formatted text means the same as before, or is refused.
"""

from collections.abc import Iterator
from itertools import pairwise

import yaml
from yaml.tokens import (
    FlowEntryToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    ScalarToken,
    Token,
    ValueToken,
)

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.formatter.json_layout import format_json
from modelc.compiler.formatter.line_tree import DASHES, Tree, Unusual
from modelc.compiler.formatter.section_order import in_order, same_data
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.syntax.document import read
from modelc.compiler.syntax.positions import Node, Unreadable, index_of, line_starts
from modelc.compiler.syntax.yaml_events import LOADER


def formatted(text: str, name: str, *, again: bool = True) -> tuple[str, tuple[Problem, ...]]:
    """`text` in canonical layout, JSON where `name` ends in `.json`; unchanged, with its problems, if it is unreadable.

    Raises Unusual, unless `again` is false also for a text that would not stay as it is then.
    """
    document, problems = read(text, name)
    if document is None or problems:
        return text, problems
    if name.endswith(".json"):
        new = format_json(document.text, tuple(LANGUAGE.keys))
    else:
        plain = document.text.replace("\r\n", "\n")
        try:
            new = laid_out(in_order(laid_out(tight(spaced(plain, name)), name), name), name)
        except Unreadable:
            raise Unusual("its layout is too unusual to be formatted") from None
        need_same_words(plain, new)
        new = new.replace("\n", "\r\n") if "\r\n" in document.text else new
    if not same_data(document.text, new, name):
        raise Unusual("it cannot be formatted without changing its meaning")
    if again and new != text and formatted(new, name, again=False)[0] != new:
        raise Unusual("formatting it twice would give another text")
    return new, ()


def need_same_words(old: str, new: str) -> None:
    """Raise Unusual unless both texts have the same lines, apart from their order and white space."""
    before, after = (sorted("".join(line.split()) for line in text.split("\n")) for text in (old, new))
    if [line for line in before if line] != [line for line in after if line]:
        raise Unusual("it cannot be formatted without changing its words")


def laid_out(text: str, name: str) -> str:
    """`text` with each line at its column, without trailing white space, and with at most one empty line in a row."""
    tree = Tree(text, name)
    lines = tree.lines
    new: list[str] = []
    shift = 0
    for number, line in enumerate(lines):
        stripped, indent = line.lstrip(" "), indent_of(line)
        if number in tree.inside or number in tree.ending:
            line = line.rstrip() if number in tree.ending else line
            new.append(moved(line, shift) if stripped else line)
            continue
        stripped = stripped.rstrip()
        if number in tree.entries:
            dashes = DASHES.match(stripped)
            assert dashes is not None
            chain = "- " * dashes[0].count("-")
            new.append((" " * tree.entries[number] + chain + stripped[dashes.end() :]).rstrip())
            # Behind a dash alone nothing is moved by its blank.
            begin = len(chain if stripped[dashes.end() :] else chain.rstrip())
            shift = tree.entries[number] - indent + begin - dashes.end()
        elif stripped.startswith("#"):
            new.append(" " * max(0, indent + of_comment(tree, number, indent)) + stripped)
        elif stripped:
            new.append(moved(line.rstrip(), shift))
        elif new and new[-1]:
            new.append("")
    return "\n".join(new).rstrip("\n") + "\n"


def moved(line: str, shift: int) -> str:
    """`line`, `shift` columns to the right, or to the left as far as it goes."""
    return " " * max(0, indent_of(line) + shift) + line.lstrip(" ")


def of_comment(tree: Tree, number: int, indent: int) -> int:
    """How far to move the comment on line `number`: as far as the line below or above it at the same column."""
    below = next((line for line in range(number + 1, len(tree.lines)) if line in tree.entries), None)
    earlier = reversed(range(number))
    above = next((line for line in earlier if line in tree.entries and at(tree, line) <= indent), None)
    for line in (below, above):
        if line is not None and at(tree, line) == indent:
            return tree.entries[line] - indent
    if below is not None and (above is None or at(tree, below) > indent) and not inside_flow(tree, number, below):
        return tree.entries[below] - indent
    return 0 if above is None else tree.entries[above] - at(tree, above)


def inside_flow(tree: Tree, number: int, below: int | None) -> bool:
    """Whether a line that belongs to what is above stands between the comment and the next entry."""
    end = len(tree.lines) if below is None else below
    return any(
        line.strip() and not line.lstrip().startswith("#")
        for place, line in enumerate(tree.lines[number + 1 : end], number + 1)
        if place not in tree.inside
    )


def at(tree: Tree, line: int) -> int:
    return indent_of(tree.lines[line])


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def spaced(text: str, name: str) -> str:
    """`text` with the colon directly after a key in block style, and one space before a value on the same line."""
    starts = line_starts(text)
    pieces: list[str] = []
    done = 0
    for key, value in pairs(Tree(text, name).root):
        if key.end is None or value.start == key.start:
            continue
        begin = index_of(starts, key.end)
        beside = value.start.line == key.end.line
        end = index_of(starts, value.start) if beside else text.find(":", begin) + 1
        if text[begin:end].strip() == ":":
            pieces += [text[done:begin], ": " if beside else ":"]
            done = end
    return "".join([*pieces, text[done:]])


def tight(text: str) -> str:
    """`text` with one space after each comma and colon in braces and brackets, and none elsewhere between two tokens."""
    starts = line_starts(text)
    pieces: list[str] = []
    done = depth = 0
    for one, other in pairwise(tokens(text)):
        depth += isinstance(one, FlowSequenceStartToken | FlowMappingStartToken)
        depth -= isinstance(one, FlowSequenceEndToken | FlowMappingEndToken)
        begin, end = index_of(starts, one.end_mark), index_of(starts, other.start_mark)
        wanted = between(one, other) if depth and not text[begin:end].strip(" ") else None
        if wanted is not None:
            pieces += [text[done:begin], wanted]
            done = end
    return "".join([*pieces, text[done:]])


def between(one: Token, other: Token) -> str | None:
    """The white space between two tokens in braces or brackets; None to leave it as written."""
    if isinstance(one, FlowSequenceStartToken | FlowMappingStartToken):
        return ""
    if isinstance(other, FlowSequenceEndToken | FlowMappingEndToken | FlowEntryToken):
        # `{name: }` needs its blank where a reader would take `name:` for a word.
        return None if isinstance(one, ValueToken) else ""
    if isinstance(one, FlowEntryToken | ValueToken):
        return " "
    return "" if isinstance(one, ScalarToken) and isinstance(other, ValueToken) else None


def tokens(text: str) -> list[Token]:
    """The tokens of a YAML text that take up room in it; none where its scanner is stricter than its parser."""
    try:
        found = list(yaml.scan(text, Loader=LOADER))
    except yaml.YAMLError:
        return []
    return [token for token in found if token.end_mark.index > token.start_mark.index]


def pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    """The entries of block mappings, in the order of the text."""
    if node.kind == "mapping" and node.end is None:
        for key, value in node.content:
            yield key, value
            yield from pairs(value)
    elif node.kind == "sequence":
        for item in node.content:
            yield from pairs(item)
