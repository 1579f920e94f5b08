"""The shipped specs, and the places in them that tests damage one after the other."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.syntax.document import read

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))
Place = tuple[Any, ...]


@cache
def data_of(spec: Path) -> Any:
    """A shipped spec as plain data."""
    document, problems = read(spec.read_text(encoding="utf-8"), spec.name)
    assert document is not None and not problems
    return document.data


def every_place(node: Any, path: Place = ()) -> list[Place]:
    """The paths of all values of `node` below `path`, its own first."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in entries for place in every_place(value, (*path, key)))]


def places(spec: Path, config: pytest.Config, wanted: Callable[[Place], bool] = bool) -> list[Place]:
    """The paths of the `wanted` values of a shipped spec, the first of those that are alike.

    In one spec those are alike that differ only by the places of items in lists. Of all specs, which have the most in
    common, those whose last two keys are the same: the first spec alone has them, unless `--every-place` is given.
    """
    seen: set[Place] = set()
    if not config.getoption("--every-place"):
        for other in SPECS[: SPECS.index(spec)]:
            seen |= {ending(path) for path in every_place(data_of(other)) if wanted(path)}
    first: dict[Place, Place] = {}
    for path in every_place(data_of(spec)):
        if wanted(path) and ending(path) not in seen:
            first.setdefault(keys_of(path), path)
    return list(first.values())


def keys_of(path: Place) -> Place:
    return tuple(key for key in path if isinstance(key, str))


def ending(path: Place) -> Place:
    """The last two keys of a path, and whether it ends in the item of a list."""
    return (*keys_of(path)[-2:], isinstance(path[-1], int))


def with_value(node: Any, path: Place, value: Any) -> Any:
    """`node` with `value` at `path`."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(node, list):
        return [with_value(old, rest, value) if index == head else old for index, old in enumerate(node)]
    return {key: with_value(old, rest, value) if key == head else old for key, old in node.items()}


def with_misspelt(node: Any, path: Place) -> Any:
    """`node` with an `x` after the key at the end of `path`."""
    head, *rest = path
    if isinstance(node, list):
        return [with_misspelt(value, tuple(rest)) if index == head else value for index, value in enumerate(node)]
    if rest:
        return {key: with_misspelt(value, tuple(rest)) if key == head else value for key, value in node.items()}
    return {f"{key}x" if key == head else key: value for key, value in node.items()}


def ends_in_a_key(path: Place) -> bool:
    return bool(path) and isinstance(path[-1], str)
