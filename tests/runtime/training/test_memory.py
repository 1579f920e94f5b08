"""What cannot fit in memory is refused before it is compiled."""

from pathlib import Path

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import physical_memory
from modelc.runtime.training.memory import need_memory
from tests.runtime.small import ready, spec, write_rows


def test_a_model_larger_than_the_machine_is_refused(tmp_path: Path) -> None:
    layers = [{"dense": 2**20}, {"dense": 2**20}, {"dense": 3, "name": "y"}]
    with pytest.raises(RunError, match=r"training needs about 17,\d+\.\d GB of memory, but this machine has") as caught:
        need_memory(*ready(spec(layers), write_rows(tmp_path)))
    assert caught.value.code == "E502"


def test_a_small_model_is_not(tmp_path: Path) -> None:
    need_memory(*ready(spec(), write_rows(tmp_path)))


def test_the_machine_has_memory() -> None:
    memory = physical_memory()
    assert memory is None or memory > 2**28
