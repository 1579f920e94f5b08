"""Sorts the sections of a YAML text into canonical order, each with its comments."""

import re

from modelc.compiler.formatter.line_tree import Tree
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.syntax.document import read


def in_order(text: str, name: str) -> str:
    """`text` with its sections in canonical order, each with the comments above it; head and end of the file stay.

    Unchanged if an alias would come before its anchor.
    """
    tree = Tree(text, name)
    if not tree.is_block:
        return text
    keys = [(key.content, key.start.line) for key, _ in tree.root.content]
    order = list(LANGUAGE.keys)
    wanted = sorted(keys, key=lambda key: order.index(key[0]) if key[0] in order else len(order))
    if wanted == keys:
        return text
    begins = [above(tree, keys[0][1]), *(headed(tree, line) for _, line in keys[1:])]
    if not any(tree.lines[: begins[0]]):
        # What stands above the first section may be about the whole.
        begins[0] = keys[0][1]
    bounds = [*begins, ending(tree)]
    sections = {key: tree.lines[bounds[place] : bounds[place + 1]] for place, key in enumerate(keys)}
    ordered: list[str] = []
    for key in wanted:
        # A heading that stands apart from what it heads stands apart from what is above it too.
        apart = begins[keys.index(key)] < above(tree, key[1])
        ordered += ([""] if apart and ordered and ordered[-1].strip() else []) + sections[key]
    new = "\n".join([*tree.lines[: begins[0]], *ordered, *tree.lines[bounds[-1] :]])
    return new if not tree.anchored or same_data(text, new, name) else text


def ending(tree: Tree) -> int:
    """The line from which on there are only `...` and, after an empty line, comments that belong to no section."""
    end = len(tree.lines)
    for line in range(end - 1, -1, -1):
        text = tree.lines[line]
        if line in tree.inside or not (not text.strip() or text.startswith("#") or re.match(r"\.\.\.(\s|$)", text)):
            break
        if not text.startswith("#"):
            end = line
    return end


def above(tree: Tree, line: int) -> int:
    """The first of the lines with comments that stand directly above `line`."""
    while line - 1 not in tree.inside and tree.lines[line - 1].startswith("#"):
        line -= 1
    return line


def headed(tree: Tree, line: int) -> int:
    """The first of the comment lines that head what begins on `line`: all above it but those right below an entry.

    Between a heading and what it is about may be empty lines.
    """
    first = above(tree, line)
    while first - 1 not in tree.inside and not tree.lines[first - 1].strip():
        empty = first - 1
        while empty - 1 not in tree.inside and not tree.lines[empty - 1].strip():
            empty -= 1
        higher = above(tree, empty)
        if higher == empty or tree.lines[higher - 1].strip():
            break
        first = higher
    return first


def same_data(one: str, other: str, name: str) -> bool:
    """Whether `other` can be read without problems and has the same data as `one`."""
    (old, _), (new, problems) = read(one, name), read(other, name)
    if old is None or new is None or problems:
        return False
    return repr(in_names(new.data)) == repr(in_names(old.data))


def in_names(data: object) -> object:
    """`data` with the entries of its mappings in the order of their names; `repr` then tells 1 from 1.0 and from true."""
    if isinstance(data, dict):
        return [(key, in_names(data[key])) for key in sorted(data)]
    return [in_names(item) for item in data] if isinstance(data, list) else data
