"""What the name is, probably, that stands a level too high or is missing: that of an input, an output, a node or a block."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.grammar import BLOCK_NAME
from modelc.compiler.language.suggestions.wrong_kinds import fed_name, input_name, mapping_in, output_name


def likely_name(spec: Mapping[str, Any], path: Path) -> str:
    """The name that the only entry at `path` may have: that of the first input or output where it is known."""
    if path == ("data", "inputs"):
        return input_name(spec)
    if path[-1] in ("targets", "losses"):
        return output_name(spec)
    if path[-1] == "nodes":
        return node_name(spec, path)
    if path[-1] != "blocks":
        return fed_name(spec)
    model = mapping_in(spec, "model")
    parts = [model.get("layers"), *mapping_in(model, "nodes").values()]
    return next((name for part in parts for name in used_blocks(part) if re.fullmatch(BLOCK_NAME, name)), "Part")


def node_name(spec: Mapping[str, Any], path: Path) -> str:
    """The name that the only node of the graph around `path` may have: the first that is an output and no input."""
    around: Any = spec
    for part in path[:-1]:
        around = around[part]
    outputs, inputs = around.get("outputs"), around.get("inputs")
    texts = [*outputs.values()] if isinstance(outputs, Mapping) else outputs if isinstance(outputs, list) else [outputs]
    names = [text.partition(".")[0] for text in texts if isinstance(text, str)]
    return next((name for name in names if name and name not in (inputs or ())), "hidden")


def used_blocks(layers: Any) -> Iterator[str]:
    """What layers, in a list or a mapping, have where the name of a layer or block stands, from the first on."""
    for one in layers.items() if isinstance(layers, Mapping) else layers if isinstance(layers, list) else ():
        name, value = one if isinstance(one, tuple) else ("", one)
        if name != "from":
            yield from [text for text in (name, value if not name else "") if isinstance(text, str) and text]
            yield from used_blocks(value)
