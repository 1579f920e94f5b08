"""How many segments a layer such as `segment_sum` has where the spec does not say: as many as there are nodes that the values
of its edges are gathered from."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in

FARTHEST = 50
"""Nodes that are looked through."""


def segments_help(reporter: Reporter, path: Path, layer: str) -> str:
    """What to write for the number of segments of a `layer`, which is missing at `path`."""
    open_help = f"write `{layer}: N`, with the number of segments, such as of all nodes of a graph"
    place = max((place for place, part in enumerate(path) if part == "nodes"), default=0)
    graph, node = (reporter.document.get(path[:end]) for end in (place, place + 2))
    for _ in range(FARTHEST if place else 0):
        fed = first_source(node)
        node = mapping_in(graph, "nodes").get(fed)
        if not isinstance(node, Mapping):
            return open_help
        if "gather" in node and (whole := first_source(node)):
            return written(graph, whole, node["gather"], layer)
    return open_help


def written(graph: Mapping[str, Any], whole: str, axis: Any, layer: str) -> str:
    """The number as that of the entries of `whole` along the axis that is gathered, -2 where none is given."""
    place = axis if type(axis) is int else mapping_in({"of": axis}, "of").get("axis", -2)
    shape = mapping_in(mapping_in(graph, "inputs"), whole).get("shape")
    if isinstance(shape, list) and type(place) is int and -len(shape) <= place < 0 and type(shape[place]) is int:
        return f"write `{layer}: {shape[place]}`, as many as `{whole}` has"
    return f'write `{layer}: "${{shape({whole})[{place}]}}"`, as many as `{whole}` has'


def first_source(node: Any) -> str:
    """The name of the first value that a node takes; empty where it names none."""
    fed = node.get("from") if isinstance(node, Mapping) else None
    one = fed[0] if isinstance(fed, list) and fed else next(iter(fed.values()), "") if isinstance(fed, Mapping) else fed
    return one if isinstance(one, str) else ""
