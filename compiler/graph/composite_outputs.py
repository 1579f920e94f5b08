"""The outputs of composites: a block, branch, chain or repeat made of several nodes."""

from collections.abc import Collection, Mapping

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.graph.graph import Edge, Feed, Node
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest


class CompositeOutputs:
    """`of` has, by path, what the value of such a thing is: another edge, of which it has the ports too, or an edge for
    each of its own ports. `resolve` follows edges to nodes and inputs, once everything is built. `blocks` are the paths
    of those whose outputs have names in the text, `partial` of those among them that have more than could be read.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.of: dict[str, Edge | Mapping[str, Edge | None] | None] = {}
        self.blocks: set[str] = set()
        self.partial: set[str] = set()

    def resolve_feeds(self, node: Node, elsewhere: Collection[Edge]) -> Node:
        """`node` with its feeds resolved. Those that are named `elsewhere` are blamed there."""
        if node.feeds is None or not any(feed.edge is not None and feed.edge.node in self.of for feed in node.feeds):
            return node
        edges = [self.resolve(feed.edge, None if feed.edge in elsewhere else feed.path) for feed in node.feeds]
        feeds = zip(node.feeds, edges, strict=True)
        return node._replace(feeds=tuple(Feed(feed.slot, edge, feed.path) for feed, edge in feeds))

    def resolve(self, edge: Edge | None, path: Path | None, full_path: bool = True) -> Edge | None:
        """The edge of a node or input that `edge` stands for; reports a port that is not there, unless `path` is None.

        What lacks it is called by its full path, or as the block around it calls it.
        """
        seen: set[tuple[str, str]] = set()
        while edge is not None and edge.node in self.of:
            if (edge.node, edge.port) in seen:
                if path is not None:
                    self.reporter.add("E202", f"`{edge.node}` feeds itself", path, label="leads back to itself")
                return None
            seen.add((edge.node, edge.port))
            end = self.of[edge.node]
            if isinstance(end, Edge):
                edge = Edge(end.node, edge.port) if end.port == "output" else end
            elif end is None:
                return None
            else:
                if edge.port not in end:
                    if path is not None and edge.node not in self.partial:
                        owner = edge.node if full_path else edge.node.rpartition("/")[2]
                        no_port(self.reporter, edge, list(end), path, owner=owner, defined=True)
                    return None
                # What a block gives is looked up where its outputs name it, and blamed there.
                path = None if edge.node in self.blocks else path
                edge = end[edge.port]
        return edge

    def passes_port(self, edge: Edge | None) -> bool:
        """Whether what `edge` stands for must have its port: not where a block gives it, whose outputs name it."""
        seen: set[str] = set()
        while edge is not None and edge.node in self.of and edge.node not in seen:
            seen.add(edge.node)
            end = self.of[edge.node]
            if isinstance(end, Mapping) or (end is not None and end.port != "output"):
                return False
            edge = None if end is None else Edge(end.node, edge.port)
        return True

    def all_ports(self) -> dict[str, Mapping[str, Edge | None]]:
        """The ports of all composites."""
        ends: dict[str, Mapping[str, Edge | None]] = {}
        for path, end in self.of.items():
            ports = end if isinstance(end, Mapping) else ("output",)
            ends[path] = {port: self.resolve(Edge(path, port), None) for port in ports}
        return ends


def no_port(
    reporter: Reporter, edge: Edge, ports: Collection[str], path: Path, *, owner: str, defined: bool = False
) -> None:
    """Report the port of `edge`, which stands at `path` and is none of the `ports` of what is called `owner`; `defined`
    if the spec names its ports itself.
    """
    found = suggest(edge.port, ports, defined=defined)
    message = f"`{owner}` has no port `{edge.port}`"
    note = f"ports of `{owner}`: {listed(ports)}"
    node = str(reporter.document.get(path)).rpartition(".")[0] if path in reporter.document.values else owner
    suggestion = found.around(f"{edge.node.rpartition('/')[2]}.", "")
    parts = [f"{node}.{port}" for port in ports if port.endswith(f"_{edge.port}")]
    if len(parts) > 1:
        joined = f"or join them in a node, `{{from: [{', '.join(parts)}], concatenate}}`"
        suggestion = Suggestion(edge.port, help=f"there are several: take one, such as `{parts[0]}`, {joined}")
    reporter.add("E203", message, path, label="no such port", note=note, suggestion=suggestion)
