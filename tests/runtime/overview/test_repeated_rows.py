"""Equal rows, against a search by Python's own equality."""

from typing import Any

import numpy as np
import pytest

from modelc.runtime.data.arrays import Arrays
from modelc.runtime.overview.repeated_rows import repeated_rows


def plain(tables: list[Arrays], row: int) -> tuple[Any, ...]:
    """A row as a tuple of Python's values."""
    for table in tables:
        length = len(next(iter(table.values())))
        if row < length:
            values = [np.ma.asarray(table[name][row]) for name in sorted(table)]
            return tuple(
                (
                    tuple(np.ma.getmaskarray(value).reshape(-1).tolist()),
                    tuple(np.ma.filled(value, "" if value.dtype.kind in "TU" else 0).reshape(-1).tolist()),
                )
                for value in values
            )
        row -= length
    raise AssertionError


def expected(tables: list[Arrays], rows: int) -> tuple[list[int], list[int]]:
    places: dict[Any, list[int]] = {}
    for row in range(rows):
        places.setdefault(plain(tables, row), []).append(row)
    several = sorted((row, group[0]) for group in places.values() if len(group) > 1 for row in group)
    return [row for row, _ in several], [first for _, first in several]


def drawn(seed: int, rows: int, texts: Any = "U5") -> Arrays:
    generator = np.random.default_rng(seed)
    number = generator.integers(-1, 2, rows).astype("float64") * generator.choice([0.0, -0.0, 1.5], rows)
    name = np.array(["a", "b", "\u00e4\U0001f600"])[generator.integers(0, 3, rows)].astype(texts)
    return {
        "number": np.ma.MaskedArray(number, generator.random(rows) < 0.3),
        "name": name,
        "image": generator.integers(0, 2, (rows, 2, 1)).astype("uint8"),
    }


@pytest.mark.parametrize("seed", range(20))
def test_all_equal_rows_are_found_and_no_others(seed: int) -> None:
    tables = [drawn(seed, 60), drawn(1000 + seed, 40, np.dtypes.StringDType())]
    found = repeated_rows(tables)
    assert (found.rows.tolist(), found.first.tolist()) == expected(tables, 100)


def test_integers_that_float64_rounds_to_the_same_are_different() -> None:
    found = repeated_rows([{"id": np.array([2**53, 2**53 + 1, 7, 7])}])
    assert (found.rows.tolist(), found.first.tolist()) == ([2, 3], [2, 2])


def test_rows_without_an_equal_are_none() -> None:
    found = repeated_rows([{"x": np.arange(50.0)}])
    assert len(found.rows) == len(found.first) == 0
