"""Every key of every shipped spec, misspelt, is an error: none is ignored, none silently means something else."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelc.compiler.api import check
from tests.shipped_specs import SPECS, data_of, ends_in_a_key, places, with_misspelt


def free(data: Any, path: tuple[Any, ...]) -> bool:
    """Whether the key at the end of `path` is a name that nothing else in the spec names: a branch, or what a chain
    without data takes."""
    return path[-2] == "branches" or (
        path[:2] == ("model", "inputs") and "layers" in data["model"] and "data" not in data
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_key_misspelt_is_an_error(spec: Path, pytestconfig: pytest.Config) -> None:
    data = data_of(spec)
    assert not check(yaml.safe_dump(data, sort_keys=False), "spec.yaml").errors
    accepted = []
    for path in places(spec, pytestconfig, ends_in_a_key):
        if len(path) > 1 and free(data, path):
            continue
        if not check(json.dumps(with_misspelt(data, path)), "spec.json").errors:
            accepted.append(".".join(map(str, path)))
    assert not accepted
