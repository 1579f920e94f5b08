"""Expands repeats whose copies know their number: `repeat: {times: 6, index: i}`.

The item is expanded once for each copy, with the number as the value of the index. The first stands where it is written,
the others below the `repeat`, as its copies.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from modelc.compiler.expansion.definitions import check_name
from modelc.compiler.expansion.scope import Scope
from modelc.compiler.expansion.source_tree import SourceNode, hole
from modelc.compiler.language.ast import LARGEST_REPEAT
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.language.layer_grammar import REPEAT_KEYS
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.document import COPIES

if TYPE_CHECKING:
    from modelc.compiler.expansion.expander import Expander


def named_plainly(expander: "Expander", repeat: SourceNode) -> SourceNode:
    """The value of a `repeat`, as it is written, with the name of its index; reports one that is written as a variable."""
    index = repeat.get("index")
    name = index.content if index is not None and index.kind == "scalar" else None
    if index is None or not isinstance(name, str) or not name.startswith("$"):
        return repeat
    message, help = f"`{name}` is not a name: `index` defines the variable", f"write `index: {name.strip('${}')}`"
    expander.report("E110", message, index.at, label="written with a dollar", help=help)
    return repeat.with_child("index", index._replace(content=name.strip("${}")))


def with_unread_index(repeat: SourceNode | None, scope: Scope) -> Scope:
    """`scope` inside of a `repeat` without `index`: what other keys may name as it is a variable that cannot be read, as the
    parser reports the key. Any name may be the index of a repeat that cannot be read itself.
    """
    if repeat is None:
        return scope
    if repeat.kind == "hole":
        return replace(scope, unnamed=True)
    entries = repeat.content.items() if repeat.kind == "mapping" else ()
    names = [below.content for key, (_, below) in entries if key not in REPEAT_KEYS and below.kind == "scalar"]
    unread = {name: None for name in names if isinstance(name, str) and NAME.fullmatch(name)}
    times = repeat.get("times") if repeat.kind == "mapping" else repeat
    return replace(scope, repeat="N" if times is None else flow(times.data), parameters={**scope.parameters, **unread})


def expand_copies(expander: "Expander", node: SourceNode, repeat: SourceNode, scope: Scope) -> SourceNode:
    """The item `node` with what stands beside it, and the copies that its `repeat`, which is evaluated, asks for.

    After a copy in which something is wrong there is no other: they are written as one. What is wrong with the repeat itself is left to
    the parser.
    """
    index, count = repeat.get("index"), repeat.get("times")
    assert index is not None
    times = count.content if count is not None and count.kind == "scalar" else 0
    is_known = isinstance(times, int) and not isinstance(times, bool) and 0 < times <= LARGEST_REPEAT
    # An unknown key may say how the index counts.
    is_known = is_known and repeat.content.keys() <= REPEAT_KEYS.keys()
    name = index.content if index.kind == "scalar" else None
    if isinstance(name, str) and not check_name(expander, "vars", name, index.at):
        repeat = repeat.with_child("index", hole(index.at))
        name = None
    if not isinstance(name, str):
        scope = replace(scope, unnamed=True)
    parts = {key: entry for key, entry in node.content.items() if key not in BESIDE["layer"]}
    item, before = node._replace(content=parts), (len(expander.problems), expander.failures)
    tied = repeat.get("tied")
    if is_known and isinstance(name, str) and (tied is None or tied.content is not True):
        # Of copies that share their weights the parser says that they have no index.
        expander.indices.add(index)
    copies: list[SourceNode] = []
    for number in range(times if is_known else 1):
        if number:
            expander.count_item(node)
        value = index._replace(content=number) if is_known else None
        inside = scope
        if isinstance(name, str):
            parameters, indices = {**scope.parameters, name: value}, {**scope.indices, name: index}
            inside = replace(scope, parameters=parameters, indices=indices)
        copies.append(expander.expand_parts(item, inside))
        if (len(expander.problems), expander.failures) != before:
            break
    if times == 0:
        # No copy has a number: what could not be computed without one is no failure of the copies around it.
        expander.failures = before[1]
    first, *others = copies
    if others:
        below = SourceNode("list", tuple(others), repeat.at)
        repeat = repeat._replace(content={**repeat.content, COPIES: (repeat.at, below)}, copied=True)
    content = {}
    for key, (where, value) in node.content.items():
        if key == "repeat":
            content[key] = where, repeat
        else:
            content[key] = where, first.content[key][1] if key in parts else expander.evaluate_known(value, scope)
    return node._replace(content=content)
