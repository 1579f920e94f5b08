"""The nodes of a graph in one canonical order (topological, ties by path), and reports of cycles."""

import heapq
from collections.abc import Collection, Iterator, Mapping

from modelc.compiler.graph.graph import Node
from modelc.compiler.language.suggestions.reporter import Reporter

SHOWN = 12
"""As many nodes of a cycle are shown, of a longer one its beginning and its end."""


def order(reporter: Reporter, nodes: list[Node], inputs: Collection[str]) -> tuple[Node, ...]:
    """The nodes in canonical order; reports cycles, whose nodes come last."""
    waiting = {node.path: {edge.node for edge, _ in node.needs} - set(inputs) for node in nodes}
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
        report_cycle(reporter, cycle, by_path)
    # Nodes of a cycle are holes, so that no later stage follows the cycle.
    stuck = [by_path[path] for path in sorted(left)]
    return (*ordered, *(Node(node.path, None, None, node.owner, node.scope, node.at) for node in stuck))


def report_cycle(reporter: Reporter, cycle: list[str], by_path: Mapping[str, Node]) -> None:
    """Report a cycle of nodes: each waits for the next, and the last for the first."""
    start = cycle.index(min(cycle))
    cycle = [cycle[start], *reversed(cycle[start + 1 :] + cycle[:start])]
    waits, asks = [], False
    for source, path in zip([cycle[-1], *cycle], cycle, strict=False):
        node = by_path[path]
        at = next(at for edge, at in node.needs if edge.node == source)
        feeds = any(feed.edge is not None and feed.edge.node == source for feed in node.feeds or ())
        asks = asks or not feeds
        waits.append((at, f"`{source}` feeds `{path}`" if feeds else f"`{path}` asks for the shape of `{source}`"))
    (blamed, label), *others = waits
    shown = cycle if len(cycle) <= SHOWN else [*cycle[: SHOWN // 2], "...", *cycle[-SHOWN // 2 :]]
    message, help = f"the node `{cycle[0]}` feeds itself", "name another node"
    if asks:
        message = f"the node `{cycle[0]}` asks for its own shape"
        help = "name another node, or `input` for what comes into the layer"
    if others:
        do = "wait for each other" if asks else "feed each other"
        message = f"the nodes {do} in a cycle: {' -> '.join([*shown, cycle[0]])}"
        help = "let one of these nodes take its values from a node outside the cycle"
        help = "ask for the shape of a node outside the cycle" if asks else help
    reporter.add("E202", message, blamed, label=label, help=help, related=others[: SHOWN - 1], related_keys=False)


def cycles(waiting: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """One cycle of each group of names that wait for each other, each name before the one it waits for.

    `waiting` maps each name to those it waits for; names it does not have wait for nothing. The groups come in the
    order of their first names, and the same names give the same cycles.
    """
    for group in sorted(map(sorted, groups(waiting))):
        members = set(group)
        name, trail = group[0], dict[str, None]()
        while name not in trail:
            trail[name] = None
            # All members of a group wait for another member of it, but one that is alone only if it waits for itself.
            sources = waiting[name] & members
            if not sources:
                break
            name = min(sources)
        else:
            cycle = list(trail)
            yield cycle[cycle.index(name) :]


def groups(waiting: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components (Tarjan 1972, with a stack of our own: specs may be thousands of nodes deep)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: dict[str, None] = {}
    found: list[list[str]] = []
    for root in waiting:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        open_[root] = None
        calls = [(root, iter(sorted(waiting[root] & waiting.keys())))]
        while calls:
            name, sources = calls[-1]
            source = next(sources, None)
            if source is None:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[name])
                if low[name] == index[name]:
                    group: list[str] = []
                    while not group or group[-1] != name:
                        group.append(open_.popitem()[0])
                    found.append(group)
            elif source not in index:
                index[source] = low[source] = len(index)
                open_[source] = None
                calls.append((source, iter(sorted(waiting[source] & waiting.keys()))))
            elif source in open_:
                low[name] = min(low[name], index[source])
    return found
