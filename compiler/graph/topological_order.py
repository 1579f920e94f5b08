"""The nodes of a graph in one canonical order (topological, ties by path), and what is said of those that form a ring."""

import heapq
from collections.abc import Collection, Mapping

from modelc.compiler.graph.cycles import cycles
from modelc.compiler.graph.graph import Node
from modelc.compiler.language.suggestions.reporter import Findings

SHOWN = 12
"""As many nodes of a cycle are shown, of a longer one its beginning and its end."""


def order(findings: Findings, nodes: list[Node], inputs: Collection[str]) -> tuple[Node, ...]:
    """The nodes in canonical order; reports cycles, whose nodes come last."""
    waiting = {node.path: {feed.edge.node for feed in node.feeds or () if feed.edge} - set(inputs) for node in nodes}
    users: dict[str, list[str]] = {}
    for path, needed in waiting.items():
        for source in needed:
            users.setdefault(source, []).append(path)
    by_path = {node.path: node for node in nodes}
    ready = [path for path, needed in waiting.items() if not needed]
    heapq.heapify(ready)
    ordered: list[Node] = []
    while ready:
        path = heapq.heappop(ready)
        ordered.append(by_path[path])
        for user in users.get(path, ()):
            waiting[user].discard(path)
            if not waiting[user]:
                heapq.heappush(ready, user)
    left = {node.path: waiting[node.path] for node in nodes if waiting[node.path]}
    for cycle in cycles(left):
        report_cycle(findings, cycle, by_path)
    done = {node.path for node in ordered}
    return (*ordered, *(cut(by_path[path]) for path in sorted(left) if path not in done))


def report_cycle(findings: Findings, cycle: list[str], by_path: Mapping[str, Node]) -> None:
    """Report nodes that wait for each other, each for the next and the last for the first."""
    start = cycle.index(min(cycle))
    cycle = [cycle[start], *reversed(cycle[start + 1 :] + cycle[:start])]
    waits = []
    for source, path in zip([cycle[-1], *cycle], cycle, strict=False):
        feeds = by_path[path].feeds or ()
        feed = next(feed for feed in feeds if feed.edge is not None and feed.edge.node == source)
        waits.append((feed.path, f"`{path}` waits for `{source}`"))
    (blamed, label), *others = waits
    shown = cycle if len(cycle) <= SHOWN else [*cycle[: SHOWN // 2], "...", *cycle[-SHOWN // 2 :]]
    if len(cycle) == 1:
        message = f"the node `{cycle[0]}` feeds itself"
    else:
        message = f"the nodes feed each other in a cycle: {' -> '.join([*shown, cycle[0]])}"
    findings.add(
        "E202",
        message,
        blamed,
        label=label,
        help="let one of them take its values from an earlier node" if others else "name an earlier node",
        related=others[: SHOWN - 1],
        related_keys=False,
    )


def cut(node: Node) -> Node:
    """A node of a cycle as a hole, so that nothing later follows the cycle."""
    return Node(node.path, None, None, node.owner, node.scope, node.at)
