"""Rows that are left out are gaps of series, and what a mask leaves out of a target makes no row bad."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import Dataset, complete, read_dataset


def dataset_of(folder: Path, data: dict[str, Any], inputs: dict[str, Any], **sections: Any) -> Dataset:
    """The rows of a spec with a dense layer."""
    model = {"inputs": inputs, "layers": [{"flatten": None}, {"dense": 1, "name": "y"}]}
    train = {"loss": "mean_squared_error", "optimizer": "adam", "epochs": 1}
    spec = {"modelc": 1, "model": model, "data": data, "train": train, **sections}
    root = Root(folder, folder / "cache")
    task, _ = complete(load(spec), root)
    return read_dataset(task, root)


def windows(folder: Path, lines: list[str], **keys: Any) -> Dataset:
    (folder / "a.csv").write_text("\n".join(["day,shop,sales", *lines]) + "\n")
    data = {
        "source": {"csv": "a.csv"},
        "on_bad_row": "skip",
        "windows": {"context": 2, "horizon": 1, "stride": 1, **keys},
        "inputs": {"x": {"numbers": {"columns": ["sales"]}}},
        "targets": {"y": {"numbers": {"columns": ["sales"]}}},
    }
    train = {"loss": "mean_squared_error", "optimizer": "adam", "epochs": 1}
    model = {"inputs": {"x": {"shape": [2, 1]}}, "layers": ["flatten", {"dense": 1}, {"reshape": [1, 1], "name": "y"}]}
    root = Root(folder, folder / "cache")
    task, _ = complete(load({"modelc": 1, "model": model, "data": data, "train": train}), root)
    return read_dataset(task, root)


def targets(dataset: Dataset) -> list[float]:
    return [float(value) for value in dataset.train.targets["y"].reshape(-1)]


@pytest.mark.parametrize("bad", ["2026-01-06,a,many", "2026-01-06,a", "no day,a,6", "2026-01-06,a,"])
@pytest.mark.parametrize(
    "keys", [{"time": "day", "freq": "1d"}, {"time": "day"}, {"time": "day", "freq": "any"}, {}], ids=str
)
def test_a_row_that_is_left_out_is_a_gap(tmp_path: Path, bad: str, keys: dict[str, Any]) -> None:
    lines = [f"2026-01-{day:02d},a,{day}" for day in range(1, 13)]
    if "time" not in keys:
        bad = bad.replace("no day,a,6", "2026-01-06,a,6,6")
    assert targets(windows(tmp_path, lines, **keys)) == [*range(3, 13)]
    lines[5] = bad
    found = windows(tmp_path, lines, **keys)
    assert targets(found) == [3, 4, 5, 9, 10, 11, 12]
    assert found.train.numbers is not None and found.train.numbers.tolist() == [2, 3, 4, 8, 9, 10, 11]


@pytest.mark.parametrize("keys", [{"time": "day"}, {}], ids=str)
def test_a_row_that_is_left_out_between_two_series_ends_none(tmp_path: Path, keys: dict[str, Any]) -> None:
    lines = [f"2026-01-{day:02d},{shop},{day}" for shop in "ab" for day in range(1, 7)]
    lines.insert(6, "2026-01-07,a,many")
    found = windows(tmp_path, lines, group_by="shop", **keys)
    assert targets(found) == [3, 4, 5, 6, 3, 4, 5, 6]


def masked(folder: Path, prices: list[float], counts: list[bool], **given: Any) -> Dataset:
    rows = len(prices)
    np.savez(folder / "a.npz", x=np.arange(float(rows)), y=np.array(prices), labelled=np.array(counts))
    model = {"inputs": {"x": {"shape": [1]}}, "layers": [{"dense": 1, "name": "y"}]}
    data = {
        "source": {"npz": "a.npz"},
        "on_bad_row": "skip",
        "inputs": {"x": {"numbers": {"columns": ["x"]}}},
        "targets": {"y": {"number": "y"}, **given},
    }
    loss = {"y": {"mean_squared_error": None, **({"mask": "labelled"} if given else {})}}
    spec = {"modelc": 1, "model": model, "data": data, "train": {"losses": loss, "optimizer": "adam", "epochs": 1}}
    root = Root(folder, folder / "cache")
    task, _ = complete(load(spec), root)
    return read_dataset(task, root)


def test_what_a_mask_leaves_out_is_no_bad_row(tmp_path: Path) -> None:
    prices, counts = [1.0, np.nan, *[3.0] * 10], [True, False, *[True] * 10]
    assert masked(tmp_path, prices, counts, labelled={"array": "labelled"}).train.rows == 12
    found = masked(tmp_path, prices, counts)
    assert found.train.rows == 11 and [row.row for row in found.skipped[0].rows] == [1]
    # Which elements a mask leaves out is known once the inputs are read: a bad one that counts is an error.
    with pytest.raises(RunError):
        masked(tmp_path, prices, [True] * 12, labelled={"array": "labelled"})


def test_numbers_of_rows_are_those_in_the_source(tmp_path: Path) -> None:
    found = masked(tmp_path, [np.nan, 1.0, 2.0, np.inf, *[5.0] * 30], [True] * 34)
    assert found.train.numbers is not None and found.train.numbers.tolist() == [1, 2, *range(4, 34)]
    assert [str(row) for row in found.skipped[0].rows] == ["row 0: `y` is missing", "row 3: `y` is NaN or infinite"]
    assert found.notes[0].startswith("2 of 34 rows (5.9 %) are left out")


def test_an_error_about_another_row_names_it_by_its_number_in_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "x,y\nn/a,1\n1\n" + "".join(f"{place},{place}\n" for place in range(40)) + "16777217,2\n"
    )
    data = {
        "source": {"csv": "a.csv"},
        "on_bad_row": "skip",
        "inputs": {"x": {"numbers": {"columns": ["x"]}}},
        "targets": {"y": {"array": {"column": "y", "shape": [1]}}},
    }
    with pytest.raises(RunError) as caught:
        dataset_of(tmp_path, data, {"x": {"shape": [1]}})
    assert "16777217 in row 42, line 44 of 'a.csv'" in caught.value.message


@pytest.mark.parametrize("more", [{}, {"sampling": {"balanced": "kind"}}], ids=str)
def test_a_column_without_a_number_is_no_matter_of_single_rows(tmp_path: Path, more: dict[str, Any]) -> None:
    (tmp_path / "a.csv").write_text("kind,x,y\n" + "cat,dog,1\n" * 20)
    data = {
        "source": {"csv": "a.csv"},
        "on_bad_row": "skip",
        "inputs": {"x": {"number": "x"}},
        "targets": {"y": {"numbers": ["y"]}},
        **more,
    }
    with pytest.raises(RunError, match="of 20 rows 0 can be read") as caught:
        dataset_of(tmp_path, data, {"x": {"shape": []}})
    assert caught.value.code == "E404"
