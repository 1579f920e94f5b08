"""`requirements.txt` of a run: what it ran with, in the form that pip reads."""

import platform
from importlib.metadata import requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from modelc.runtime.runs.lock_file import lock_file


def pins(text: str) -> dict[str, str]:
    found = [Requirement(line) for line in text.splitlines() if not line.startswith("#")]
    assert all(len(one.specifier) == 1 and str(one.specifier).startswith("==") for one in found)
    return {one.name: str(one.specifier).removeprefix("==") for one in found}


def test_it_has_the_installed_version_of_all_that_modelc_requires() -> None:
    text = lock_file().decode()
    found = pins(text)
    assert text.startswith(f"# Python {platform.python_version()} on {platform.system()} {platform.machine()}\n")
    assert found == {name: version(name) for name in found} and list(found) == sorted(found)
    for name in ("modelc", "jax", "optax"):
        wanted = [Requirement(line) for line in requires(name) or []]
        used = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
        assert {canonicalize_name(one.name) for one in used} <= {*found}
    assert not {"pytest", "keras", "ruff"} & {*found}
