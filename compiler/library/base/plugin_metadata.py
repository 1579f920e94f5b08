"""What installed packages say that they have for specs: their entry points in the group `modelc.plugins`.

Read from metadata alone. Nothing here imports a package, and only a message asks.
"""

import sys
from collections.abc import Mapping
from functools import cache

GROUP = "modelc.plugins"
"""Each entry point is one thing: `layer.shift = "modelc_shift:Shift"` is the layer `shift`."""


def plugins_with(kind: str, name: str) -> tuple[str, ...]:
    """The installed distributions that have a thing of this kind and name."""
    found = entry_points_by_name(tuple(sys.path))
    # Activations are layers too.
    kinds = (kind, "activation") if kind == "layer" else (kind,)
    return tuple(distribution for each in kinds for distribution in found.get(f"{each}.{name}", ()))


def distributions() -> tuple[str, ...]:
    """The installed distributions that are plug-ins."""
    return tuple(sorted({name for names in entry_points_by_name(tuple(sys.path)).values() for name in names}))


@cache
def entry_points_by_name(path: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The names of distributions by the name of each entry point; `path` is where Python looks for them."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[str, ...]] = {}
    for point in entry_points(group=GROUP):
        if point.dist is not None:
            found[point.name] = (*found.get(point.name, ()), point.dist.name)
    return found
