"""The rows that splits hold out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.splits import HELD_OUT, read_split
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.dataset import read_dataset
from modelc.runtime.data.split_draws import random_sort_keys
from modelc.runtime.data.splitting import Parts, split_rows
from tests.runtime.small import ready, spec, write_rows


def parts_of(rows: int, seed: int = 0, columns: Arrays | None = None, **splits: Any) -> Parts:
    """The parts of so many rows with these columns, by the notation of `validation` and `test`."""
    given = {key: read_split(splits[key]) for key in HELD_OUT if key in splits}
    data = DataSpec(None, {}, {}, given, seed, True)
    return split_rows(data, rows, columns or {})


def held_out(raw: Any, rows: int, seed: int) -> tuple[Array, Array]:
    """The training and the validation rows of a split without test rows."""
    parts = parts_of(rows, seed, validation=raw)
    assert parts.validation is not None and parts.test is None
    return parts.train, parts.validation


@given(rows=st.integers(2, 300), seed=st.integers(0, 2**63 - 1), share=st.floats(0.001, 0.6))
def test_a_share_is_rounded_and_every_row_lands_on_one_side(rows: int, seed: int, share: float) -> None:
    train, validation = held_out(share, rows, seed)
    assert len(validation) == max(round(rows * share), 1)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(rows))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()


def test_a_count_is_exact_and_the_same_every_time() -> None:
    first, second = (held_out(300, 1797, 4)[1] for _ in range(2))
    assert len(first) == 300
    assert np.array_equal(first, second)
    assert not np.array_equal(first, held_out(300, 1797, 5)[1])


def test_the_draw_is_pinned_so_that_old_runs_keep_their_rows() -> None:
    assert held_out(5, 20, 0)[1].tolist() == [0, 3, 5, 8, 14]
    assert held_out(0.25, 20, 7)[1].tolist() == [5, 9, 11, 14, 17]


def test_a_row_keeps_its_lot_when_rows_are_added() -> None:
    assert np.array_equal(random_sort_keys(1000, 1, "validation")[:100], random_sort_keys(100, 1, "validation"))


def test_more_validation_rows_include_the_fewer() -> None:
    few, many = (set(held_out(count, 500, 9)[1].tolist()) for count in (50, 200))
    assert few < many


def test_the_draw_favours_no_part_of_the_data() -> None:
    validation = held_out(0.3, 30_000, 0)[1]
    share = np.histogram(validation, bins=10, range=(0, 30_000))[0] / 3000
    # Ten standard deviations of a fair draw.
    assert np.abs(share - 0.3).max() < 10 * np.sqrt(0.3 * 0.7 / 3000)


def test_first_and_last_take_the_ends() -> None:
    train, validation = held_out({"first": 3}, 10, 0)
    assert (train.tolist(), validation.tolist()) == ([3, 4, 5, 6, 7, 8, 9], [0, 1, 2])
    train, validation = held_out({"last": 3}, 10, 0)
    assert (train.tolist(), validation.tolist()) == ([0, 1, 2, 3, 4, 5, 6], [7, 8, 9])


@pytest.mark.parametrize(("raw", "rows"), [(10, 10), (11, 10), (0.999, 10), (0.5, 1), ({"first": 10}, 10), (1, 0)])
def test_a_split_that_leaves_nothing_to_train_on_is_refused(raw: Any, rows: int) -> None:
    with pytest.raises(RunError, match="leaves none to train on") as caught:
        held_out(raw, rows, 0)
    assert caught.value.code == "E404"


def test_test_rows_are_drawn_first_and_validation_rows_from_what_is_left() -> None:
    parts = parts_of(20, test={"last": 4}, validation={"last": 3})
    assert parts.test is not None and parts.validation is not None
    assert (parts.test.tolist(), parts.validation.tolist()) == ([16, 17, 18, 19], [13, 14, 15])
    assert parts.train.tolist() == [*range(13)]


@given(
    rows=st.integers(10, 300),
    seed=st.integers(0, 2**63 - 1),
    test=st.sampled_from([0.3, 3, {"first": 2}, {"last": 2}, {"fraction": 0.1}, {"rows": 2}]),
    validation=st.sampled_from([0.3, 3, {"first": 2}, {"last": 2}, {"fraction": 0.1}, {"rows": 2}]),
)
def test_every_row_is_in_exactly_one_part(rows: int, seed: int, test: Any, validation: Any) -> None:
    parts = parts_of(rows, seed, test=test, validation=validation)
    assert parts.test is not None and parts.validation is not None
    every = np.concatenate([parts.train, parts.validation, parts.test])
    assert np.array_equal(np.sort(every), np.arange(rows))
    # Fractions are of all rows, whatever the other part takes.
    for split, part in ((test, parts.test), (validation, parts.validation)):
        size = next(iter(split.values())) if isinstance(split, dict) else split
        assert len(part) == (size if isinstance(size, int) else max(round(rows * size), 1))
    alone = parts_of(rows, seed, test=test).test
    assert alone is not None and np.array_equal(parts.test, alone)


def test_the_draw_of_test_rows_says_nothing_of_that_of_validation_rows() -> None:
    both = [
        set(parts.tolist())
        for parts in (held_out(300, 1000, 3)[1], parts_of(1000, 3, test=300).test)
        if parts is not None
    ]
    # Of two independent draws of three in ten, 90 rows are in both; ten standard deviations.
    assert abs(len(both[0] & both[1]) - 90) < 10 * np.sqrt(1000 * 0.09 * 0.91)


def test_the_split_that_leaves_nothing_is_blamed_with_the_rows_of_both() -> None:
    with pytest.raises(RunError) as caught:
        parts_of(100, test=0.5, validation=50)
    assert caught.value.at == ("data", "validation")
    assert caught.value.message == (
        "`test` takes 50 and `validation` takes 50 of 100 rows, which leaves none to train on"
    )


def test_test_rows_of_the_source_are_neither_trained_on_nor_validated_with(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 40)
    task, dataset = ready(spec(data={"test": 0.1, "validation": {"last": 5}}), root)
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    with np.load(tmp_path / "rows.npz") as file:
        x = file["x"]
    for part in parts.values():
        assert part is not None and part.numbers is not None
        np.testing.assert_array_equal(part.inputs["x"], x[part.numbers])
    assert {name: part.rows for name, part in parts.items() if part is not None} == {
        "train": 31,
        "validation": 5,
        "test": 4,
    }
    # Whoever does not ask for them does not get them among others.
    others = read_dataset(task, root, test=False)
    assert others.test is None
    np.testing.assert_array_equal(others.train.inputs["x"], dataset.train.inputs["x"])


def test_readers_learn_nothing_of_the_test_rows(tmp_path: Path) -> None:
    raw = spec([{"dense": 1, "name": "y"}], loss="mean_squared_error")
    raw["data"] = {
        "source": {"npz": "rows.npz"},
        "inputs": {"x": {"numbers": {"columns": ["a", "b", "c", "d"], "standardize": True}}},
        "targets": {"y": {"array": "y"}},
        "test": {"last": 10},
    }
    columns = {name: np.arange(40.0) for name in "abcd"} | {"y": np.zeros(40)}
    _, dataset = ready(raw, write_rows(tmp_path, 40, **columns))
    assert dataset.train.learnt.of_key("inputs/x")["mean"] == [np.arange(30).mean()] * 4
    assert dataset.test is not None and dataset.test.rows == 10
