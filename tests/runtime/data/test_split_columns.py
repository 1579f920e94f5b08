"""Rows that columns mark, and rows that are drawn in groups, by classes and into folds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.arrays import Array
from tests.runtime.data.test_splitting import parts_of
from tests.runtime.small import ready, spec, write_rows

SEEDS = st.integers(0, 2**63 - 1)
GROUPS = st.lists(st.integers(0, 12), min_size=30, max_size=120).filter(lambda values: len(set(values)) > 5)
CLASSES = st.lists(st.sampled_from("abc"), min_size=6, max_size=200).filter(lambda values: len(set(values)) > 1)


def validation(raw: Any, column: Any, seed: int = 0, **more: Any) -> Array:
    """The validation rows by a split that goes by the column `c`."""
    found = parts_of(len(column), seed, {"c": np.asarray(column)}, validation=raw, **more).validation
    assert found is not None
    return found


TEXT = np.dtypes.StringDType()


@pytest.mark.parametrize("dtype", ["U5", TEXT, "S5"])
def test_rows_are_marked_by_a_text_in_whatever_dtype_it_is_kept(dtype: Any) -> None:
    column = np.array(["train", "test", "dev", "train", "test"]).astype(dtype)
    parts = parts_of(
        5,
        0,
        {"c": column},
        test={"where": {"column": "c", "equals": "test"}},
        validation={"where": {"column": "c", "equals": ["dev"]}},
    )
    assert parts.test is not None and parts.validation is not None
    assert (parts.train.tolist(), parts.validation.tolist(), parts.test.tolist()) == ([0, 3], [2], [1, 4])


def test_rows_are_marked_by_numbers_and_booleans() -> None:
    assert validation({"where": {"column": "c", "equals": [1, 3]}}, [1, 2, 3, 2]).tolist() == [0, 2]
    assert validation({"where": {"column": "c", "equals": 0.5}}, [0.5, 2, 0.5]).tolist() == [0, 2]
    assert validation({"where": {"column": "c", "equals": True}}, [False, True, False]).tolist() == [1]


@pytest.mark.parametrize("dtype", ["U19", TEXT])
def test_dates_are_compared_as_dates_whatever_their_precision(dtype: Any) -> None:
    column = np.array(["2025-12-31T23:59:59", "2026-01-01", "2026-01", "2026-02-03 04:05"]).astype(dtype)
    after = {"after": {"column": "c", "value": "2026-01-01"}}
    assert validation(after, column).tolist() == [1, 2, 3]


def test_numbers_are_compared_from_the_value_on() -> None:
    assert validation({"after": {"column": "c", "value": 3}}, [1.0, 3.0, 2.9, 4.0]).tolist() == [1, 3]


def test_validation_rows_are_those_of_the_rest_from_a_date_on() -> None:
    column = [f"2026-0{month}-01" for month in range(1, 7)]
    parts = parts_of(
        6,
        0,
        {"c": np.array(column)},
        test={"after": {"column": "c", "value": "2026-05-01"}},
        validation={"after": {"column": "c", "value": "2026-03-01"}},
    )
    assert parts.test is not None and parts.validation is not None
    assert (parts.validation.tolist(), parts.test.tolist()) == ([2, 3], [4, 5])


@pytest.mark.parametrize(
    ("raw", "column", "code", "words"),
    [
        ({"where": {"column": "c", "equals": "tset"}}, ["test", "train"], "E404", "`c` is `tset` in no row"),
        ({"where": {"column": "c", "equals": "a"}}, ["a", "a"], "E404", "takes 2 of 2 rows, which leaves none"),
        ({"where": {"column": "c", "equals": 3}}, ["3", "4"], "E402", "has texts, which are not compared with `3`"),
        ({"where": {"column": "c", "equals": "3"}}, [3, 4], "E402", "has numbers, which are not compared with `3`"),
        ({"where": {"column": "d", "equals": "3"}}, [3, 4], "E401", "no column `d`"),
        ({"after": {"column": "c", "value": "2027-01-01"}}, ["2026-01-01", "2026-01-02"], "E404", "nowhere"),
        ({"after": {"column": "c", "value": "now"}}, ["2026-01-01", "2026-01-02"], "E403", "`now` is no date"),
        ({"after": {"column": "c", "value": "2026-01-01"}}, ["2026-01-01", "31.12.2026"], "E403", "`31.12.2026` in row 1"),
        ({"after": {"column": "c", "value": "2026-01-01"}}, ["2026-01-01", "2026-02-30"], "E403", "no day"),
        ({"after": {"column": "c", "value": "2026-01-01"}}, ["2026-01-01Z", "2026-02-01Z"], "E403", "ends otherwise"),
        ({"after": {"column": "c", "value": 2}}, [1.0, np.nan, 3.0], "E402", "`c` has 1 missing value, the first in row 1"),
        ({"fraction": 0.5, "group_by": "c"}, np.ma.array([1, 2, 3], mask=[False, False, True]), "E402", "`c` has 1 missing value, the first in row 2"),
        ({"fraction": 0.5, "group_by": "c"}, [1, 1, 1], "E404", "`c` has 1 group, of which `validation` takes all"),
        ({"folds": {"count": 5, "fold": 5}, "group_by": "c"}, [1, 2, 3], "E404", "3 groups, of which `validation` takes none"),
        ({"fraction": 0.5, "stratify": "c"}, [1, 2, 3], "E404", "another value in each of 3 rows"),
        ({"fraction": 0.5, "group_by": "c"}, np.zeros((4, 2)), "E402", "values in a row"),
        ({"folds": {"count": 5, "fold": 5}}, [1, 2, 3], "E404", "`validation` takes none of 3 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_held_out_is_an_error_with_its_place(raw: Any, column: Any, code: str, words: str) -> None:
    values = column if isinstance(column, np.ndarray) else np.array(column)
    with pytest.raises(RunError) as caught:
        parts_of(len(values), 0, {"c": values}, validation=raw)
    assert caught.value.code == code and words in caught.value.message
    assert caught.value.at[:2] == ("data", "validation")


@given(
    groups=GROUPS,
    seed=SEEDS,
    test=st.sampled_from([{"fraction": 0.2}, {"rows": 5}, {"folds": {"count": 4, "fold": 2}}]),
    held=st.sampled_from([{"fraction": 0.2}, {"rows": 5}, {"folds": {"count": 3, "fold": 1}}]),
)
def test_no_group_is_in_two_parts(groups: list[int], seed: int, test: Any, held: Any) -> None:
    column = np.array(groups)
    splits = {"test": {**test, "group_by": "c"}, "validation": {**held, "group_by": "c"}}
    try:
        parts = parts_of(len(column), seed, {"c": column}, **splits)
    except RunError:
        return
    assert parts.test is not None and parts.validation is not None
    found = [set(column[rows].tolist()) for rows in (parts.train, parts.validation, parts.test)]
    assert all(not one & other for place, one in enumerate(found) for other in found[:place])
    assert len(parts.train) + len(parts.validation) + len(parts.test) == len(column)


@given(groups=GROUPS, more=st.lists(st.integers(0, 40), max_size=40), seed=SEEDS)
def test_added_rows_move_no_group(groups: list[int], more: list[int], seed: int) -> None:
    raw = {"fraction": 0.3, "group_by": "c"}
    try:
        before, after = validation(raw, groups, seed), validation(raw, groups + more, seed)
    except RunError:
        return
    old = after[after < len(groups)]
    if len(set(np.array(groups)[before].tolist())) > 1:
        assert np.array_equal(before, old)


def test_groups_are_drawn_by_value_alone_and_about_as_many_as_asked_for() -> None:
    column = np.repeat(np.arange(2000), 3)
    rows = validation({"fraction": 0.2, "group_by": "c"}, column)
    assert abs(len(rows) / len(column) - 0.2) < 10 * np.sqrt(0.2 * 0.8 / 2000)
    for other in (column.astype(np.float64), column.astype("U4"), column.astype("U4").astype(TEXT)):
        assert np.array_equal(validation({"fraction": 0.2, "group_by": "c"}, other), rows)


def folds_of(column: Any, count: int, way: str, seed: int) -> list[set[int]]:
    raw = [{"folds": {"count": count, "fold": fold}, way: "c"} for fold in range(1, count + 1)]
    return [set(validation(one, column, seed).tolist()) for one in raw]


@given(groups=GROUPS, seed=SEEDS)
def test_folds_of_groups_are_disjoint_and_have_all_rows_as_those_of_scikit_learn(groups: list[int], seed: int) -> None:
    theirs = [set(test) for _, test in GroupKFold(5).split(groups, groups=groups)]
    for folds in (folds_of(groups, 5, "group_by", seed), theirs):
        assert sorted(row for fold in folds for row in fold) == [*range(len(groups))]
        values = [{groups[row] for row in fold} for fold in folds]
        assert all(not one & other for place, one in enumerate(values) for other in values[:place])


@given(classes=CLASSES.filter(lambda values: min(map(values.count, set(values))) >= 5), seed=SEEDS)
def test_folds_of_classes_have_as_many_rows_of_each_as_those_of_scikit_learn(classes: list[str], seed: int) -> None:
    theirs = [set(test) for _, test in StratifiedKFold(5).split(classes, classes)]
    for folds in (folds_of(classes, 5, "stratify", seed), theirs):
        assert sorted(row for fold in folds for row in fold) == [*range(len(classes))]
        for name in set(classes):
            shares = [sum(classes[row] == name for row in fold) for fold in folds]
            assert all(abs(share - classes.count(name) / 5) < 1 for share in shares)


@given(classes=CLASSES, seed=SEEDS, fraction=st.floats(0.1, 0.7))
def test_each_class_is_within_one_row_of_its_share(classes: list[str], seed: int, fraction: float) -> None:
    rows = round(fraction * len(classes))
    for raw, rate in (({"fraction": fraction}, fraction), ({"rows": rows}, rows / len(classes))):
        try:
            chosen = validation({**raw, "stratify": "c"}, classes, seed)
        except RunError:
            continue
        assert "rows" not in raw or len(chosen) == rows
        for name in set(classes):
            assert abs(sum(classes[row] == name for row in chosen) - rate * classes.count(name)) < 1 + 1e-6


@given(classes=CLASSES, more=st.lists(st.sampled_from("abcd"), max_size=60), seed=SEEDS)
@pytest.mark.parametrize("raw", [{"fraction": 0.3}, {"folds": {"count": 3, "fold": 2}}])
def test_rows_that_are_added_move_none_of_a_class(raw: Any, classes: list[str], more: list[str], seed: int) -> None:
    try:
        before, after = (validation({**raw, "stratify": "c"}, rows, seed) for rows in (classes, classes + more))
    except RunError:
        return
    assert np.array_equal(before, after[after < len(classes)])


@pytest.mark.parametrize("fraction", [0.25, 0.3, 0.7])
def test_every_row_of_a_class_is_drawn_equally_often(fraction: float) -> None:
    column, times = ["a"] * 20 + ["b"] * 4, 2000
    drawn = np.zeros(24)
    for seed in range(times):
        drawn[validation({"fraction": fraction, "stratify": "c"}, column, seed)] += 1
    # Five standard deviations of a fair draw.
    assert np.abs(drawn / times - fraction).max() < 5 * np.sqrt(fraction * (1 - fraction) / times)


def test_plain_folds_have_all_rows_once_and_differ_by_one_row_at_most() -> None:
    folds = [validation({"folds": {"count": 4, "fold": fold}}, np.arange(22)) for fold in (1, 2, 3, 4)]
    assert sorted(np.concatenate(folds).tolist()) == [*range(22)]
    assert sorted(map(len, folds)) == [5, 5, 6, 6]


def test_folds_are_of_the_rows_that_test_leaves() -> None:
    rows = [validation({"folds": {"count": 3, "fold": fold}}, np.arange(40), test={"last": 10}) for fold in (1, 2, 3)]
    assert sorted(np.concatenate(rows).tolist()) == [*range(30)]


def test_small_classes_and_groups_that_test_has_too_are_noted() -> None:
    column = np.array(["a"] * 10 + ["b"])
    notes = parts_of(11, 0, {"c": column}, validation={"fraction": 0.3, "stratify": "c"}).notes
    assert notes == ("1 class of `c` has fewer than 2 rows, so that a part has none of them: b",)
    groups = np.arange(20) // 2
    splits = {"test": {"rows": 5}, "validation": {"fraction": 0.3, "group_by": "c"}}
    (note,) = parts_of(20, 0, {"c": groups}, **splits).notes
    assert "have test rows and others: `group_by: c` in `test` too keeps them apart" in note


def test_the_column_is_read_and_known_again_though_the_model_does_not_take_it(tmp_path: Path) -> None:
    data = {"validation": {"where": {"column": "part", "equals": 2}}, "test": {"fraction": 0.2, "group_by": "street"}}
    part, street = np.arange(30) % 3, np.arange(30) // 2
    root = write_rows(tmp_path, 30, part=part, street=street)
    _, dataset = ready(spec(data=data), root)
    assert dataset.validation is not None and dataset.validation.numbers is not None
    assert (part[dataset.validation.numbers] == 2).all()
    assert {"part", "street"} <= dataset.digests.train.digests.keys()
