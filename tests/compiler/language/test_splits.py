"""The notation of `validation` and `test`."""

from typing import Any

import pytest
from pydantic import ValidationError

from modelc.compiler.api import check
from modelc.compiler.explain.keys import EXAMPLE
from modelc.compiler.language.splits import read_split


@pytest.mark.parametrize("raw", [0.25, 5000, {"first": 3}, {"last": 4}])
def test_a_dump_is_the_notation(raw: Any) -> None:
    assert read_split(raw).model_dump(mode="json") == raw


def test_a_ratio_is_a_share() -> None:
    assert read_split("1/8") == read_split(0.125) == read_split({"fraction": "1/8"})


def test_a_number_is_short_for_the_way_that_it_means() -> None:
    assert read_split({"fraction": 0.25}) == read_split(0.25)
    assert read_split({"rows": 5000}) == read_split(5000)


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
        ({"fraction": 1}, ("fraction",), "split_share"),
        ({"fraction": -0.5}, ("fraction",), "split_share"),
        ({"fraction": True}, ("fraction",), "float_type"),
        ({"rows": 0.5}, ("rows",), "int_type"),
        ({"rows": 0}, ("rows",), "greater_than_equal"),
        ({"fraction": 0.5, "rows": 1}, (), "split_keys"),
    ],
)
def test_anything_else_is_refused_at_its_place(raw: Any, at: tuple[str, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_split(raw)
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (at, kind)


def with_splits(*lines: str) -> str:
    """A valid spec with these lines in its `data`, in place of its own `validation`."""
    head, below = EXAMPLE.split("data:\n")
    kept = [line for line in below.splitlines() if "validation:" not in line]
    return f"{head}data:\n" + "".join(f"  {line}\n" for line in lines) + "\n".join(kept) + "\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("validation: {fraction: 1/5}", "test: 0.1"),
        ("validation: {rows: 50}", "test: {last: 20}"),
        ("validation: 50", "test: 1/8"),
        ("validation: 0.2", "test: {npz: later.npz}"),
        ("validation: 0.2", "test: {fraction: 0.1}", "seed: 4"),
        ("validation: {where: {column: label, equals: [3, 4]}}", "test: {where: {column: label, equals: 5}}"),
        ("test: {after: {column: label, value: 8}}", "validation: {folds: {count: 5}, stratify: label}"),
        ("test: {fraction: 0.1, group_by: label}", "validation: {rows: 50, stratify: label}"),
    ],
)
def test_rows_of_the_source_or_of_another_are_held_out(lines: tuple[str, ...]) -> None:
    assert not check(with_splits(*lines), "spec.yaml").errors


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("test: {frist: 3}", "E102", "did you mean `first`?"),
        ("test: {fractoin: 0.1}", "E102", "did you mean `fraction`?"),
        ("test: {mnits: }", "E101", "did you mean `mnist`?"),
        ("test: {rows: 5, first: 3}", "E108", "`test` has both `rows` and `first`"),
        ("test: {npz: a.npz, rows: 4}", "E108", "`test` has both the source `npz` and `rows`"),
        ("test: {size: 0.1}", "E102", "write `test: 0.1`"),
        ("test: 5.5", "E106", "a count is an integer"),
        ("test: 20%", "E106", "write `0.2` for 20%"),
        ("test_size: 0.2", "E102", "write `test: 0.2`"),
        ("train_size: 0.7", "E102", "write `validation: 0.3`"),
        ("split: [0.8, 0.1, 0.1]", "E102", "write `validation: 0.1` and `test: 0.1`"),
        ("split: [0.8, 0.2]", "E102", "write `validation: 0.2`"),
        ("test: {where: {colum: label, equals: 3}}", "E102", "did you mean `column`?"),
        ("validation: {where: {column: lable, equals: 3}}", "E401", "did you mean `label`?"),
        ("test: {where: {column: label}}", "E104", "`where` needs `equals`"),
        ("test: {where: label}", "E105", "write `where: {column: split, equals: test}`"),
        ("validation: {where: {column: label, equals: a}}", "E402", "`label` has numbers"),
        ("validation: {where: {column: image, equals: 3}}", "E402", "`image` has rows of shape [8, 8]"),
        ("validation: {after: {column: label, value: true}}", "E105", "`value` must be"),
        ("validation: {column: label, equals: 3}", "E102", "write `validation: {where: {column: label, equals: 3}}`"),
        ("validation: {fraction: 0.2, group_by: strete}", "E401", "no column `strete`"),
        ("validation: {last: 20, group_by: label}", "E108", "`validation` has both `last` and `group_by`"),
        ("validation: {rows: 20, group_by: label, stratify: label}", "E108", "both `group_by` and `stratify`"),
        ("validation: {stratify: label}", "E106", "expected exactly one of fraction"),
        ("validation: {fraction: 0.2, shuffle: true}", "E102", "remove it: rows are drawn by the `seed` of `data`"),
        ("validation: {folds: {count: 5, fold: 6}}", "E106", "5 folds are counted from 1"),
        ("validation: {folds: 5}", "E105", "write `folds: {count: 5, fold: 1}`"),
        ("stratify: label", "E102", "write `validation: {fraction: 0.2, stratify: label}`"),
        ("test: {n_splits: 5}", "E102", "write `folds: {count: 5}`: `modelc train --folds` trains each of them"),
        ("validation: {kfold: 5}", "E102", "write `folds: {count: 5}`"),
        ("n_splits: 4", "E102", "write `validation: {folds: {count: 4}}`: `modelc train --folds` trains each of them"),
        ("cross_validation: true", "E102", "write `validation: {folds: {count: 5}}`"),
        ("validation: {fraction: 20}", "E106", "a fraction of the rows is between 0 and 1"),
    ],
)
def test_one_mistake_is_one_error_that_says_what_to_write(line: str, code: str, words: str) -> None:
    (error,) = check(with_splits(line), "spec.yaml").errors
    assert error.code == code
    assert words in f"{error.message}; {'; '.join(error.helps)}"


def test_readers_that_take_some_rows_are_refused_beside_columns_of_all_rows() -> None:
    text = with_splits("validation: {fraction: 0.2, group_by: label}").replace(
        "image: {array: image}", "image: {array: {column: image, rows: [0, 100]}}"
    )
    assert any(
        "`group_by` goes by the rows of the source" in error.message for error in check(text, "spec.yaml").errors
    )


def test_a_fold_is_set_from_outside() -> None:
    text = with_splits("validation: {folds: {count: 5}}")
    (found, several) = (
        check(text, "spec.yaml", (f"data.validation.folds.{setting}",)) for setting in ("fold=3", "count=4")
    )
    assert found.task is not None and found.task.data is not None and several.task is not None
    split = found.task.data.splits["validation"]
    assert split.folds is not None and split.folds.fold == 3
    assert not several.errors
