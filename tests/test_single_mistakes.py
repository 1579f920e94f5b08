"""One mistake is one error: what merely follows from it is not told, whatever it is and wherever in a spec it stands."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.api import check
from modelc.compiler.syntax.document import read

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))


def values(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values but the format; of those that differ only by the places of items in lists, the first."""
    first: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for way in every_value(node, path):
        first.setdefault(tuple(key for key in way if isinstance(key, str)), way)
    del first[()], first["modelc",]
    return list(first.values())


def every_value(node: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(way for key, value in entries for way in every_value(value, (*path, key)))]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(node, list):
        return [replaced(old, rest, value) if index == head else old for index, old in enumerate(node)]
    return {key: replaced(old, rest, value) if key == head else old for key, old in node.items()}


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_an_unknown_variable_is_the_only_error_wherever_it_stands(spec: Path) -> None:
    document, _ = read(spec.read_text(encoding="utf-8"), spec.name)
    assert document is not None
    others = {}
    for path in values(document.data):
        found = check(json.dumps(replaced(document.data, path, "$nowhere")), "spec.json")
        # In the place of all arguments of a block it is the first, and the others are missing.
        errors = [error.message for error in found.errors if "needs the argument" not in error.message]
        if len(errors) != 1:
            others[".".join(map(str, path))] = errors
    assert not others


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_list_in_a_list_is_an_error_wherever_it_stands(spec: Path) -> None:
    document, _ = read(spec.read_text(encoding="utf-8"), spec.name)
    assert document is not None
    # The default of a parameter may be anything that its uses can do with.
    accepted = [
        ".".join(map(str, path))
        for path in values(document.data)
        if "params" not in path and not check(json.dumps(replaced(document.data, path, [[]])), "spec.json").errors
    ]
    assert not accepted
