"""The layers and edges of a model: the items of a chain, the nodes of a graph, what feeds them, the outputs."""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.errors import Path
from modelc.compiler.layers import LAYERS
from modelc.compiler.schema.findings import Findings
from modelc.compiler.schema.items import check_name, read_mapping, read_name, read_named
from modelc.compiler.schema.spec import InputSpec, Item, NodeSpec, Reference
from modelc.compiler.schema.spellings import closest
from modelc.compiler.schema.wording import describe, flow


def read_items(findings: Findings, raw: Any, path: Path) -> tuple[Item, ...] | None:
    """The layers of a list; an item that cannot be read is an item without a layer."""
    if not isinstance(raw, list):
        if not findings.is_hole(path):
            findings.add(
                "E105",
                f"`layers` must be a list, got {describe(raw)}",
                path,
                label="expected a list",
                help="begin each layer with `- `",
            )
        return None
    if not raw and not any(hole[: len(path)] == path for hole in findings.document.holes):
        findings.add("E104", "`layers` is empty", path, key=True, label="no layer", help="add a layer: `- dense: 10`")
        return None
    items = []
    taken: dict[str, Path] = {}
    for index, value in enumerate(raw):
        here = (*path, index)
        if findings.is_hole(here):
            items.append(Item("", None, None, here))
            continue
        items.append(read_item(findings, value, here, ("name",)))
        name = items[-1].name
        if name is not None:
            if name in taken:
                findings.add(
                    "E110",
                    f"the name `{name}` is used twice in this list",
                    (*here, "name"),
                    label="used again",
                    related=[(taken[name], "first used here")],
                )
            taken.setdefault(name, (*here, "name"))
    return tuple(items)


def read_item(findings: Findings, raw: Any, path: Path, siblings: tuple[str, ...]) -> Item:
    """The layer at `path`, an entry of a list or the mapping of a node."""
    found = read_named(findings, LAYERS, raw, path, siblings)
    name = None
    if "name" in siblings and isinstance(raw, Mapping) and "name" in raw:
        name = read_name(findings, raw["name"], (*path, "name"))
    if found is None:
        return Item("", None, name, path)
    arguments = raw.get(found.name) if isinstance(raw, Mapping) else None
    if (
        name is None
        and found.value is None
        and isinstance(arguments, Mapping)
        and isinstance(arguments.get("name"), str)
    ):
        # It is reported as an argument that does not exist, and meant as the name: other messages should know it.
        name = arguments["name"]
    return Item(found.name, found.value, name, found.path)


def read_nodes(
    findings: Findings, raw: Any, path: Path, inputs: Mapping[str, InputSpec | None]
) -> tuple[dict[str, NodeSpec], bool]:
    """The nodes by name, and whether all of them are there."""
    mapping = read_mapping(findings, raw, path, "`nodes`", as_mapping(raw))
    if mapping is None:
        return {}, False
    names = (*inputs, *mapping)
    if not mapping and not any(hole[: len(path)] == path for hole in findings.document.holes):
        findings.add("E104", "`nodes` is empty", path, key=True, label="no node", help="add a node")
    nodes = {}
    for name, value in mapping.items():
        here = (*path, name)
        check_name(findings, name, here, key=True)
        if name in inputs:
            findings.add(
                "E110",
                f"`{name}` is the name of an input and of a node",
                here,
                key=True,
                label="a node",
                related=[(("model", "inputs", name), "an input")],
                help="rename one of them",
            )
            continue
        nodes[name] = read_node(findings, name, value, here, names)
    return nodes, not any(hole[:-1] == path for hole in findings.document.holes)


def as_mapping(raw: Any) -> str:
    """How nodes that are written as a list, each with its `name`, begin as a mapping. Empty for what is no list."""
    if not isinstance(raw, list):
        return ""
    first = raw[0] if raw and isinstance(raw[0], Mapping) else {}
    return (
        f"name each node in place of its `-`: `nodes: {{{flow(first.get('name', 'hidden'))}: {{from: ..., dense: 8}}}}`"
    )


def read_node(findings: Findings, name: str, raw: Any, path: Path, names: Collection[str]) -> NodeSpec:
    """One node: `{from, <one layer>}` or `{from, layers: [...]}`; `names` has all inputs and nodes."""
    mapping = read_mapping(findings, raw, path, f"node `{name}`")
    if mapping is None:
        return NodeSpec(name, None, None, False, path)
    sources = None
    if "from" in mapping:
        sources = read_sources(findings, mapping["from"], (*path, "from"))
    elif not findings.is_hole((*path, "from")) and not any(
        key not in LAYERS and closest(key, ("from",)) for key in mapping
    ):
        fed = next((key for key, value in mapping.items() if key in LAYERS and are_names(value, names)), None)
        if fed is not None:
            report_fed(findings, name, fed, mapping[fed], path)
            return NodeSpec(name, None, (Item(fed, None, None, (*path, fed)),), False, path)
        findings.add(
            "E104",
            f"node `{name}` needs `from`",
            path,
            key=True,
            label="`from` is missing",
            help="name the input or node it takes its values from: `from: image`",
        )
    if "layers" not in mapping:
        item = read_item(findings, mapping, path, ("from",))
        return NodeSpec(name, sources, (item,), False, path)
    for key in mapping:
        if key in ("from", "layers"):
            continue
        if key in LAYERS:
            findings.add(
                "E108",
                f"node `{name}` has both `layers` and the layer `{key}`",
                (*path, key),
                key=True,
                label="a second way to say the layers",
                help=f"put `{key}` into the list, or drop the list",
            )
        else:
            findings.unknown((*path, key), key, f"node `{name}`", ("from", "layers"))
    return NodeSpec(name, sources, read_items(findings, mapping["layers"], (*path, "layers")), True, path)


def are_names(value: Any, names: Collection[str]) -> bool:
    """Whether `value` names nodes, inputs or their ports, and nothing else."""
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(item, str) and item.partition(".")[0] in names for item in listed)


def report_fed(findings: Findings, name: str, layer: str, value: Any, path: Path) -> None:
    """Report a node that gives its layer the names that belong into `from`."""
    needs = any(info.is_required() for info in LAYERS.find(layer).model_fields.values())
    findings.add(
        "E104",
        f"node `{name}` needs `from`: what feeds a layer stands beside it",
        (*path, layer),
        label="not an argument",
        help=f"write `{name}: {{from: {flow(value)}, {layer}{': ...' if needs else ''}}}`",
    )


def read_sources(findings: Findings, raw: Any, path: Path) -> tuple[Reference, ...] | None:
    """What a `from` names: one text, a list in order, or a mapping by input name."""
    if isinstance(raw, Mapping):
        references: list[Reference] = []
        for slot, value in raw.items():
            below = read_references(findings, value, (*path, slot))
            if below is None:
                return None
            references.extend(Reference(reference.text, reference.path, slot) for reference in below)
        return tuple(references)
    return read_references(findings, raw, path)


def read_references(findings: Findings, raw: Any, path: Path) -> tuple[Reference, ...] | None:
    """One text or a list of texts, each the name of a node, an input or a port; None when one of them is unreadable."""
    if isinstance(raw, str):
        return (Reference(raw, path),)
    if isinstance(raw, list):
        references = []
        for index, value in enumerate(raw):
            if isinstance(value, str):
                references.append(Reference(value, (*path, index)))
            elif not findings.is_hole((*path, index)):
                findings.add("E105", f"expected a name, got {describe(value)}", (*path, index), label="expected a name")
        return tuple(references) if len(references) == len(raw) else None
    if not findings.is_hole(path):
        findings.add(
            "E105",
            f"expected the name of an input or node, or a list of names, got {describe(raw)}",
            path,
            label="expected a name",
        )
    return None


def read_outputs(findings: Findings, section: Mapping[str, Any], path: Path) -> tuple[dict[str, Reference], bool]:
    """The outputs by name, and whether all of them are there."""
    at = (*path, "outputs")
    if "outputs" not in section:
        if not findings.is_hole(at):
            findings.add(
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
        findings.add(
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
            check_name(findings, name, here, key=True)
            if isinstance(value, str):
                outputs[name] = Reference(value, here)
            elif not findings.is_hole(here):
                findings.add(
                    "E105",
                    f"output `{name}` must be the name of a node, got {describe(value)}",
                    here,
                    label="expected a name",
                )
    else:
        references = read_references(findings, raw, at)
        complete = references is not None
        for reference in references or ():
            if reference.node in outputs:
                findings.add(
                    "E110",
                    f"two outputs would be called `{reference.node}`",
                    reference.path,
                    label="listed again",
                    help="give each a name of its own: `outputs: {first: node, second: node.port}`",
                )
            outputs.setdefault(reference.node, reference)
    if not outputs and complete and not any(hole[: len(at)] == at for hole in findings.document.holes):
        findings.add("E104", "`outputs` is empty", at, key=True, label="no output", help="list at least one node")
    return outputs, complete and not any(hole[:-1] == at for hole in findings.document.holes)
