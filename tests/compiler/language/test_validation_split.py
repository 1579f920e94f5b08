"""The notation of `validation` and the rows it draws."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.validation_split import random_sort_keys, read_validation


@given(rows=st.integers(2, 300), seed=st.integers(0, 2**63 - 1), share=st.floats(0.001, 0.6))
def test_a_share_is_rounded_and_every_row_lands_on_one_side(rows: int, seed: int, share: float) -> None:
    train, validation = read_validation(share).choose(rows, seed)
    assert len(validation) == max(round(rows * share), 1)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(rows))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()


def test_a_count_is_exact_and_the_same_every_time() -> None:
    first, second = (read_validation(300).choose(1797, 4)[1] for _ in range(2))
    assert len(first) == 300
    assert np.array_equal(first, second)
    assert not np.array_equal(first, read_validation(300).choose(1797, 5)[1])


def test_the_draw_is_pinned_so_that_old_runs_keep_their_rows() -> None:
    assert read_validation(5).choose(20, 0)[1].tolist() == [0, 3, 5, 8, 14]


def test_a_row_keeps_its_lot_when_rows_are_added() -> None:
    assert np.array_equal(random_sort_keys(1000, 1)[:100], random_sort_keys(100, 1))


def test_more_validation_rows_include_the_fewer() -> None:
    few, many = (set(read_validation(count).choose(500, 9)[1].tolist()) for count in (50, 200))
    assert few < many


def test_the_draw_favours_no_part_of_the_data() -> None:
    validation = read_validation(0.3).choose(30_000, 0)[1]
    share = np.histogram(validation, bins=10, range=(0, 30_000))[0] / 3000
    # Ten standard deviations of a fair draw.
    assert np.abs(share - 0.3).max() < 10 * np.sqrt(0.3 * 0.7 / 3000)


def test_first_and_last_take_the_ends() -> None:
    train, validation = read_validation({"first": 3}).choose(10, 0)
    assert (train.tolist(), validation.tolist()) == ([3, 4, 5, 6, 7, 8, 9], [0, 1, 2])
    train, validation = read_validation({"last": 3}).choose(10, 0)
    assert (train.tolist(), validation.tolist()) == ([0, 1, 2, 3, 4, 5, 6], [7, 8, 9])


@pytest.mark.parametrize(("raw", "rows"), [(10, 10), (11, 10), (0.999, 10), (0.5, 1), ({"first": 10}, 10), (1, 0)])
def test_a_split_that_leaves_nothing_to_train_on_is_refused(raw: Any, rows: int) -> None:
    with pytest.raises(RunError, match="leaves none to train on") as caught:
        read_validation(raw).choose(rows, 0)
    assert caught.value.code == "E404"


@pytest.mark.parametrize("raw", [0.25, 5000, {"first": 3}, {"last": 4}])
def test_a_dump_is_the_notation(raw: Any) -> None:
    assert read_validation(raw).model_dump(mode="json") == raw


def test_a_ratio_is_a_share() -> None:
    assert read_validation("1/8") == read_validation(0.125)


@pytest.mark.parametrize(
    ("raw", "at", "kind"),
    [
        (0, (), "split_count"),
        (-5, (), "split_count"),
        (1.0, (), "split_share"),
        (5000.0, (), "split_share"),
        (float("nan"), (), "split_share"),
        (True, (), "split"),
        (None, (), "split"),
        ("most", (), "split"),
        ([1, 2], (), "split"),
        ({}, (), "split_keys"),
        ({"first": 1, "last": 1}, (), "split_keys"),
        ({"first": None}, (), "split_keys"),
        ({"frist": 1}, ("frist",), "extra_forbidden"),
        ({"drawn": 1}, ("drawn",), "extra_forbidden"),
        ({"first": 0}, ("first",), "greater_than_equal"),
        ({"last": 1.5}, ("last",), "int_type"),
        ({"last": True}, ("last",), "int_type"),
    ],
)
def test_anything_else_is_refused_at_its_place(raw: Any, at: tuple[str, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_validation(raw)
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (at, kind)
