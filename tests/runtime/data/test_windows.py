"""Windows of series: every one is what numpy cuts from the series alone, and belongs to the part that its targets are of."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.dataset import Part
from tests.runtime.small import ready

FIRST = date(2026, 1, 1)


def spec(windows: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A linear forecast of `sales` of its past and of `promo`, which is known ahead."""
    context, horizon = windows["context"], windows["horizon"]
    return {
        "modelc": 1,
        "model": {
            "inputs": {"past": {"shape": [context, 2]}, "ahead": {"shape": [horizon]}, "size": {"shape": []}},
            "nodes": {
                "flat": {"from": "past", "flatten": None},
                "one": {"from": "size", "reshape": [1]},
                "sales": {"from": ["flat", "ahead", "one"], "layers": ["concatenate", {"dense": horizon}]},
            },
            "outputs": ["sales"],
        },
        "data": {
            "source": {"npz": "rows.npz"},
            "windows": windows,
            "inputs": {
                "past": {"numbers": ["sales", "promo"]},
                "ahead": {"number": "promo", "span": "horizon"},
                "size": {"number": "area", "span": "static"},
            },
            "targets": {"sales": {"number": "sales"}},
            **data,
        },
        "train": {"loss": "mean_squared_error", "optimizer": "adam", "epochs": 1, "batch_size": 4},
    }


def written(folder: Path, **columns: Any) -> Root:
    """`rows.npz` with these columns."""
    np.savez(folder / "rows.npz", **columns)
    return Root(folder, folder)


BY_STORE: dict[str, Any] = {"context": 5, "horizon": 3, "time": "date", "group_by": "store"}


def series_of(lengths: dict[str, int], seed: int = 0) -> dict[str, Array]:
    """Series of these lengths by name, whose rows are in no order; all numbers are different."""
    draw = np.random.default_rng(seed)
    rows = [(name, day) for name, length in lengths.items() for day in range(length)]
    rows = [rows[place] for place in draw.permutation(len(rows))]
    return {
        "store": np.array([name for name, _ in rows]),
        "date": np.array([str(FIRST + timedelta(day)) for _, day in rows]),
        "sales": draw.permutation(len(rows)).astype(np.float64),
        "promo": draw.permutation(len(rows)).astype(np.float64),
        "area": np.array([float([*lengths].index(name)) for name, _ in rows]),
    }


def without(columns: dict[str, Array], store: str, *days: int) -> dict[str, Array]:
    """The columns without some days of a store."""
    gone = {str(FIRST + timedelta(day)) for day in days}
    kept = np.array([(name, day) for name, day in zip(columns["store"], columns["date"], strict=True)])
    keep = ~((kept[:, 0] == store) & np.isin(kept[:, 1], [*gone]))
    return {name: column[keep] for name, column in columns.items()}


def by_numpy(values: Array, size: int, stride: int = 1) -> Array:
    """The windows of one series `[rows, values]` without a gap, `[windows, size, values]`."""
    if len(values) < size:
        return np.zeros((0, size, values.shape[1]))
    return np.lib.stride_tricks.sliding_window_view(values, size, axis=0)[::stride].swapaxes(1, 2)


def windows_by_numpy(columns: dict[str, Array], stride: int = 1, first: int = 0, stop: int | None = None) -> set[Any]:
    """The windows of all series whose targets are the days from `first` to `stop`, as contexts and targets, by numpy."""
    context, horizon = BY_STORE["context"], BY_STORE["horizon"]
    found = set()
    for store in np.unique(columns["store"]):
        rows = np.flatnonzero(columns["store"] == store)
        rows = rows[np.argsort(columns["date"][rows])]
        values = np.stack([columns[name][rows] for name in ("sales", "promo", "area")], axis=1)
        part = values[max(first - context, 0) : stop]
        found |= {one.tobytes() for one in np.ascontiguousarray(by_numpy(part, context + horizon, stride), np.float32)}
    return found


def windows_in(part: Part | None) -> set[Any]:
    """The windows that a part has, each as the rows of its context and those of its horizon."""
    assert part is not None
    past, ahead, size = (part.inputs[name] for name in ("past", "ahead", "size"))
    target = part.targets["sales"]
    rows = np.concatenate([past, np.stack([target, ahead], axis=-1)], axis=1)
    whole = np.concatenate([rows, np.broadcast_to(size[:, None, None], (*rows.shape[:2], 1))], axis=-1)
    found = {one.tobytes() for one in np.ascontiguousarray(whole, np.float32)}
    assert len(found) == part.rows
    return found


def test_windows_are_those_that_numpy_cuts_from_each_series(tmp_path: Path) -> None:
    columns = series_of({"north": 20, "south": 9, "east": 7, "west": 8})
    _, dataset = ready(spec(BY_STORE), written(tmp_path, **columns))
    assert windows_in(dataset.train) == windows_by_numpy(columns)
    assert dataset.train.rows == 13 + 2 + 0 + 1
    assert any("1 of 4 series is left out, since no window fits: east" in note for note in dataset.notes)


@pytest.mark.parametrize("stride", [2, 3, 7])
def test_a_stride_leaves_out_windows_between(tmp_path: Path, stride: int) -> None:
    columns = series_of({"north": 30, "south": 19})
    _, dataset = ready(spec({**BY_STORE, "stride": stride}), written(tmp_path, **columns))
    assert windows_in(dataset.train) == windows_by_numpy(columns, stride)


def test_targets_lie_in_one_part_and_contexts_reach_back_over_the_border(tmp_path: Path) -> None:
    columns = series_of({"north": 40, "south": 40})
    raw = spec(BY_STORE, test={"last": 6}, validation={"last": 10})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert windows_in(dataset.train) == windows_by_numpy(columns, stop=24)
    assert windows_in(dataset.validation) == windows_by_numpy(columns, first=24, stop=34)
    assert windows_in(dataset.test) == windows_by_numpy(columns, first=34)
    assert dataset.test is not None and dataset.test.rows == 2 * 4


def test_a_date_splits_all_series_and_counts_split_each_by_its_own_end(tmp_path: Path) -> None:
    columns = series_of({"north": 40, "south": 30})
    after = spec(BY_STORE, validation={"after": {"column": "date", "value": str(FIRST + timedelta(20))}})
    _, dataset = ready(after, written(tmp_path, **columns))
    assert windows_in(dataset.train) == windows_by_numpy(columns, stop=20)
    assert windows_in(dataset.validation) == windows_by_numpy(columns, first=20)
    _, dataset = ready(spec(BY_STORE, validation={"first": 8}), written(tmp_path, **columns))
    assert windows_in(dataset.validation) == windows_by_numpy(columns, stop=8)
    assert windows_in(dataset.train) == windows_by_numpy(columns, first=8)


def test_rows_of_a_part_that_are_scattered_make_no_window_across_others(tmp_path: Path) -> None:
    columns = series_of({"north": 30})
    days = np.array([(date.fromisoformat(day) - FIRST).days for day in columns["date"]])
    columns["part"] = np.where((days >= 10) & (days < 14), "held", "seen")
    raw = spec(BY_STORE, validation={"where": {"column": "part", "equals": "held"}})
    _, dataset = ready(raw, written(tmp_path, **columns))
    assert windows_in(dataset.validation) == windows_by_numpy(columns, first=10, stop=14)
    before, behind = windows_by_numpy(columns, stop=10), windows_by_numpy(columns, first=14)
    assert windows_in(dataset.train) == before | behind


def test_a_gap_ends_windows(tmp_path: Path) -> None:
    columns = series_of({"north": 30, "south": 12})
    _, dataset = ready(spec(BY_STORE), written(tmp_path, **without(columns, "north", 10, 20, 21)))
    pieces = [
        {name: column[(columns["store"] != "north") | keep] for name, column in columns.items()}
        for keep in (
            columns["date"] < str(FIRST + timedelta(10)),
            (columns["date"] > str(FIRST + timedelta(10))) & (columns["date"] < str(FIRST + timedelta(20))),
            columns["date"] > str(FIRST + timedelta(21)),
        )
    ]
    assert windows_in(dataset.train) == set.union(*map(windows_by_numpy, pieces))
    assert any("2 gaps between rows end windows" in note for note in dataset.notes)


def test_any_distance_will_do_where_that_is_said(tmp_path: Path) -> None:
    columns = without(series_of({"north": 30}), "north", 10, 20, 21)
    _, dataset = ready(spec({**BY_STORE, "freq": "any"}), written(tmp_path, **columns))
    assert windows_in(dataset.train) == windows_by_numpy(columns)


def test_without_a_time_rows_follow_one_another_as_they_stand(tmp_path: Path) -> None:
    columns = series_of({"north": 20, "south": 15})
    order = np.lexsort((columns["store"], columns["date"]))
    columns = {name: column[order] for name, column in columns.items()}
    windows = {name: value for name, value in BY_STORE.items() if name != "time"}
    _, dataset = ready(spec(windows), written(tmp_path, **columns))
    assert windows_in(dataset.train) == windows_by_numpy(columns)


@pytest.mark.parametrize(
    ("dates", "freq", "gaps"),
    [
        (["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01"], None, 0),
        (["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31"], None, 0),
        (["2025-11", "2025-12", "2026-01", "2026-02", "2026-04"], None, 1),
        (["2025-11-01", "2026-02-01", "2026-05-01", "2026-08-01", "2026-11-01"], "3mo", 0),
        (["2026-01-01T00:00", "2026-01-01T01:00", "2026-01-01T02:00", "2026-01-01T04:00", "2026-01-01T05:00"], None, 1),
        (["2026-01-02", "2026-01-09", "2026-01-16", "2026-01-23", "2026-01-30"], "1w", 0),
        (["2026-01-02", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"], None, 1),
        ([1.0, 1.5, 2.0, 3.0, 3.5], None, 1),
        ([10, 20, 30, 40, 60], 10, 1),
        ([2**53 + 1, 2**53 + 2, 2**53 + 3, 2**53 + 4, 2**53 + 5], None, 0),
    ],
)
def test_gaps_are_found_in_months_days_hours_and_numbers(
    tmp_path: Path, dates: list[Any], freq: Any, gaps: int
) -> None:
    columns = {"date": np.array(dates), **{name: np.arange(5.0) for name in ("sales", "promo")}, "area": np.ones(5)}
    windows = {"context": 1, "horizon": 1, "time": "date"} | ({} if freq is None else {"freq": freq})
    _, dataset = ready(spec(windows), written(tmp_path, **columns))
    assert dataset.train.rows == 4 - gaps


def refusal(folder: Path, raw: dict[str, Any], **columns: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        ready(raw, written(folder, **columns))
    return caught.value


def test_two_rows_at_one_time_are_refused_with_the_way_to_more_series(tmp_path: Path) -> None:
    columns = series_of({"north": 20, "south": 20})
    windows = {name: value for name, value in BY_STORE.items() if name != "group_by"}
    error = refusal(tmp_path, spec(windows), **columns)
    assert error.code == "E403" and "two rows have the same `date`, `2026-01-01`" in error.message
    assert "`group_by: COLUMN`" in error.helps[0]
    again = {name: np.concatenate([column, column[3:4]]) for name, column in columns.items()}
    error = refusal(tmp_path, spec(BY_STORE), **again)
    assert f"two rows of `{columns['store'][3]}` have the same `date`" in error.message
    assert error.row == 40


def test_rows_that_are_nearer_than_said_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, spec({**BY_STORE, "freq": "1w"}), **series_of({"north": 20}))
    assert error.at == ("data", "windows", "freq") and "nearer than `freq: 1w`" in error.message
    assert "`1d` is found most often" in error.helps[0]


def test_a_window_that_fits_nowhere_is_refused_with_the_longest_series(tmp_path: Path) -> None:
    error = refusal(tmp_path, spec({**BY_STORE, "context": 50}), **series_of({"north": 20, "south": 30}))
    assert error.code == "E404"
    assert error.message == "a window has 50 + 3 rows, and the longest series has 30"
    odd = without(series_of({"north": 31}), "north", *range(1, 31, 4))
    error = refusal(tmp_path, spec(BY_STORE), **odd)
    assert "without a gap" in error.message and "`freq: any`" in error.helps[0]


def test_a_part_without_a_window_is_refused_at_its_split(tmp_path: Path) -> None:
    raw = spec(BY_STORE, validation={"after": {"column": "date", "value": str(FIRST + timedelta(28))}})
    error = refusal(tmp_path, raw, **series_of({"north": 30}))
    assert error.at == ("data", "validation") and "`validation` holds no window" in error.message


def test_a_value_of_a_series_that_changes_is_refused_with_its_row(tmp_path: Path) -> None:
    columns = series_of({"north": 20, "south": 20})
    columns["area"][7] = 99.0
    error = refusal(tmp_path, spec(BY_STORE), **columns)
    assert error.at == ("data", "inputs", "size") and f"changes in `{columns['store'][7]}`" in error.message


def test_a_copy_of_the_context_is_a_target_that_lies_in_one_part(tmp_path: Path) -> None:
    columns = series_of({"north": 40})
    raw = spec(BY_STORE, validation={"last": 12})
    raw["model"]["inputs"]["seen"] = {"shape": [5]}
    raw["model"]["nodes"]["copy"] = {"from": "seen", "dense": 5}
    raw["model"]["outputs"].append("copy")
    raw["data"]["inputs"]["seen"] = {"number": "sales"}
    raw["data"]["targets"]["copy"] = {"same_as": "seen"}
    raw["train"] |= {"losses": {"sales": "mean_squared_error", "copy": "mean_squared_error"}}
    del raw["train"]["loss"]
    _, dataset = ready(raw, written(tmp_path, **columns))
    # As if the held out rows were a series of their own.
    assert windows_in(dataset.validation) == windows_by_numpy(columns, first=28 + 5)
    assert dataset.validation is not None
    np.testing.assert_array_equal(dataset.validation.targets["copy"], dataset.validation.inputs["past"][..., 0])


def test_what_a_mask_leaves_out_of_the_horizon_may_be_missing(tmp_path: Path) -> None:
    columns = series_of({"north": 20})
    gone = np.isin(columns["date"], [str(FIRST + timedelta(day)) for day in (6, 12)])
    known = np.ma.array(columns["sales"], mask=gone)
    raw = spec(BY_STORE)
    raw["data"]["inputs"]["past"] = {"numbers": ["promo", "promo_too"]}
    raw["data"]["targets"] = {"sales": {"number": "known"}, "sold": {"array": "sold"}}
    raw["train"] = {**raw["train"], "losses": {"sales": {"mean_squared_error": None, "mask": "sold"}}}
    del raw["train"]["loss"]
    more = {"known": np.where(gone, np.nan, known.data), "promo_too": columns["promo"], "sold": ~gone}
    _, dataset = ready(raw, written(tmp_path, **columns, **more))
    counts = dataset.train.targets["sold"]
    assert dataset.train.rows == 13 and not counts.all()
    plain = spec(BY_STORE)
    plain["data"]["targets"] = {"sales": {"number": "known"}}
    assert "missing value" in refusal(tmp_path, plain, **columns, **more).message


def test_readers_learn_of_the_rows_of_training_and_not_of_windows(tmp_path: Path) -> None:
    columns = series_of({"north": 30, "south": 6})
    raw = spec(BY_STORE, validation={"last": 5})
    raw["data"]["targets"] = {"sales": {"number": {"column": "sales", "standardize": True}}}
    _, dataset = ready(raw, written(tmp_path, **columns))
    seen = [
        value
        for store, day, value in zip(columns["store"], columns["date"], columns["sales"], strict=True)
        if day < str(FIRST + timedelta({"north": 25, "south": 1}[store]))
    ]
    assert dataset.train.learnt.of_key("targets/sales")["mean"] == [pytest.approx(np.mean(seen))]


def test_an_error_about_a_window_says_where_its_targets_begin(tmp_path: Path) -> None:
    columns = series_of({"north": 20})
    raw = spec(BY_STORE)
    raw["model"]["inputs"]["kind"] = {"shape": [5], "dtype": "int32"}
    raw["model"]["nodes"] |= {
        "ids": {"from": "kind", "layers": [{"embedding": {"input_dim": 3, "output_dim": 2}}, "flatten"]},
        "sales": {"from": ["flat", "ahead", "one", "ids"], "layers": ["concatenate", {"dense": 3}]},
    }
    raw["data"]["inputs"]["kind"] = {"array": "kind"}
    kinds = np.where(columns["date"] == str(FIRST + timedelta(9)), 7, 1).astype(np.int32)
    error = refusal(tmp_path, raw, **columns, kind=kinds)
    assert "outside 0 to 2" in error.message
    [row] = np.flatnonzero(columns["date"] == str(FIRST + timedelta(5 + 5)))
    assert error.notes[-1] == f"row 5 is a window here, whose targets begin in row {row} of the data"
