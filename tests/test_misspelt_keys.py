"""Every key of every shipped spec, misspelt, is an error: none is ignored, none silently means something else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from modelc.compiler.api import check

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))


def keys(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [way for key, value in node.items() for way in [(*path, key), *keys(value, (*path, key))]]
    if isinstance(node, list):
        return [way for index, value in enumerate(node) for way in keys(value, (*path, index))]
    return []


def with_misspelt(node: Any, path: tuple[Any, ...]) -> Any:
    head, *rest = path
    if isinstance(node, list):
        return [with_misspelt(value, tuple(rest)) if index == head else value for index, value in enumerate(node)]
    if rest:
        return {key: with_misspelt(value, tuple(rest)) if key == head else value for key, value in node.items()}
    return {f"{key}x" if key == head else key: value for key, value in node.items()}


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_key_misspelt_is_an_error(spec: Path) -> None:
    data = yaml.safe_load(spec.read_text(encoding="utf-8"))
    assert not check(yaml.safe_dump(data, sort_keys=False), "spec.yaml").errors
    accepted = []
    for path in keys(data):
        text = yaml.safe_dump(with_misspelt(data, path), sort_keys=False)
        if not check(text, "spec.yaml").errors:
            accepted.append(".".join(map(str, path)))
    assert not accepted
