"""One mistake is one error: what merely follows from it is not told, whatever it is and wherever in a spec it stands."""

import json
from pathlib import Path

import pytest

from modelc.compiler.api import check
from tests.shipped_specs import SPECS, Place, data_of, places, with_value


def has_a_meaning(path: Place) -> bool:
    """Whether the value at `path` is one of the spec, and not the spec itself or the version of its format."""
    return path not in ((), ("modelc",))


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_an_unknown_variable_is_the_only_error_wherever_it_stands(spec: Path, pytestconfig: pytest.Config) -> None:
    others = {}
    for path in places(spec, pytestconfig, has_a_meaning):
        found = check(json.dumps(with_value(data_of(spec), path, "$nowhere")), "spec.json")
        # In the place of all arguments of a block it is the first, and the others are missing.
        errors = [error.message for error in found.errors if "needs the argument" not in error.message]
        if len(errors) != 1:
            others[".".join(map(str, path))] = errors
    assert not others


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_list_in_a_list_is_an_error_wherever_it_stands(spec: Path, pytestconfig: pytest.Config) -> None:
    # The default of a parameter may be anything that its uses can do with.
    accepted = [
        ".".join(map(str, path))
        for path in places(spec, pytestconfig, has_a_meaning)
        if "params" not in path and not check(json.dumps(with_value(data_of(spec), path, [[]])), "spec.json").errors
    ]
    assert not accepted
