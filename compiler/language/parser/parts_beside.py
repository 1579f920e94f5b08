"""Reports parts of a `residual` or `parallel` that stand beside it instead of inside: `shortcut` beside a list of layers."""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import Parallel, Residual
from modelc.compiler.language.layer_grammar import ITEM, NODE, PARALLEL, RESIDUAL
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.wording import in_line
from modelc.compiler.library.layers import LAYERS

LONGEST = 100
"""Characters of a mapping that is shown whole."""
PARTS = {Residual.key: (RESIDUAL.keys, "layers"), Parallel.key: (PARALLEL.keys, "branches")}
"""What has parts: its keys, and the one that a bare value may be meant for."""


def parts_beside(reporter: Reporter, structure: str, raw: Mapping[str, Any], path: Path) -> Collection[str]:
    """The keys of `raw` beside `structure` that belong inside it; reports them as one mistake, after which nothing is said
    about `structure`.
    """
    if structure not in PARTS:
        return ()
    keys, alone = PARTS[structure]
    around = (*ITEM.siblings, *NODE.siblings, structure)
    meant = {key: spelled(key, keys) for key in raw if key not in around and key not in LAYERS}
    found = {key: right for key, right in meant.items() if right is not None}
    if not found:
        return ()
    given = raw[structure]
    if structure == Parallel.key and isinstance(given, list):
        given = dict(zip("abcdefgh", given, strict=False))
    inside = given if isinstance(given, Mapping) and given.keys() & keys.keys() else {alone: given}
    written = {**inside, **{right: raw[key] for key, right in found.items()}}
    form = (
        "{" + ", ".join(f"{key}: [...]" if key != "join" else f"{key}: {value}" for key, value in written.items()) + "}"
    )
    help = f"write `{structure}: {in_line(written, LONGEST) or form}`"
    message = f"{name_list([*found])} {'belong' if len(found) > 1 else 'belongs'} inside `{structure}`, not beside it"
    first, related = next(iter(found)), [((*path, structure), "inside this")]
    at, label = (*path, first), f"not inside `{structure}`"
    reporter.add("E102", message, at, key=True, label=label, help=help, related=related)
    reporter.unread.add((*path, structure))
    return found
