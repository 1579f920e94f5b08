"""The nodes of a graph, of a model or of a block: what feeds them, what they are made of, the outputs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import Inner, InputSpec, Item, NodeSpec, Parallel, Reference, Residual, Share, Unembed
from modelc.compiler.language.parser.layer_items import read_item, read_items, read_repeat
from modelc.compiler.language.parser.named_item import check_name, check_reference, read_mapping
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe, flow
from modelc.compiler.library.layers import LAYERS

NODE_KEYS = ("from", "layers", "repeat")


def read_inner(
    reporter: Reporter, raw: Mapping[str, Any], path: Path, types: Mapping[str, InputSpec | None]
) -> Inner | None:
    """The graph of a block; `types` are its inputs where it is the model of a file."""
    at = (*path, "inputs")
    inputs: tuple[Reference, ...] | None = tuple(Reference(name, (*at, name)) for name in types)
    if not types:
        inputs = read_references(reporter, raw.get("inputs"), at)
    if inputs is None:
        return None
    names: dict[str, Path] = {}
    for reference in inputs:
        check_name(reporter, reference.text, reference.path)
        if reference.text in names:
            first = [(names[reference.text], "first named here")]
            message = f"the input `{reference.text}` is named twice"
            reporter.add("E110", message, reference.path, label="named again", related=first)
        names.setdefault(reference.text, reference.path)
    if not names:
        reporter.add(
            "E104", "`inputs` is empty", (*path, "inputs"), key=True, label="no input", help="write `inputs: [x]`"
        )
        return None
    nodes, whole = read_nodes(reporter, raw.get("nodes"), (*path, "nodes"), names)
    outputs, all_read = read_outputs(reporter, raw, path)
    if "output" in list(outputs)[1:]:
        message = "`output` is what the first output of a block is called"
        reporter.add("E110", message, outputs["output"].path, label="not the first", help="list it first, or rename it")
        return None
    if whole and all_read and not types:
        report_unused(reporter, names, nodes, outputs, path)
    if whole and all_read and path[:1] == ("blocks",):
        # Nothing uses it, so that nobody else looks for what it names.
        report_unknown(reporter, [*names, *nodes], nodes, outputs)
    return Inner(tuple(names), nodes, outputs, whole and all_read, types)


def report_unused(
    reporter: Reporter,
    inputs: Mapping[str, Path],
    nodes: Mapping[str, NodeSpec],
    outputs: Mapping[str, Reference],
    path: Path,
) -> None:
    """Warn of inputs and nodes of a block that none of its outputs needs, unless something that cannot be read may."""
    named = {name: references(node) for name, node in nodes.items()}
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
    for name in nodes:
        if name not in needed:
            message = f"node `{name}` of the block `{block}` is not used"
            at = (*path, "nodes", name)
            reporter.add("W901", message, at, key=True, label="no output of the block needs it", help="remove it")
    for name, at in inputs.items():
        if name not in needed:
            message = f"input `{name}` of the block `{block}` is not used"
            reporter.add("W902", message, at, label="feeds no output of the block")


def report_unknown(
    reporter: Reporter, names: Sequence[str], nodes: Mapping[str, NodeSpec], outputs: Mapping[str, Reference]
) -> None:
    """Report what feeds the nodes of a block, or is an output of it, and is none of its `names`."""
    given = [source for node in nodes.values() for source in node.sources or ()]
    for reference in (*given, *outputs.values()):
        if reference.node not in names:
            unknown_node(reporter, reference, names, "no such node or input", f"inputs and nodes: {', '.join(names)}")


def unknown_node(reporter: Reporter, reference: Reference, names: Sequence[str], label: str, note: str) -> None:
    """Report that `reference` says none of `names`; the `note` has these where none of them is like it."""
    found = suggest(reference.node, names, defined=True)
    reporter.add(
        "E201",
        f"unknown node `{reference.node}`",
        reference.path,
        label=label,
        note=note if not found else (),
        suggestion=found.around("", reference.text[len(reference.node) :]),
    )


def references(node: NodeSpec) -> list[str] | None:
    """The nodes that `node` names; None where some of it could not be read."""
    if node.sources is None or node.items is None:
        return None
    below = [named_in(item) for item in node.items]
    found = [name for names in below if names is not None for name in names]
    return None if None in below else [*(source.node for source in node.sources), *found]


def named_in(item: Item) -> list[str] | None:
    """The nodes whose weights an item takes; None where some of it could not be read."""
    body = item.body
    if isinstance(body, Share | Unembed):
        return [body.of.node]
    parts = (
        (body.items,)
        if isinstance(body, Residual)
        else tuple(body.branches.values())
        if isinstance(body, Parallel)
        else ()
    )
    if (body is None and item.layer is None) or None in parts:
        return None
    below = [named_in(inner) for items in parts for inner in items or ()]
    return None if None in below else [name for names in below for name in names or ()]


def read_nodes(
    reporter: Reporter, raw: Any, path: Path, inputs: Mapping[str, Path]
) -> tuple[dict[str, NodeSpec], bool]:
    """The nodes by name, and whether all of them are there. `inputs` has the place of each input around them."""
    mapping = read_mapping(reporter, raw, path, "`nodes`", as_mapping(raw))
    if mapping is None:
        return {}, False
    names = (*inputs, *mapping)
    if not mapping and not reporter.has_hole(path):
        reporter.add("E104", "`nodes` is empty", path, key=True, label="no node", help="add a node")
    nodes = {}
    for name, value in mapping.items():
        here = (*path, name)
        check_name(reporter, name, here, key=True)
        if name in inputs:
            reporter.add(
                "E110",
                f"`{name}` is the name of an input and of a node",
                here,
                key=True,
                label="a node",
                related=[(inputs[name], "an input")],
                help="rename one of them",
            )
        node = read_node(reporter, name, value, here, names)
        if name not in inputs:
            nodes[name] = node
    whole = len(nodes) == len(mapping) and not reporter.lacks(path)
    return nodes, whole


def as_mapping(raw: Any) -> str:
    """How nodes that are written as a list, each with its `name`, begin as a mapping. Empty for what is no list."""
    if not isinstance(raw, list):
        return ""
    first = raw[0] if raw and isinstance(raw[0], Mapping) else {}
    return (
        f"name each node in place of its `-`: `nodes: {{{flow(first.get('name', 'hidden'))}: {{from: ..., dense: 8}}}}`"
    )


def read_node(reporter: Reporter, name: str, raw: Any, path: Path, names: Collection[str]) -> NodeSpec:
    """One node: `{from, <one layer>}` or `{from, layers: [...]}`; `names` has all inputs and nodes."""
    mapping = read_mapping(reporter, raw, path, f"node `{name}`")
    if mapping is None:
        return NodeSpec(name, None, None, False, path)
    sources = None
    if "from" in mapping:
        sources = read_sources(reporter, mapping["from"], (*path, "from"))
    elif not reporter.is_hole((*path, "from")) and not any(
        key not in LAYERS and suggest(key, ("from",)) for key in mapping
    ):
        fed = next((key for key, value in mapping.items() if key in LAYERS and are_names(value, names)), None)
        if fed is not None:
            report_fed(reporter, name, fed, mapping[fed], path)
            return NodeSpec(name, None, (Item(fed, None, None, (*path, fed)),), False, path)
        reporter.add(
            "E104",
            f"node `{name}` needs `from`",
            path,
            key=True,
            label="`from` is missing",
            help="name the input or node it takes its values from: `from: image`",
        )
    if "layers" not in mapping:
        item = read_item(reporter, mapping, path, ("from", "repeat"))
        return NodeSpec(name, sources, (item,), False, path)
    for key in mapping:
        if key in NODE_KEYS:
            continue
        if key in LAYERS:
            reporter.add(
                "E108",
                f"node `{name}` has both `layers` and the layer `{key}`",
                (*path, key),
                key=True,
                label="a second way to say the layers",
                help=f"put `{key}` into the list, or drop the list",
            )
        else:
            reporter.unknown((*path, key), key, f"node `{name}`", NODE_KEYS)
    repeat = read_repeat(reporter, mapping["repeat"], (*path, "repeat")) if "repeat" in mapping else None
    items = read_items(reporter, mapping["layers"], (*path, "layers"))
    return NodeSpec(name, sources, items, True, path, repeat)


def are_names(value: Any, names: Collection[str]) -> bool:
    """Whether `value` names nodes, inputs or their ports, and nothing else."""
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(item, str) and item.partition(".")[0] in names for item in listed)


def report_fed(reporter: Reporter, name: str, layer: str, value: Any, path: Path) -> None:
    """Report a node that gives its layer the names that belong into `from`."""
    needs = any(info.is_required() for info in LAYERS.find(layer).model_fields.values())
    reporter.add(
        "E104",
        f"node `{name}` needs `from`: what feeds a layer stands beside it",
        (*path, layer),
        label="not an argument",
        help=f"write `{name}: {{from: {flow(value)}, {layer}{': ...' if needs else ''}}}`",
    )


def read_sources(reporter: Reporter, raw: Any, path: Path) -> tuple[Reference, ...] | None:
    """What a `from` names: one text, a list in order, or a mapping by input name."""
    if isinstance(raw, Mapping):
        references: list[Reference] = []
        for slot, value in raw.items():
            below = read_references(reporter, value, (*path, slot))
            if below is None:
                return None
            references.extend(Reference(reference.text, reference.path, slot) for reference in below)
        return None if reporter.has_hole(path) else tuple(references)
    return read_references(reporter, raw, path)


def read_references(reporter: Reporter, raw: Any, path: Path) -> tuple[Reference, ...] | None:
    """One text or a list of texts, each the name of a node, an input or a port; None when one of them is unreadable."""
    named = {path: raw} if not isinstance(raw, list) else {(*path, place): text for place, text in enumerate(raw)}
    right = [check_reference(reporter, text, at) for at, text in named.items()]
    if not all(right):
        return None
    if isinstance(raw, str):
        return (Reference(raw, path),)
    if isinstance(raw, list):
        references = []
        for index, value in enumerate(raw):
            if isinstance(value, str):
                references.append(Reference(value, (*path, index)))
            elif not reporter.is_hole((*path, index)):
                reporter.add("E105", f"expected a name, got {describe(value)}", (*path, index), label="expected a name")
        return tuple(references) if len(references) == len(raw) else None
    if not reporter.is_hole(path):
        reporter.add(
            "E105",
            f"expected the name of an input or node, or a list of names, got {describe(raw)}",
            path,
            label="expected a name",
        )
    return None


def read_outputs(reporter: Reporter, section: Mapping[str, Any], path: Path) -> tuple[dict[str, Reference], bool]:
    """The outputs by name, and whether all of them are there."""
    at = (*path, "outputs")
    if "outputs" not in section:
        if not reporter.is_hole(at):
            reporter.add(
                "E104",
                "a graph needs `outputs`",
                path,
                key=True,
                label="`outputs` is missing",
                help="list the nodes whose values the model gives: `outputs: [digit]`",
            )
        return {}, False
    raw = section["outputs"]
    if isinstance(raw, str):
        reporter.add(
            "E105",
            "`outputs` must be a list or a mapping, got a text",
            at,
            label="expected a list",
            help=f"write `[{raw}]`",
        )
        return {}, False
    outputs: dict[str, Reference] = {}
    complete = True
    if isinstance(raw, Mapping):
        for name, value in raw.items():
            here = (*at, name)
            check_name(reporter, name, here, key=True)
            if isinstance(value, str) and check_reference(reporter, value, here):
                outputs[name] = Reference(value, here)
                continue
            complete = False
            if not isinstance(value, str) and not reporter.is_hole(here):
                reporter.add(
                    "E105",
                    f"output `{name}` must be the name of a node, got {describe(value)}",
                    here,
                    label="expected a name",
                )
    else:
        references = read_references(reporter, raw, at)
        complete = references is not None
        for reference in references or ():
            if reference.node in outputs:
                complete = False
                reporter.add(
                    "E110",
                    f"two outputs would be called `{reference.node}`",
                    reference.path,
                    label="listed again",
                    help="give each a name of its own: `outputs: {first: node, second: node.port}`",
                )
            outputs.setdefault(reference.node, reference)
    if not outputs and complete and not reporter.has_hole(at):
        reporter.add("E104", "`outputs` is empty", at, key=True, label="no output", help="list at least one node")
    return outputs, complete and not reporter.lacks(at)
