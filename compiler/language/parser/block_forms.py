"""Reports blocks that are used in a form of others: `use: {block: Part, width: 3}`, `type: Part`."""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.foreign_forms import TYPE_KEYS
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import spell
from modelc.compiler.library.layers import LAYERS

KEYS = ("use", "block", *TYPE_KEYS, "call", "module", "ref")
INSIDE = ("args", "arguments", "config", "kwargs", "parameters", "params", "with")
"""Keys below which others write the arguments."""


def block_form(reporter: Reporter, raw: Mapping[str, Any], path: Path, siblings: Collection[str]) -> bool:
    """Report an item that names a block by the value of a key; says whether it is one."""
    if not reporter.document.defined or reporter.is_full:
        return False
    key = next((one for one in raw if one in KEYS and one not in siblings and one not in LAYERS), None)
    value = None if key is None or reporter.is_hole((*path, key)) else raw[key]
    inner = next(
        (one for one in (*KEYS, "name") if isinstance(value, Mapping) and isinstance(value.get(one), str)), None
    )
    name = value[inner] if isinstance(value, Mapping) and inner is not None else value
    block = block_called(name, reporter.document.defined) if isinstance(name, str) else ""
    if key is None or not block:
        return False
    given = {one: below for one, below in value.items() if one != inner} if isinstance(value, Mapping) else {}
    given |= {one: below for one, below in raw.items() if one not in (key, *siblings)}
    for one in INSIDE:
        below = given.pop(one, None)
        given |= below if isinstance(below, Mapping) else {} if below is None else {one: below}
    beside = {one: raw[one] for one in raw if one in siblings}
    written = f"{block}: {spell(given)}" if given else block
    if beside:
        others = spell(beside)[1:-1]
        written = f"{{{written if given else f'{block}:'}, {others}}}"
    message, label = f"a block is written with its name as the key, not with `{key}:`", f"`{key}` is not used"
    reporter.add("E107", message, (*path, key), key=True, label=label, help=f"write `{written}`")
    return True


def block_called(name: str, defined: Collection[str]) -> str:
    """The block that `name` is, or is a typo of; empty for none."""
    found = suggest(name, defined)
    return name if name in defined else found.new if found.is_safe else ""
