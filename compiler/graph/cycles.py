"""Cycles among names that wait for each other. Pure: knows neither nodes nor messages."""

from collections.abc import Iterator, Mapping


def cycles(waiting: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """One cycle of each group of names that wait for each other, each name before the one it waits for.

    `waiting` maps each name to those it waits for; names it does not have wait for nothing. The groups come in the order
    of their first names, and the same names give the same cycles.
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
