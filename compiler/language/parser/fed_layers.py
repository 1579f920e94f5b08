"""Reports layers that stand in the `from` of a node, which names what feeds it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import STRUCTURES
from modelc.compiler.language.layer_grammar import NODE
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.layers import LAYERS


def report_layer_in_from(
    reporter: Reporter, name: str, node: Mapping[str, Any], names: Collection[str], path: Path, source: str
) -> bool:
    """Report a layer in the `from` of the node `name` at `path`, which may be fed by `source`; says whether there is one.
    `names` has all inputs and nodes.
    """
    fed = node["from"]
    if not isinstance(fed, list | Mapping):
        return False
    own = [key for key in node if key not in NODE.siblings]
    slots = {slot.name for key in own if key in LAYERS for slot in LAYERS.find(key).slots}
    found = next((at for at in layers_in(reporter, fed, names, (*path, "from")) if at[-1] not in slots), None)
    if found is None:
        return False
    layer = str(found[-1])
    value = reporter.document.as_typed(found)
    written = layer if value is None else f"{layer}: {flow(value)}"
    others = [one for one in fed if isinstance(one, str) and one in names]
    help = f"it stands beside `from`: write `{name}: {{from: {flow(others) if len(others) > 1 else (others or [source])[0]}, {written}}}`"
    if own:
        called = f"{name}_{layer}"
        help = f"give it a node of its own, `{called}: {{from: {source}, {written}}}`, and write `{called}` here"
    message = f"`{layer}` in `from` is a layer: `from` names the inputs and nodes that feed this one"
    reporter.add("E105", message, found, key=True, label="a layer", help=help)
    return True


def layers_in(reporter: Reporter, fed: Any, names: Collection[str], path: Path) -> Iterator[Path]:
    """The paths of the layers in a `from`, a mapping or a list: of what is called like one and names nothing that feeds it."""
    parts = [(path, fed)] if isinstance(fed, Mapping) else [((*path, place), one) for place, one in enumerate(fed)]
    for at, part in parts:
        for key, value in part.items() if isinstance(part, Mapping) else ():
            listed = value if isinstance(value, list) else [value]
            is_fed = all(isinstance(one, str) and one.partition(".")[0] in names for one in listed) and listed
            is_layer = key in LAYERS or key in STRUCTURES or key in reporter.document.defined
            if is_layer and not is_fed and not reporter.has_hole((*at, key)):
                yield (*at, key)
