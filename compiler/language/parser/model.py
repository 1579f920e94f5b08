"""The `model` section: inputs, `layers` or `nodes` with `outputs`, precision."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import PRECISIONS, InputSpec, ModelSpec, NodeSpec, Reference
from modelc.compiler.language.item_names import names_of
from modelc.compiler.language.parser.graph_nodes import read_nodes, read_outputs
from modelc.compiler.language.parser.inputs import read_inputs
from modelc.compiler.language.parser.layer_items import read_items
from modelc.compiler.language.parser.named_item import read_mapping
from modelc.compiler.language.parser.section_checks import check_keys
from modelc.compiler.language.section_keys import MODEL as KEYS
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe


def read_model(reporter: Reporter, raw: Any, path: Path) -> ModelSpec | None:
    """The model at `path`, or None when nothing of it can be used."""
    section = read_mapping(reporter, raw, path, "`model`")
    if section is None:
        return None
    check_keys(reporter, section, path)
    inputs, complete = read_inputs(reporter, section, path)
    precision = read_precision(reporter, section.get("precision", "float32"), (*path, "precision"))
    if "layers" in section and "nodes" in section:
        reporter.add(
            "E108",
            "`model` has both `layers` and `nodes`",
            (*path, "nodes"),
            key=True,
            label="a graph",
            help="keep `layers` for a chain of layers, or `nodes` and `outputs` for a graph",
            related=[((*path, "layers"), "a chain")],
        )
        return None
    if "nodes" in section:
        nodes, whole = read_nodes(
            reporter, section["nodes"], (*path, "nodes"), {name: (*path, "inputs", name) for name in inputs}
        )
        outputs, all_read = read_outputs(reporter, section, path)
        return ModelSpec(inputs, nodes, outputs, False, precision, complete and whole and all_read)
    if "layers" in section:
        return read_sequential(reporter, section, path, inputs, precision, complete)
    if not any(reporter.is_hole((*path, key)) for key in ("layers", "nodes")) and not (set(section) - set(KEYS)):
        reporter.add(
            "E104",
            "`model` needs `layers` or `nodes`",
            path,
            key=True,
            label="no layers",
            help="add `layers:` with a list for a chain of layers, or `nodes:` and `outputs:` for a graph",
        )
    return None


def read_precision(reporter: Reporter, raw: Any, path: Path) -> str:
    """The name of a precision; the default where it is wrong and reported."""
    if raw in PRECISIONS:
        return str(raw)
    if not reporter.is_hole(path):
        reporter.add(
            "E106",
            f"`precision` must be one of {', '.join(f'`{choice}`' for choice in PRECISIONS)}, got {describe(raw)}",
            path,
            label="not one of the choices",
            suggestion=suggest(raw, PRECISIONS) if isinstance(raw, str) else None,
        )
    return PRECISIONS[0]


def read_sequential(
    reporter: Reporter,
    section: Mapping[str, Any],
    path: Path,
    inputs: Mapping[str, InputSpec | None],
    precision: str,
    complete: bool,
) -> ModelSpec | None:
    """A chain of layers as a graph of one node."""
    if "outputs" in section:
        reporter.add(
            "E108",
            "`outputs` goes with `nodes`, not with `layers`",
            (*path, "outputs"),
            key=True,
            label="not used here",
            help="the output of a chain is called by the `name` of its last layer, else `output`",
        )
    if len(inputs) > 1:
        _, second, *_ = inputs
        reporter.add(
            "E108",
            f"a chain of `layers` takes exactly one input, got {len(inputs)}",
            (*path, "inputs", second),
            key=True,
            label="a second input",
            help="write a graph with `nodes` to join several inputs",
            related=[((*path, "layers"), "a chain")],
        )
        return None
    at = (*path, "layers")
    items = read_items(reporter, section["layers"], at)
    if items is None:
        return None
    for place, layer in enumerate(names_of(items)):
        if layer in inputs:
            reporter.add(
                "E110",
                f"`{layer}` is the name of the input and of a layer",
                (*at, place, "name") if items[place].name else items[place].path,
                key=not items[place].name,
                label="a layer",
                related=[((*path, "inputs", layer), "the input")],
                help="rename the input, or give the layer a `name` beside it",
            )
            return None
    name = (items[-1].name if items else None) or "output"
    sources = tuple(Reference(source, at) for source in inputs) if inputs else None
    node = NodeSpec(name, sources, items, True, at)
    return ModelSpec(inputs, {name: node}, {name: Reference(name, at)}, True, precision, complete)
