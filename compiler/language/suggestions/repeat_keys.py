"""What stands for keys and values of `repeat` as others count copies, `{times: 2, start: 1}`, `{for: w, in: [8, 16]}`, a list, and
for loops over layers as templates have them, `for: {w: [8, 16]}`.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import NAME, fold
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.document import COPIES as COPIED
from modelc.compiler.syntax.document import Document, Where

COPIES = 'copies that differ are counted: `repeat: {times: 3, index: i}`, with values such as `"${[1, 2, 4][i]}"`'
STEPS = ("by", "step", "stride")
STARTS = ("begin", "first", "from", "offset", "start")
LISTS = ("each", "in", "items", "over", "times", "values")
CONDITIONS = ("condition", "enabled", "if", "onlyif", "unless", "when")
"""Keys of others for layers that may be missing, without case and separators."""
LOOPS = ("each", "for", "foreach", "loop", "map", "over", "withitems")
"""Keys of others for loops, without case and separators."""
HEAD = re.compile(r"([A-Za-z_]\w*)\s+in\s+(?:range\((\w+)\)|(\[.*\]))")
"""The head of a loop as Python writes it: `d in range(3)`, `d in [1, 2, 4]`."""
FEW = 4
"""More layers are not written out."""


class Loop(NamedTuple):
    """A loop: the name that it gives to a value, empty for none; how many there are, a number or a variable, and as a list that
    can be typed.
    """

    name: str
    times: int | str
    values: str


def loop_of(value: Any) -> Loop | None:
    """The loop whose head is `value`: `{d: [1, 2, 4]}`, `[1, 2, 4]`, `{d: 3}`, `d in [1, 2, 4]`; None if it is none."""
    if isinstance(value, str):
        match = HEAD.fullmatch(value.strip())
        if match is None:
            return None
        name, times, values = match.groups()
        counted = int(times) if times and times.isdecimal() else f"${times}"
        return Loop(name, counted, "") if times else Loop(name, values.count(",") + 1, values)
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, values),) = value.items()
        inner = None if isinstance(values, str) else loop_of(values)
        return inner and inner._replace(name=str(name))
    if isinstance(value, list) and value:
        return Loop("", len(value), list_text(value))
    return Loop("", value, "") if is_count(value) else None


def head_in(key: str) -> str:
    """The head of a loop that is written as the key of an item, `for i in range(3)`; empty where it is none."""
    match = re.fullmatch(r"for\s+(.*?):?", key.strip())
    return match[1] if match and " in " in match[1] else ""


def condition_help(condition: Any) -> str:
    """How a layer is there or not, as a `condition` says."""
    inner = (
        condition[2:-1] if isinstance(condition, str) and condition.startswith("${") and condition.endswith("}") else ""
    )
    return f'a layer that may be missing is repeated once or not at all: `repeat: "${{1 if {inner or "..."} else 0}}"`'


def list_text(values: list[Any]) -> str:
    """A list as an expression has it, with its strings in quotes."""
    return "[" + ", ".join(f"'{one}'" if isinstance(one, str) else flow(one) for one in values) + "]"


def copies_help(head: Any) -> str:
    """How the copies of a loop are written whose head is `head`."""
    loop = loop_of(head)
    if loop is None:
        return COPIES
    if loop.values:
        return of_loop(loop)
    index = loop.name or "i"
    return f"copies are counted: write `repeat: {{times: {loop.times}, index: {index}}}`; `${index}` is their number, from 0"


def counted(repeat: Any) -> str:
    """What to write for the unknown keys of a `repeat`."""
    given = {key: one for key, one in repeat.items() if key != COPIED} if isinstance(repeat, Mapping) else {}
    words = [one for name, one in given.items() if isinstance(one, str) and NAME.fullmatch(one) and name != "tied"]
    lists = {name: one for name, one in given.items() if isinstance(one, list) and one}
    for name, values in lists.items():
        # Of `{for: w, in: [8, 16]}` the name is a value, of `{w: [8, 16]}` a key.
        called = words[0] if words else "" if name in LISTS else str(name)
        return of_loop(Loop(called, len(values), list_text(values)))
    index = words[0] if words else "i"
    start = next((one for name, one in given.items() if name in STARTS and is_count(one)), 0)
    step = next((one for name, one in given.items() if name in STEPS and is_count(one)), 1)
    if not start and step == 1:
        return COPIES
    number = index if step == 1 else f"{step} * {index}"
    number = f"{number} + {start}" if start else number
    return f'copies are counted from 0, as `index: {index}`: write `"${{{number}}}"` where the number is used'


def of_loop(loop: Loop) -> str:
    """How copies get one value each of a list."""
    index = "n" if loop.name == "i" else "i"
    used = f"`${loop.name}`" if loop.name else "the value"
    written = f'`"${{{loop.values}[{index}]}}"`'
    return f"copies are counted: write `repeat: {{times: {loop.times}, index: {index}}}` and {written} where {used} is used"


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def names_of_loops(item: Mapping[str, Any], known: Collection[str]) -> frozenset[str]:
    """The names that loops around an item define: by a key for it, or by one in `repeat` that is none of the `known`."""
    # Thousands of names may be looked for in it. What is kept has the item too, so that no other gets its identity.
    key = "loops", id(item), tuple(known)
    return lookups().once(key, lambda: (item, loops_in(item, known)))[1]


def loops_in(item: Mapping[str, Any], known: Collection[str]) -> frozenset[str]:
    """`names_of_loops`, looked for."""
    heads = [value for key, value in item.items() if fold(str(key)) in LOOPS]
    repeat = item.get("repeat")
    if isinstance(repeat, Mapping):
        heads += [{key: value} for key, value in repeat.items() if key not in known]
    loops = [loop_of(head) for head in heads]
    named = {name for head in heads if isinstance(head, Mapping) for name in head}
    return frozenset([*map(str, named), *(loop.name for loop in loops if loop is not None and loop.name)])


def each_copy_help(document: Document, path: Path, value: Any) -> str:
    """How a list at `path`, where one value is wanted, gives one to each copy of a `repeat` around it, or becomes a layer
    for each. Empty for all else.
    """
    if not isinstance(value, list) or not value or any(type(one) not in (int, float) for one in value):
        return ""
    use = use_of_variable(document, path)
    at = use or document.origin(path)
    written = variable_at(at)
    for end in range(len(at.path) - 1, 1, -1):
        item = at.document.get(at.path[:end])
        repeat = item.get("repeat") if isinstance(item, Mapping) else None
        times = repeat.get("times") if isinstance(repeat, Mapping) else repeat
        if times == len(value):
            entry = f"{written or list_text(value)}[i]"
            return f'for one value for each copy write `"${{{entry}}}"`, and `repeat: {{times: {times}, index: i}}`'
    *around, last = path
    layer = around[-1] if around else ""
    is_primary = isinstance(layer, str) and layer in LAYERS and LAYERS.find(layer).primary == last
    in_list, in_node = around[-2:-1] and isinstance(around[-2], int), around[-3:-2] == ["nodes"]
    if use is None and is_primary and (in_list or in_node) and len(value) <= FEW:
        from modelc.compiler.language.suggestions.recurrent_stacks import in_sequence, layers_for_each

        at_layer = document.get(path[:-1]) if path[:-1] in document.values else None
        layers = layers_for_each(str(layer), at_layer if isinstance(at_layer, Mapping) else {}, str(last), value)
        if in_node:
            return f"`{last}` is one value: for a layer for each, {in_sequence(layers, True)}"
        return f"`{last}` is one value: write a layer for each, {', '.join(f'`- {one}`' for one in layers)}"
    return ""


def use_of_variable(document: Document, path: Path) -> Where | None:
    """Where the variable stands through which the value at `path` came; None where it came through none."""
    hops = document.trails.get(path if path in document.values else path[:-1], ())
    uses = [hop.where for hop in hops if isinstance(hop.where, Where) and not hop.where.key]
    return uses[-1] if uses else None


def use_for_copies(document: Document, path: Path, value: Any) -> Where | None:
    """Where the variable stands that has a list with a value for each copy around it, in place of one; None for all else."""
    return use_of_variable(document, path) if each_copy_help(document, path, value) else None


def variable_at(where: Where) -> str:
    """The name of the variable that stands alone at a place; empty where there is none."""
    text = where.document.get(where.path)
    return text[1:] if isinstance(text, str) and text[:1] == "$" and text[1:].isidentifier() else ""
