"""Parses the `model` section: inputs, `layers` or `nodes` with `outputs`, precision, axes."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import PRECISIONS, InputSpec, ModelSpec, NodeSpec, Reference
from modelc.compiler.language.grammar import MODEL
from modelc.compiler.language.item_names import names_of
from modelc.compiler.language.parser.graph_nodes import inputs_of, read_nodes, read_outputs
from modelc.compiler.language.parser.layer_items import read_items
from modelc.compiler.language.parser.walk import read_keys
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.layers import LAYERS


def read_model(reporter: Reporter, raw: Any, path: Path) -> ModelSpec | None:
    """The model at `path`, or None when nothing of it can be used."""
    section = read_keys(reporter, MODEL, raw, path)
    if section is None or {"layers", "nodes"} <= section.keys():
        return None
    inputs = inputs_of(reporter, section.get("inputs"), (*path, "inputs"))
    complete = section.get("inputs") is not None and not reporter.lacks((*path, "inputs"))
    precision, axes = section.get("precision") or PRECISIONS[0], section.get("axes") or {}
    if "nodes" in section:
        places = {name: (*path, "inputs", name) for name in inputs}
        nodes, whole = read_nodes(reporter, section["nodes"], (*path, "nodes"), places)
        outputs, all_read = read_outputs(reporter, section.get("outputs"), (*path, "outputs"))
        return ModelSpec(inputs, nodes, outputs, False, precision, complete and whole and all_read, axes)
    if section.get("layers") is None:
        return None
    chain = read_sequential(reporter, section["layers"], path, inputs, precision, complete)
    return None if chain is None else chain._replace(axes=axes)


def read_sequential(
    reporter: Reporter,
    layers: list[Any],
    path: Path,
    inputs: Mapping[str, InputSpec | None],
    precision: str,
    complete: bool,
) -> ModelSpec | None:
    """A chain of layers as a graph of one node."""
    # A layer that stands among the inputs is reported as that.
    inputs = {name: one for name, one in inputs.items() if one is not None or name not in LAYERS or len(inputs) == 1}
    if len(inputs) > 1:
        _, second, *_ = inputs
        message, label = f"a chain of `layers` takes exactly one input, got {len(inputs)}", "a second input"
        help, related = "write a graph with `nodes` to join several inputs", [((*path, "layers"), "a chain")]
        reporter.add("E108", message, (*path, "inputs", second), key=True, label=label, help=help, related=related)
        return None
    at = (*path, "layers")
    items = read_items(reporter, layers, at) or ()
    for place, layer in enumerate(names_of(items)):
        if inputs.get(layer) is not None:
            message = f"`{layer}` is the name of the input and of a layer"
            named = (*at, place, "name") if items[place].name else items[place].path
            related = [((*path, "inputs", layer), "the input")]
            help, is_key = "rename the input, or give the layer a `name` beside it", not items[place].name
            reporter.add("E110", message, named, key=is_key, label="a layer", related=related, help=help)
            return None
    name = (items[-1].name if items else None) or "output"
    sources = tuple(Reference(source, at) for source in inputs) if inputs else None
    node = NodeSpec(name, sources, items, True, at)
    return ModelSpec(inputs, {name: node}, {name: Reference(name, at)}, True, precision, complete)
