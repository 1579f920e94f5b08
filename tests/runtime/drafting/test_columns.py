"""What a column is, by all of its rows."""

from typing import Any

import numpy as np
import pytest

from modelc.runtime.drafting.columns import FEW_NAMES, MOST_NAMES, use_of

ROWS = 200
G = np.random.default_rng(0)
KINDS = np.array(["red", "green", "blue"])
WORDS = np.array(["a", "good", "bad", "long", "film", "with", "people"])


def masked(values: Any, *, at: Any = slice(0, 5)) -> np.ma.MaskedArray:
    found = np.ma.MaskedArray(values)
    found[at] = np.ma.masked
    return found


def texts(count: int) -> Any:
    """So many different names, each several times."""
    return np.array([f"name {k % count}" for k in range(ROWS)])


@pytest.mark.parametrize(
    ("name", "column", "role"),
    [
        ("price", G.normal(size=ROWS), "numbers"),
        ("rooms", G.integers(0, 5, ROWS), "numbers"),
        ("people", G.permutation(ROWS) * 7 + 3, "numbers"),
        ("year", np.arange(1990, 1990 + ROWS), "numbers"),
        ("flag", G.random(ROWS) < 0.5, "numbers"),
        ("pair", G.normal(size=(ROWS, 2)), "numbers"),
        ("valid", G.permutation(ROWS) + 5, "numbers"),
        ("price", masked(G.normal(size=ROWS)), "numbers"),
        ("price", np.where(np.arange(ROWS) == 3, np.nan, 1.5), "numbers"),
        ("kind", KINDS[G.integers(0, 3, ROWS)], "categories"),
        ("kind", masked(KINDS[G.integers(0, 3, ROWS)]), "categories"),
        ("zip", np.array(["00712", "10115"])[G.integers(0, 2, ROWS)], "categories"),
        ("street", texts(FEW_NAMES + 1), "names"),
        ("day", np.array([f"2026-{k % 12 + 1:02}-03" for k in range(ROWS)]), "date"),
        ("day", np.array([f"3.{k % 12 + 1}.2026" for k in range(ROWS)]), "date"),
        ("said", np.array([" ".join(G.choice(WORDS, 8)) for _ in range(ROWS)]), "text"),
        ("row", np.arange(ROWS), "left out"),
        ("user_id", G.permutation(ROWS) * 7 + 3, "left out"),
        ("userId", G.permutation(ROWS) * 7 + 3, "left out"),
        ("number", G.permutation(ROWS) + 2**60, "left out"),
        ("code", np.array([f"c{k}" for k in range(ROWS)]), "left out"),
        ("code", texts(150), "left out"),
        ("same", np.full(ROWS, 3), "left out"),
        ("gone", masked(np.zeros(ROWS), at=slice(None)), "left out"),
        ("far", np.where(np.arange(ROWS) == 3, np.inf, G.normal(size=ROWS)), "left out"),
        ("image", G.normal(size=(ROWS, 3, 3)), "left out"),
        ("day", masked(np.array([f"2026-{k % 12 + 1:02}-03" for k in range(ROWS)])), "left out"),
    ],
)
def test_roles(name: str, column: Any, role: str) -> None:
    use = use_of(name, column)
    assert use.role == role
    assert use.reason or role in ("numbers", "categories", "names")


def test_missing_values_are_counted_and_have_a_place() -> None:
    assert use_of("x", masked(G.normal(size=ROWS))).missing == 5
    use = use_of("kind", masked(KINDS[np.arange(ROWS) % 3]))
    # Three names, one for missing values, and one for names that are not known.
    assert (use.missing, use.size) == (5, 5)
    assert use_of("kind", KINDS[np.arange(ROWS) % 3]).size == 4


def test_of_very_many_names_the_most_frequent_have_ids() -> None:
    many = np.array([f"name {k % 2500}" for k in range(10_000)])
    assert use_of("street", many).size == MOST_NAMES


def test_dates_that_could_be_read_in_two_ways_are_said() -> None:
    use = use_of("day", np.array([f"0{k % 9 + 1}/0{k % 7 + 1}/2026" for k in range(ROWS)]))
    assert use.format == "%d/%m/%Y" and '"%m/%d/%Y"' in use.reason
    use = use_of("day", np.array([f"0{k % 9 + 1}/{k % 20 + 9:02}/2026" for k in range(ROWS)]))
    assert use.format == "%m/%d/%Y" and "too" not in use.reason


def test_parts_of_dates_are_those_that_differ() -> None:
    days = np.array([f"202{k % 3}-0{k % 9 + 1}-01T0{k % 5}:00" for k in range(ROWS)])
    assert use_of("t", days).parts == ("year", "month", "weekday", "hour")
    assert use_of("t", np.array([f"2026-0{k % 9 + 1}-05" for k in range(ROWS)])).parts == ("month", "weekday")


def test_texts_are_as_long_as_nearly_all_of_them() -> None:
    said = np.array([" ".join(f"w{j}" for j in range(k % 20 + 3)) for k in range(ROWS)])
    use = use_of("said", np.array([f"{text} only{k}" for k, text in enumerate(said)]))
    assert use.length == 23
    # Words that are there twice, padding and unknown words.
    assert use.size == 22 + 2
