"""Rows that do not fit into memory in the types of the model are refused before they are read into them."""

import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data import row_memory
from modelc.runtime.data.row_memory import need_row_memory

SPEC = """\
modelc: 1
model:
  inputs: {{image: {{shape: [8, 8]}}}}
  layers: [flatten, dense: {{units: 10, activation: softmax}}]
data:
  source: digits
  inputs: {{image: {{array: {{column: image{rows}}}}}}}
  targets: {{dense: {{category: {{column: label{rows}}}}}}}
"""
COLUMNS = {"image": np.zeros((1797, 8, 8), np.uint8), "label": np.zeros(1797, np.uint8)}
FLOATS = 1797 * 64 * 4


def task(rows: str = "") -> Task:
    found = check(SPEC.format(rows=rows), "spec.yaml").task
    assert found is not None
    return found


def test_bytes_that_become_floats_take_four_times_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_memory, "available_memory", lambda: FLOATS - 1)
    with pytest.raises(
        RunError, match=r"^error\[E\d+\]: the rows take 0\.0 GB of memory in the types of the model"
    ) as caught:
        need_row_memory(task(), COLUMNS)
    assert caught.value.code == "E502" and caught.value.at == ("data", "source")
    assert caught.value.notes == ("the largest is `image`: 0.0 GB",)


@pytest.mark.parametrize("rows", ["", ", rows: [0, 100]"])
def test_rows_that_fit_are_no_problem(monkeypatch: pytest.MonkeyPatch, rows: str) -> None:
    needed = (100 if rows else 1797) * (64 * 4 + 8)
    monkeypatch.setattr(row_memory, "available_memory", lambda: needed)
    need_row_memory(task(rows), COLUMNS)


def test_columns_that_are_used_as_they_are_take_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_memory, "available_memory", lambda: 1797 * 8)
    need_row_memory(task(), {**COLUMNS, "image": COLUMNS["image"].astype(np.float32)})
