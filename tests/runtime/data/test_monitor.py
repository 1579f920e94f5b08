"""A monitor that is NaN whatever is predicted is warned of before training, and no other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.runtime.data.data_check import report_monitor
from tests.runtime.small import ready, spec, write_rows

ROWS = 10


def warned(raw: dict[str, Any], folder: Path, y: Any, **columns: Any) -> str:
    """The message about the monitor, with its code; empty where there is none."""
    problems = report_monitor(*ready(raw, write_rows(folder, ROWS, y=np.asarray(y), **columns)))
    return "".join(f"{problem.code} {problem.message}" for problem in problems)


def regression(width: int = 1, validation: Any = 1, **train: Any) -> dict[str, Any]:
    train = {"metrics": ["r2", "mean_absolute_error"], "monitor": "validation/r2", **train}
    data = {"targets": {"y": {"array": "y"}}, "validation": {"last": validation}}
    return spec([{"dense": width, "name": "y"}], loss="mean_squared_error", data=data, **train)


def test_r2_of_one_row_or_of_equal_targets_has_no_value(tmp_path: Path) -> None:
    y = np.arange(ROWS, dtype=np.float32)
    said = "W911 `validation/r2` will always be NaN: in "
    assert warned(regression(), tmp_path, y) == said + "1 validation row, all targets are equal"
    assert warned(regression(validation=4), tmp_path, y // 6) == said + "4 validation rows, all targets are equal"
    assert not warned(regression(validation=2), tmp_path, y)
    # One value of several is enough.
    assert not warned(regression(2, 3), tmp_path, np.stack([y, np.zeros(ROWS)], axis=1))
    assert warned(regression(2, 3), tmp_path, np.ones((ROWS, 2)))


def test_only_the_monitor_is_looked_at_and_in_its_rows(tmp_path: Path) -> None:
    y = np.where(np.arange(ROWS) < 9, 1.0, 5.0)
    assert not warned(regression(monitor="validation/loss"), tmp_path, y)
    assert not warned(regression(monitor="validation/mean_absolute_error"), tmp_path, y)
    assert "in 9 training rows, all targets are equal" in warned(regression(monitor="train/r2"), tmp_path, y)


@pytest.mark.parametrize(("kept", "found"), [([7, 8, 9], False), ([8], True), ([], True)])
def test_targets_that_a_mask_leaves_out_do_not_count(tmp_path: Path, kept: list[int], found: bool) -> None:
    raw = regression(validation=3)
    raw["train"]["losses"] = {"y": {"mean_squared_error": None, "mask": "known", "weight": 0}}
    del raw["train"]["loss"]
    raw["data"]["targets"]["known"] = {"array": "known"}
    known = np.isin(np.arange(ROWS), [0, 1, *kept])
    message = warned(raw, tmp_path, np.where(known, np.arange(ROWS), np.nan), known=known)
    assert bool(message) == found
