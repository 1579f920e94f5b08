"""Gaps of series that are filled: windows are those of the series without gaps, as far as what stands in them is known."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.dataset import Part
from tests.runtime.data.test_windows import (
    BY_STORE,
    by_numpy,
    refusal,
    series_of,
    spec,
    windows_by_numpy,
    windows_in,
    without,
    written,
)
from tests.runtime.small import ready

CONTEXT, HORIZON = BY_STORE["context"], BY_STORE["horizon"]
PREVIOUS = {"fill": "previous", "limit": 3}
NUMBERS = {"fill": {"sales": -1, "promo": 0.5}, "limit": 3}


def days_of(columns: dict[str, Array], store: str) -> dict[int, Array]:
    """The values of `sales`, `promo` and `area` of each day of a store."""
    rows = np.flatnonzero(columns["store"] == store)
    numbers = [(date.fromisoformat(columns["date"][row]) - date(2026, 1, 1)).days for row in rows]
    return {
        day: np.array([columns[name][row] for name in ("sales", "promo", "area")])
        for day, row in zip(numbers, rows, strict=True)
    }


def by_hand(columns: dict[str, Array], limit: int, numbers: dict[int, float] | None = None) -> set[Any]:
    """All windows of the stores: each day that is missing has what the day before has, but for these `numbers`. Targets are days of
    the data, and others where there are numbers.
    """
    found = set()
    for store in np.unique(columns["store"]):
        days = days_of(columns, store)
        runs: list[list[tuple[Array, bool]]] = [[]]
        for day in range(min(days), max(days) + 1):
            if day in days:
                runs[-1].append((days[day], False))
                continue
            behind = next(later for later in range(day, max(days) + 1) if later in days)
            before = next(earlier for earlier in range(day, -1, -1) if earlier in days)
            if behind - before - 1 > limit:
                runs = [*runs, []] if runs[-1] else runs
                continue
            value = days[before].copy()
            for place, number in (numbers or {}).items():
                value[place] = number
            runs[-1].append((value, numbers is None))
        for run in runs:
            for first in range(len(run) - CONTEXT - HORIZON + 1):
                window = run[first : first + CONTEXT + HORIZON]
                if not any(is_guess for _, is_guess in window[CONTEXT:]):
                    found.add(np.ascontiguousarray([value for value, _ in window], np.float32).tobytes())
    return found


@pytest.fixture
def columns() -> dict[str, Array]:
    """Series of unequal length, one shorter than a window, with gaps of one, two, three and four days."""
    found = series_of({"north": 40, "south": 17, "east": 7, "west": 8})
    found = without(found, "north", 3, 12, 13, 20, 21, 22, 29, 30, 31, 32)
    return without(found, "south", 9, 11)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_missing_rows_have_the_values_of_the_row_before_and_are_no_targets(
    tmp_path: Path, columns: dict[str, Array], limit: int
) -> None:
    raw = spec({**BY_STORE, "gaps": {"fill": "previous", "limit": limit}})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert windows_in(dataset.train) == by_hand(columns, limit)
    filled = {1: 3, 2: 5, 3: 8, 4: 12}[limit]
    assert any(note == f"{filled} rows that were missing are filled" for note in dataset.notes)
    assert any("between rows end" in note for note in dataset.notes) == (limit < 4)


def test_targets_that_have_a_number_where_rows_are_missing_are_targets(
    tmp_path: Path, columns: dict[str, Array]
) -> None:
    _, dataset = ready(spec({**BY_STORE, "gaps": NUMBERS}), written(tmp_path, **columns))
    assert windows_in(dataset.train) == by_hand(columns, 3, {0: -1, 1: 0.5})
    # Known is only what is said of all that targets read.
    raw = spec({**BY_STORE, "gaps": {"fill": {"promo": 0.5}, "limit": 3}})
    _, other = ready(raw, written(tmp_path, **columns))
    assert other.train.rows == len(by_hand(columns, 3)) < dataset.train.rows


def test_without_gaps_nothing_changes(tmp_path: Path) -> None:
    columns = series_of({"north": 20, "south": 9})
    for gaps in (PREVIOUS, NUMBERS, "end"):
        _, dataset = ready(spec({**BY_STORE, "gaps": gaps}), written(tmp_path, **columns))
        assert windows_in(dataset.train) == windows_by_numpy(columns)
        assert not any("missing" in note for note in dataset.notes)


def test_ending_windows_is_the_default(tmp_path: Path, columns: dict[str, Array]) -> None:
    found = [
        ready(spec({**BY_STORE, **more}), written(tmp_path, **columns))[1].train.inputs["past"]
        for more in ({}, {"gaps": "end"})
    ]
    assert (found[0] == found[1]).all() and len(found[0])


def test_nothing_is_filled_from_what_comes_later(tmp_path: Path, columns: dict[str, Array]) -> None:
    """What is behind a gap, and at its end, changes nothing of the windows before."""

    def early(values: dict[str, Array]) -> Array:
        _, dataset = ready(spec({**BY_STORE, "gaps": PREVIOUS}), written(tmp_path, **values))
        days = dataset.train.named["date"][:, -1]
        found: Array = dataset.train.inputs["past"]
        chosen: Array = found[(days < "2026-01-21") & (dataset.train.named["store"] == "north")]
        return chosen

    changed = {**columns, "sales": np.where(columns["date"] >= "2026-01-24", 1e4, columns["sales"])}
    assert len(early(columns)) and (early(columns) == early(changed)).all()


def test_readers_learn_of_the_rows_of_the_data_alone(tmp_path: Path, columns: dict[str, Array]) -> None:
    """A mean over rows that fill gaps would count what is before them several times."""
    raw = spec({**BY_STORE, "gaps": NUMBERS}, validation={"last": 4})
    raw["data"]["inputs"]["past"] = {"numbers": {"columns": ["sales", "promo"], "standardize": True}}
    _, dataset = ready(raw, written(tmp_path, **columns))
    rank = {store: sorted(columns["date"][columns["store"] == store]) for store in np.unique(columns["store"])}
    held = np.array([day in rank[store][-4:] for store, day in zip(columns["store"], columns["date"], strict=True)])
    learnt = dataset.train.learnt.of_key("inputs/past")
    assert learnt["mean"][0] == pytest.approx(columns["sales"][~held].mean())


def test_a_gap_on_a_border_belongs_to_the_part_before_it(tmp_path: Path) -> None:
    columns = without(series_of({"north": 30}), "north", 18, 19)
    raw = spec({**BY_STORE, "gaps": NUMBERS}, validation={"after": {"column": "date", "value": "2026-01-21"}})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert dataset.validation is not None
    days = days_of(columns, "north")
    whole = [days.get(day, np.array([-1, 0.5, 0])) for day in range(30)]
    every = by_numpy(np.array(whole), CONTEXT + HORIZON)
    assert windows_in(dataset.train) == {one.astype(np.float32).tobytes() for one in np.ascontiguousarray(every[:13])}
    assert windows_in(dataset.validation) == {
        one.astype(np.float32).tobytes() for one in np.ascontiguousarray(every[15:])
    }
    assert set(dataset.train.named["date"][-1]) == {"2026-01-18", "2026-01-19", "2026-01-20"}


def test_with_counts_parts_are_rows_of_the_data(tmp_path: Path) -> None:
    columns = without(series_of({"north": 30}), "north", 22, 25)
    raw = spec({**BY_STORE, "gaps": PREVIOUS}, validation={"last": 10})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert dataset.validation is not None
    # The last ten are the days 18 to 29 without two: horizons are 18 to 20, 19 to 21, 26 to 28 and 27 to 29.
    assert sorted(dataset.validation.named["date"][:, 0]) == ["2026-01-19", "2026-01-20", "2026-01-27", "2026-01-28"]


@pytest.mark.parametrize(
    ("times", "is_filled"),
    [
        ([0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0], True),
        ([0, 10, 20, 40, 50, 60, 70, 80, 90, 100], True),
        ([f"2026-{month:02}-01" for month in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11)], True),
        (["01-31", "02-28", "03-31", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30"], True),
        # What is no multiple of the step is a gap that ends windows.
        ([0, 10, 20, 45, 55, 65, 75, 85, 95, 105], False),
    ],
)
def test_what_is_missing_goes_by_the_step(tmp_path: Path, times: list[Any], is_filled: bool) -> None:
    written_times = [f"2026-{time}" if isinstance(time, str) and len(time) == 5 else time for time in times]
    columns = {
        "date": np.array(written_times),
        "sales": np.arange(10.0),
        "promo": np.arange(10.0),
        "area": np.zeros(10),
    }
    raw = spec({"context": 3, "horizon": 1, "time": "date", "gaps": {"fill": "previous", "limit": 2}})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert any(note == "1 row that was missing is filled" for note in dataset.notes) == is_filled
    if not is_filled:
        return
    contexts = {tuple(one[:, 0]) for one in dataset.train.inputs["past"]}
    assert {(0, 1, 2), (1, 2, 2), (2, 2, 3), (2, 3, 4)} - contexts == {(0, 1, 2)}


def test_the_times_of_filled_months_are_last_days_where_their_neighbours_are(tmp_path: Path) -> None:
    days = ["01-31", "02-28", "03-31", "05-31", "06-30", "07-31", "08-31"]
    columns = {"date": np.array([f"2026-{day}" for day in days]), "sales": np.arange(7.0)}
    columns |= {"promo": np.arange(7.0), "area": np.zeros(7)}
    raw = spec({"context": 2, "horizon": 2, "time": "date", "gaps": {"fill": {"sales": 0}, "limit": 1}})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert [*dataset.train.named["date"][0]] == ["2026-03-31", "2026-04-30"]
    assert [*dataset.train.targets["sales"][0]] == [2, 0]


def test_columns_with_missing_values_keep_them(tmp_path: Path) -> None:
    columns = without(series_of({"north": 20}), "north", 10)
    columns["promo"] = np.where(columns["date"] == "2026-01-10", np.nan, columns["promo"])
    raw = spec({**BY_STORE, "gaps": PREVIOUS})
    raw["data"]["inputs"]["past"] = {"numbers": {"columns": ["sales", "promo"], "missing": 99}}
    raw["data"]["inputs"]["ahead"] = {"number": {"column": "promo", "missing": 99}, "span": "horizon"}
    _, dataset = ready(raw, written(tmp_path, **columns))
    part: Part = dataset.train
    (place,) = np.flatnonzero(part.named["date"][:, 0] == "2026-01-12")
    assert [*part.inputs["past"][place][-2:, 1]] == [99, 99]


def test_a_reader_that_copies_its_context_takes_no_filled_rows(tmp_path: Path, columns: dict[str, Array]) -> None:
    raw = spec({**BY_STORE, "gaps": PREVIOUS})
    raw["model"]["nodes"]["again"] = {"from": "past", "dense": 2}
    raw["model"]["outputs"] = ["sales", "again"]
    raw["data"]["targets"]["again"] = {"same_as": "past"}
    raw["train"]["losses"] = {"sales": "mean_squared_error", "again": "mean_squared_error"}
    del raw["train"]["loss"]
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert windows_in(dataset.train) == by_hand(columns, 0)


def test_what_cannot_be_filled_is_refused(tmp_path: Path) -> None:
    columns = without(series_of({"north": 20}), "north", 10)
    columns["sales"] = columns["sales"].astype(np.int64)

    def error_of(fill: Any) -> RunError:
        return refusal(tmp_path, spec({**BY_STORE, "gaps": {"fill": fill, "limit": 2}}), **columns)

    error = error_of({"sales": 0.5})
    assert error.code == "E402" and error.message == "`sales` has integers (int64), and `fill` has 0.5 for it"


@pytest.mark.parametrize(
    ("column", "code", "said"),
    [
        ("slaes", "E401", "the data has no column `slaes`"),
        ("other", "E401", "`gaps` fills `other`, which no input and no target reads"),
        ("store", "E106", "`store` is the column of `group_by`, which is known in rows that are missing"),
        ("kind", "E402", "`kind` has texts, and `fill` has a number for it"),
    ],
)
def test_a_column_that_no_number_fills_is_named_at_its_key(tmp_path: Path, column: str, code: str, said: str) -> None:
    columns = series_of({"north": 20})
    columns |= {"other": columns["sales"], "kind": columns["store"]}
    raw = spec({**BY_STORE, "gaps": {"fill": {column: 0}, "limit": 2}})
    with pytest.raises(SpecError) as caught:
        ready(raw, written(tmp_path, **columns))
    (problem,) = [one for one in caught.value.problems if one.is_error]
    assert (problem.code, problem.message) == (code, said)
    assert problem.path[-2:] == ("fill", column)


@pytest.mark.parametrize(
    ("gaps", "lacking"), [({"fill": "previous"}, "limit"), ({"fill": {"sales": 0}}, "limit"), ({"limit": 2}, "fill")]
)
def test_what_filling_needs_is_asked_for(tmp_path: Path, gaps: Any, lacking: str) -> None:
    with pytest.raises(SpecError) as caught:
        ready(spec({**BY_STORE, "gaps": gaps}), written(tmp_path, **series_of({"north": 20})))
    (problem,) = [one for one in caught.value.problems if one.is_error]
    assert (problem.code, problem.message) == ("E104", f"`gaps` needs `{lacking}`")


def test_targets_that_are_never_known_are_refused_with_a_way(tmp_path: Path) -> None:
    columns = without(series_of({"north": 40}), "north", *range(1, 40, 2))
    raw = spec({**BY_STORE, "freq": "1d", "gaps": PREVIOUS})
    error = refusal(tmp_path, raw, **columns)
    assert error.code == "E404" and "that `gaps` fills" in error.message and "`fill: {COLUMN: 0}`" in error.helps[0]
    _, dataset = ready(spec({**BY_STORE, "freq": "1d", "gaps": NUMBERS}), written(tmp_path, **columns))
    assert windows_in(dataset.train) == by_hand(columns, 3, {0: -1, 1: 0.5})
