"""Every key of every shipped spec, misspelt, is an error: none is ignored, none silently means something else."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelc.compiler.api import check

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))


def keys(node: Any) -> list[tuple[Any, ...]]:
    """The paths of all keys; of those that differ only by the places of items in lists, the first."""
    first: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for path in every_key(node, ()):
        first.setdefault(tuple(key for key in path if isinstance(key, str)), path)
    return list(first.values())


def every_key(node: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [way for key, value in node.items() for way in [(*path, key), *every_key(value, (*path, key))]]
    if isinstance(node, list):
        return [way for index, value in enumerate(node) for way in every_key(value, (*path, index))]
    return []


def with_misspelt(node: Any, path: tuple[Any, ...]) -> Any:
    head, *rest = path
    if isinstance(node, list):
        return [with_misspelt(value, tuple(rest)) if index == head else value for index, value in enumerate(node)]
    if rest:
        return {key: with_misspelt(value, tuple(rest)) if key == head else value for key, value in node.items()}
    return {f"{key}x" if key == head else key: value for key, value in node.items()}


def free(data: Any, path: tuple[Any, ...]) -> bool:
    """Whether the key at the end of `path` is a name that nothing else in the spec names: a branch, or what a chain
    without data takes."""
    return path[-2] == "branches" or (
        path[:2] == ("model", "inputs") and "layers" in data["model"] and "data" not in data
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_key_misspelt_is_an_error(spec: Path) -> None:
    data = yaml.safe_load(spec.read_text(encoding="utf-8"))
    assert not check(yaml.safe_dump(data, sort_keys=False), "spec.yaml").errors
    accepted = []
    for path in keys(data):
        if len(path) > 1 and free(data, path):
            continue
        if not check(json.dumps(with_misspelt(data, path)), "spec.json").errors:
            accepted.append(".".join(map(str, path)))
    assert not accepted
