"""Parses the nodes of a graph, of a model or of a block: their inputs and layers, and the outputs."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.language.ast import (
    Inner,
    InputSpec,
    Item,
    Layers,
    NodeSpec,
    Parallel,
    Reference,
    Residual,
    Share,
    Unembed,
)
from modelc.compiler.language.layer_grammar import FROM, LAYERS_OF, NODE, STRUCTURES
from modelc.compiler.language.parser.layer_items import read_item, read_items, read_repeat, with_copies
from modelc.compiler.language.parser.levels import key_around
from modelc.compiler.language.parser.named_item import check_name, check_reference
from modelc.compiler.language.parser.trainable import read_trainable
from modelc.compiler.language.parser.walk import read, report_need, wrong_kind
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.document import COPIES


def inputs_of(reporter: Reporter, entries: Mapping[str, Any] | None, path: Path) -> dict[str, InputSpec | None]:
    """The inputs by name; one of which something cannot be read is a hole."""
    return {
        name: None
        if found is None or None in found.values() or "shape" not in found or reporter.has_hole((*path, name))
        else InputSpec(**{**found, "shape": tuple(found["shape"])})
        for name, found in (entries or {}).items()
    }


def read_inner(
    reporter: Reporter, body: Mapping[str, Any], path: Path, types: Mapping[str, InputSpec | None]
) -> Inner | None:
    """The graph of a block; `types` are its inputs where it is the model of a file."""
    at = (*path, "inputs")
    inputs: tuple[Reference, ...] | None = tuple(Reference(name, (*at, name)) for name in types)
    if not types:
        inputs = references(reporter, body.get("inputs"), at)
    if inputs is None:
        return None
    names: dict[str, Path] = {}
    for reference in inputs:
        check_name(reporter, reference.text, reference.path)
        if reference.text in names:
            first = [(names[reference.text], "first occurrence")]
            message = f"duplicate input `{reference.text}`"
            reporter.add("E110", message, reference.path, label="second occurrence", related=first)
        names.setdefault(reference.text, reference.path)
    nodes, whole = read_nodes(reporter, body.get("nodes"), (*path, "nodes"), names)
    outputs, all_read = read_outputs(reporter, body.get("outputs"), (*path, "outputs"))
    if "output" in list(outputs)[1:]:
        message = "`output` is the name of the first output of a block"
        reporter.add("E110", message, outputs["output"].path, label="not the first", help="list it first, or rename it")
        return None
    if whole and all_read and not types:
        report_unused(reporter, names, nodes, outputs, path)
    if whole and all_read and path[:1] == ("blocks",):
        # Nothing uses it, so that nobody else looks for what it names.
        known = [*names, *nodes]
        fed = [source for node in nodes.values() for source in node.sources or ()]
        for reference in (*fed, *outputs.values()):
            if reference.node not in known:
                note = f"inputs and nodes: {listed(known)}"
                unknown_node(reporter, reference, known, "no such node or input", note)
    return Inner(tuple(names), nodes, outputs, whole and all_read, types)


def report_unused(
    reporter: Reporter,
    inputs: Mapping[str, Path],
    nodes: Mapping[str, NodeSpec],
    outputs: Mapping[str, Reference],
    path: Path,
) -> None:
    """Warn of inputs and nodes of a block that none of its outputs needs, unless something that cannot be read may."""
    named = {name: names_used(node) for name, node in nodes.items()}
    if any(found is None for found in named.values()):
        return
    needed: set[str] = set()
    waiting = [reference.node for reference in outputs.values()]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += named.get(name) or ()
    if not needed <= {*inputs, *nodes}:
        return
    block = reporter.document.blocks.get(path, "")
    asked = {one: at for name, node in nodes.items() if name in needed for one, at in asked_by(node).items()}
    for name in nodes:
        if name not in needed:
            message = f"node `{name}` of the block `{block}` is not used"
            at, label = (*path, "nodes", name), "no output of the block depends on it"
            help, related = "remove it", []
            if name in asked:
                help += f" and write a number in place of `shape({name})`"
                related = [(asked[name], "only its shape is needed here")]
            reporter.add("W901", message, at, key=True, label=label, help=help, related=related)
    for name, at in inputs.items():
        if name not in needed:
            message = f"input `{name}` of the block `{block}` is not used"
            reporter.add("W902", message, at, label="no output of the block depends on it")


def unknown_node(
    reporter: Reporter, reference: Reference, names: Sequence[str], label: str, note: str, help: str = ""
) -> None:
    """Report that `reference` says none of `names`; the `note` has these where none of them is like it, and nothing is
    known to `help`.
    """
    if reporter.only_counts("E201"):
        return
    found = suggest(reference.node, names, defined=True)
    around = found.around("", reference.text[len(reference.node) :])
    around = Suggestion(reference.text, help=help) if help else around
    message = f"unknown node `{reference.node}`"
    reporter.add("E201", message, reference.path, label=label, note="" if found or help else note, suggestion=around)


def names_used(node: NodeSpec) -> list[str] | None:
    """The nodes that `node` names; None where some of it could not be read."""
    if node.sources is None or node.items is None:
        return None
    copies = node.repeat.copies if node.repeat is not None else ()
    below = [named_in(item) for items in (node.items, *copies) for item in items]
    found = [name for names in below if names is not None for name in names]
    return None if None in below else [*(source.node for source in node.sources), *found]


def named_in(item: Item) -> list[str] | None:
    """The nodes whose weights an item takes; None where some of it could not be read."""
    body = item.body
    if isinstance(body, Share | Unembed):
        return [body.of.node]
    parts = [body.items] if isinstance(body, Layers | Residual) else []
    if isinstance(body, Residual):
        parts = [*parts, body.shortcut]
    if isinstance(body, Parallel):
        parts = [*body.branches.values()]
    parts += item.repeat.copies if item.repeat is not None else ()
    if item.is_hole or None in parts:
        return None
    below = [named_in(inner) for items in parts for inner in items or ()]
    return None if None in below else [name for names in below for name in names or ()]


def asked_by(node: NodeSpec) -> dict[str, Path]:
    """The names whose shapes the layers of `node` ask for, each with a place that does."""
    found: dict[str, Path] = {}
    waiting = [*(node.items or ())]
    while waiting:
        item = waiting.pop()
        if item.unbuilt is not None:
            for place, expression in item.unbuilt.places.items():
                found |= {one.name: (*item.unbuilt.path, *place) for one in expression.asked if not one.up}
        body = item.body
        waiting += (body.items or ()) if isinstance(body, Layers | Residual) else ()
        waiting += (body.shortcut or ()) if isinstance(body, Residual) else ()
        branches = body.branches.values() if isinstance(body, Parallel) else ()
        waiting += [inner for branch in branches for inner in branch or ()]
    return found


def read_nodes(
    reporter: Reporter, entries: Mapping[str, Any] | None, path: Path, inputs: Mapping[str, Path]
) -> tuple[dict[str, NodeSpec], bool]:
    """The nodes by name, and whether all of them are there. `inputs` has the place of each input around them."""
    if entries is None:
        return {}, False
    names = (*inputs, *entries)
    nodes = {}
    for name, value in entries.items():
        here = (*path, name)
        if name in inputs:
            message, related = f"`{name}` is the name of an input and of a node", [(inputs[name], "an input")]
            reporter.add("E110", message, here, key=True, label="a node", related=related, help="rename one of them")
        node = read_node(reporter, name, value, here, names)
        if name not in inputs:
            nodes[name] = node
    whole = len(nodes) == len(entries) and not reporter.lacks(path)
    return nodes, whole


def read_node(reporter: Reporter, name: str, raw: Any, path: Path, names: Collection[str]) -> NodeSpec:
    """One node: `{from, <one layer>}` or `{from, layers: [...]}`; `names` has all inputs and nodes."""
    if not isinstance(raw, Mapping):
        wrong_kind(reporter, "a mapping", raw, path, f"node `{name}`")
        return NodeSpec(name, None, None, False, path)
    mapping, sources = raw, None
    if "from" in mapping:
        at = (*path, "from")
        if report_joined(reporter, mapping, names, path):
            return NodeSpec(name, None, None, False, path)
        if isinstance(mapping["from"], list | Mapping) and holds_mapping(mapping["from"]):
            from modelc.compiler.language.parser.fed_layers import report_layer_in_from

            source = likely_source(reporter.document.get(path[:-1]), name, names)
            if report_layer_in_from(reporter, name, mapping, names, path, source):
                return NodeSpec(name, None, None, False, path)
        sources = references(reporter, read(reporter, FROM, mapping["from"], at), at)
    elif (
        not reporter.is_hole((*path, "from"))
        and not any(key not in LAYERS and suggest(key, ("from",)) for key in mapping)
        and not is_fed_inside(mapping)
    ):
        fed = next((key for key, value in mapping.items() if key in LAYERS and are_names(value, names)), None)
        if fed is not None:
            report_fed(reporter, name, fed, mapping[fed], path)
            return NodeSpec(name, None, (Item(fed, None, None, (*path, fed)),), False, path)
        fed_by = likely_source(reporter.document.get(path[:-1]), name, names)
        need = NODE.needs[0]
        report_need(reporter, need._replace(help=need.help.format(fed_by)), path, f"node `{name}`")
    if "layers" not in mapping:
        item = read_item(reporter, mapping, path, NODE)
        return NodeSpec(name, sources, (item,), False, path)
    for key in mapping:
        if key in NODE.siblings or key == Layers.key:
            continue
        if key in LAYERS or key in STRUCTURES:
            message = f"node `{name}` has both `layers` and {'the layer ' if key in LAYERS else ''}`{key}`"
            help = f"move `{key}` into the list, or remove `{key}` or the list"
            reporter.add("E108", message, (*path, key), key=True, label="a second definition of the layers", help=help)
        else:
            known = (*NODE.siblings, Layers.key)
            elsewhere = "" if suggest(key, known) else key_around(reporter, (*path, key))
            reporter.unknown((*path, key), key, f"node `{name}`", known, elsewhere=elsewhere)
    repeat = read_repeat(reporter, mapping["repeat"], (*path, "repeat")) if "repeat" in mapping else None

    def read_chain(raw: Any, path: Path) -> tuple[Item, ...] | None:
        return read_items(reporter, read(reporter, LAYERS_OF, raw["layers"], (*path, "layers")), (*path, "layers"))

    items = read_chain(mapping, path)
    if repeat is not None and items is not None and repeat.path in reporter.document.copied:
        repeat = with_copies(reporter, repeat, mapping["repeat"][COPIES], read_chain)
    trains = "trainable" not in mapping or read_trainable(reporter, mapping["trainable"], None, path)
    return NodeSpec(name, sources, items, True, path, repeat, trains)


def holds_mapping(fed: Any) -> bool:
    """Whether a `from` has more than names."""
    return isinstance(fed, Mapping) or any(isinstance(one, Mapping) for one in fed)


def report_joined(reporter: Reporter, node: Mapping[str, Any], names: Collection[str], path: Path) -> bool:
    """Report a `from` of one text with several of the `names` in it; says whether it is one."""
    fed = node["from"]
    parts = [part.strip() for part in re.split("[,+]", fed)] if isinstance(fed, str) else []
    if len(parts) < 2 or not all(are_names(part, names) for part in parts):
        return False
    help = f"write `from: {flow(parts)}`"
    if "+" in fed:
        help = f"a layer adds them, in a node of its own: `{{from: {flow(parts)}, add}}`"
    message = f"`from` names several values in one text: `{fed}`"
    reporter.add("E105", message, (*path, "from"), label="expected a list", help=help)
    return True


def likely_source(nodes: Mapping[str, Any], name: str, names: Collection[str]) -> str:
    """What the node `name` may take its values from: what the first node does that uses its layers again, else the first
    of the `names` of inputs and nodes that is another.
    """
    others = [node for node in nodes.values() if isinstance(node, Mapping) and name in node.values()]
    sources = [node["from"] for node in others if isinstance(node.get("from"), str) and node["from"] != name]
    return next((source for source in (*sources, *names) if source != name), "x")


def is_fed_inside(mapping: Mapping[str, Any]) -> bool:
    """Whether what feeds a node stands inside its layer, or in the first of its layers, where it is reported."""
    layers = mapping.get(Layers.key)
    first = layers[0] if isinstance(layers, list) and layers else None
    items = [mapping, *([first, first.get("from")] if isinstance(first, Mapping) and "from" in first else [first])]
    for item in items:
        for name, given in item.items() if isinstance(item, Mapping) else ():
            fields = LAYERS.find(name).model_fields if name in LAYERS else {}
            words = [key for key in given if key not in fields] if isinstance(given, Mapping) and fields else ()
            if any(spelled(key, ("from",)) for key in words):
                return True
    return isinstance(first, Mapping) and "from" in first


def are_names(value: Any, names: Collection[str]) -> bool:
    """Whether `value` names nodes, inputs or their ports, and nothing else."""
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(item, str) and item.partition(".")[0] in names for item in listed)


def report_fed(reporter: Reporter, name: str, layer: str, value: Any, path: Path) -> None:
    """Report a node that gives its layer the names that belong into `from`."""
    needs = any(info.is_required() for info in LAYERS.find(layer).model_fields.values())
    message = f"node `{name}` needs `from`: the inputs of a layer are given beside it"
    help = f"write `{name}: {{from: {flow(value)}, {layer}{': ...' if needs else ''}}}`"
    reporter.add("E104", message, (*path, layer), label="not an argument", help=help)


def references(reporter: Reporter, found: Any, path: Path) -> tuple[Reference, ...] | None:
    """The nodes, inputs or ports that a text names, a list of them, or a mapping by input name; None where one of them
    is unreadable.
    """
    if isinstance(found, Mapping):
        below = {slot: references(reporter, value, (*path, slot)) for slot, value in found.items()}
        if None in below.values() or reporter.has_hole(path):
            return None
        return tuple(one._replace(slot=slot) for slot, named in below.items() for one in named or ())
    named = {(*path, place): text for place, text in enumerate(found)} if isinstance(found, list) else {path: found}
    right = [text is not None and check_reference(reporter, text, at) for at, text in named.items()]
    return tuple(Reference(text, at) for at, text in named.items()) if all(right) else None


def read_outputs(reporter: Reporter, found: Any, path: Path) -> tuple[dict[str, Reference], bool]:
    """The outputs by name, and whether all of them are there; `found` is what stands under `outputs`, a mapping or a
    list.
    """
    if isinstance(found, Mapping):
        named = {name: references(reporter, text, (*path, name)) for name, text in found.items()}
        outputs = {name: one for name, ones in named.items() for one in ones or ()}
        return outputs, None not in named.values() and not reporter.lacks(path)
    listed = references(reporter, found, path)
    outputs = {}
    for reference in listed or ():
        if reference.node in outputs:
            message = f"two outputs would have the name `{reference.node}`"
            help = "give each its own name: `outputs: {first: node, second: node.port}`"
            reporter.add("E110", message, reference.path, label="second occurrence", help=help)
        outputs.setdefault(reference.node, reference)
    return outputs, listed is not None and len(outputs) == len(listed) and not reporter.lacks(path)
