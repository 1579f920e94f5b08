"""What is written for a layer with the weights of a node, where others name that node beside the layer or among its arguments."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.hints import REUSE
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import fold
from modelc.compiler.syntax.document import Document

WORDS = (*REUSE, "share", "weights", "tieweights", "tied", "unembed")
"""Words before the name of a node, without case and separators, beside a layer or among its arguments."""
BESIDE = ("name", "repeat")


def sharing_help(document: Document, path: Path, layer: str) -> str:
    """What to write for the key at `path`, beside the `layer` or among its arguments, that names the node whose weights it is to
    have; empty for all else.
    """
    if fold(str(path[-1])) not in WORDS or not layer or "nodes" not in path or path not in document.values:
        return ""
    node, start = document.get(path), max(place for place, part in enumerate(path) if part == "nodes")
    at = path[: start + 1]
    nodes = document.get(at) if at in document.values else None
    if not isinstance(node, str) or not isinstance(nodes, Mapping) or node not in nodes or len(path) <= start + 2:
        return ""
    # A table is used for ids, or for vectors the other way round.
    word = "unembed" if is_table(nodes[node]) and layer != "embedding" else "share"
    item = document.get(path[:-1]) if path[-2] != layer else document.get(path[:-2])
    beside = item if isinstance(item, Mapping) else {}
    kept = [f"{key}: {flow(beside[key])}" for key in BESIDE if key in beside]
    fed = [f"from: {flow(beside['from'])}"] if "from" in beside else []
    what = "a logit for each id by its table" if word == "unembed" else "the same layers, with their weights"
    written = ", ".join([*fed, f"{word}: {node}", *kept])
    return f"for {what}, in place of `{layer}` write `{f'{{{written}}}' if fed or kept else written}`"


def is_table(node: Any) -> bool:
    """Whether a node is an embedding alone."""
    return isinstance(node, Mapping) and "embedding" in node
