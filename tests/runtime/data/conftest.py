"""Fixtures of tests that read rows."""

from typing import Any

import pytest

from modelc.runtime.data import prepared_rows
from modelc.runtime.data.dataset import Dataset, read_dataset


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read of files, not of the cache, from here on."""
    found: list[str] = []

    def read(*given: Any, **named: Any) -> Dataset:
        found.append("rows")
        return read_dataset(*given, **named)

    by_parts = prepared_rows.prepared_by_parts

    def prepare(*given: Any, **named: Any) -> bool:
        is_done = by_parts(*given, **named)
        found.extend(["rows"] * is_done)
        return is_done

    monkeypatch.setattr(prepared_rows, "read_dataset", read)
    monkeypatch.setattr(prepared_rows, "prepared_by_parts", prepare)
    return found
