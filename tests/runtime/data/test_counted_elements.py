"""What masks leave out of targets may be anything, for every reader; and rows of which nothing counts are found."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.binding.task import Binding
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.readers.array import ArrayReader
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.data.data_check import need_counted
from modelc.runtime.data.learning import NOTHING_LEARNT
from modelc.runtime.data.read_binding import read_binding
from tests.runtime.small import ready, spec, write_rows

Numbers = np.ndarray[Any, Any]
ROWS = 6
KNOWN = np.asarray([True, False, True, False, True, True])
LABELS = np.asarray([0, 2, 1, 2, 2, 0])


def read_counted(reader: Any, column: Numbers, counts: Numbers) -> Numbers:
    binding = Binding("y", reader, None, None, ("data", "targets", "y"))
    return read_binding(binding, {reader.subject: column}, NOTHING_LEARNT, counts)[0]


def masked(reader: Any, **others: Any) -> dict[str, Any]:
    """A classifier whose loss counts where the column `known` is true."""
    terms = {"y": {"cross_entropy": None, "mask": "known"}}
    return spec(loss=None, losses=terms, data={"targets": {"y": reader, "known": {"array": "known"}}}, **others)


@pytest.mark.parametrize(
    ("reader", "column"),
    [
        ({"array": "y"}, np.where(KNOWN, LABELS, -1)),
        ({"array": "y"}, np.where(KNOWN, LABELS, 2**40)),
        ({"category": "y"}, np.where(KNOWN, LABELS, -1)),
        ({"category": {"column": "y", "classes": 3}}, np.where(KNOWN, LABELS, 99)),
        ({"category": {"column": "y", "classes": ["a", "b", "c"]}}, np.where(KNOWN, np.array([*"abc"])[LABELS], "?")),
        ({"category": {"column": "y", "classes": ["a", "b", "c"]}}, np.where(KNOWN, np.array([b"a", b"b", b"c"])[LABELS], b"\xff")),
        ({"array": "y"}, np.where(KNOWN[:, None], np.eye(3)[LABELS], np.nan)),
        ({"array": {"column": "y", "shape": [3]}}, np.where(KNOWN[:, None, None], np.eye(3)[LABELS][:, None], np.inf)),
    ],
)  # fmt: skip
def test_no_reader_sees_what_a_mask_leaves_out(tmp_path: Path, reader: Any, column: Numbers) -> None:
    _, dataset = ready(masked(reader), write_rows(tmp_path, ROWS, y=column, known=KNOWN))
    found = dataset.train.targets["y"]
    labels = found.argmax(axis=-1) if found.ndim > 1 else found
    np.testing.assert_array_equal(labels[KNOWN], LABELS[KNOWN])
    assert np.isfinite(found).all() and found.min() >= 0 and found.max() < 3


@pytest.mark.parametrize("reader", [{"category": {"column": "y", "classes": 3}}, {"array": "y"}])
@pytest.mark.parametrize(("value", "row"), [(-1, 4), (3, 2), (-7, 2)])
def test_what_counts_is_checked_and_only_its_row_is_named(tmp_path: Path, reader: Any, value: int, row: int) -> None:
    kept = KNOWN & (np.arange(ROWS) > 1)
    column = np.where(kept, LABELS, -1)
    column[row] = value
    with pytest.raises(RunError, match=f"1 label outside 0 to 2, the first is {value} in row {row}"):
        ready(masked(reader), write_rows(tmp_path, ROWS, y=column, known=kept))


def test_a_target_of_two_terms_counts_where_either_counts(tmp_path: Path) -> None:
    raw = masked({"category": "y"})
    raw["train"]["losses"]["again"] = {"cross_entropy": None, "of": "y", "target": "y", "mask": "late"}
    raw["data"]["targets"]["late"] = {"array": "late"}
    late = np.arange(ROWS) == 3
    column = np.where(KNOWN | late, LABELS, -1)
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, y=column, known=KNOWN, late=late))
    np.testing.assert_array_equal(dataset.train.targets["y"][KNOWN | late], LABELS[KNOWN | late])
    with pytest.raises(RunError, match="the first is -1 in row 3"):
        ready(raw, write_rows(tmp_path, ROWS, y=np.where(KNOWN, LABELS, -1), known=KNOWN, late=late))
    # A term without a mask counts everything.
    del raw["train"]["losses"]["again"]["mask"], raw["data"]["targets"]["late"]
    with pytest.raises(RunError, match="the first is -1 in row 1"):
        ready(raw, write_rows(tmp_path, ROWS, y=column, known=KNOWN))


def test_a_mask_that_is_a_target_too_counts_everywhere(tmp_path: Path) -> None:
    raw = masked({"category": "y"})
    raw["model"] = {
        "inputs": {"x": {"shape": [4]}},
        "nodes": {"y": {"from": "x", "dense": 3}, "guess": {"from": "x", "layers": [{"dense": 1}, {"reshape": []}]}},
        "outputs": ["y", "guess"],
    }
    raw["train"]["losses"]["guess"] = {"binary_cross_entropy": None, "target": "known", "mask": "sure"}
    raw["data"]["targets"]["sure"] = {"array": "sure"}
    given = {"y": np.where(KNOWN, LABELS, -1), "sure": np.arange(ROWS) > 0}
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, known=KNOWN, **given))
    np.testing.assert_array_equal(dataset.train.targets["known"].ravel(), KNOWN)
    with pytest.raises(RunError, match="1 value that are neither 0 nor 1, the first is 7 in row 0"):
        ready(raw, write_rows(tmp_path, ROWS, known=np.where(given["sure"], KNOWN, 7), **given))


@pytest.mark.parametrize("mask", [np.ones((ROWS, 2), bool), np.asarray([[True, False]] * ROWS)])
def test_masks_of_steps_leave_out_steps(tmp_path: Path, mask: Numbers) -> None:
    raw = masked({"category": "y"})
    raw["model"] = {"inputs": {"x": {"shape": [2, 4]}}, "layers": [{"dense": 3, "name": "y"}]}
    y = np.where(mask, np.arange(ROWS * 2).reshape(ROWS, 2) % 3, -9)
    root = write_rows(tmp_path, ROWS, x=np.ones((ROWS, 2, 4), np.float32), y=y, known=mask)
    found = ready(raw, root)[1].train.targets["y"]
    np.testing.assert_array_equal(found[mask], y[mask])
    assert found.min() >= 0


def test_a_mask_may_be_an_input_and_weights_of_masked_rows_may_be_anything(tmp_path: Path) -> None:
    raw = masked({"category": "y"})
    del raw["data"]["targets"]["known"]
    raw["model"] = {
        "inputs": {"x": {"shape": [4]}, "known": {"shape": [], "dtype": "bool"}},
        "nodes": {"y": {"from": "x", "dense": 3}},
        "outputs": ["y"],
    }
    raw["data"]["sample_weight"] = {"array": "weight"}
    weight = np.where(KNOWN, 2.0, np.nan)
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, y=np.where(KNOWN, LABELS, -1), known=KNOWN, weight=weight))
    np.testing.assert_array_equal(dataset.train.targets["y"][KNOWN], LABELS[KNOWN])
    assert dataset.train.targets["data.sample_weight"].tolist() == [2.0] * ROWS


class Doubled(ArrayReader):
    """A reader of another shape than its column, as a plug-in may have it: each value twice, from 0 to 9 only."""

    def read(self, columns: Arrays, wanted: Any, learnt: Any = None) -> Numbers:
        column = columns["x"]
        assert column.min() >= 0 and column.max() <= 9, "what does not count was shown"
        return np.stack([column, column], axis=-1)


def test_readers_that_change_shapes_see_only_rows_that_count() -> None:
    reader, column = Doubled(column="x"), np.asarray([1, 99, 3])
    kept = np.asarray([[True, True], [False, False], [True, False]])
    assert read_counted(reader, column, kept).tolist() == [[1, 1], [1, 1], [3, 3]]


def test_only_what_counts_is_counted_where_all_of_it_is_wrong(tmp_path: Path) -> None:
    column = np.where(KNOWN, 2.0**24 + 1, np.nan)
    raw = masked({"array": "y"})
    raw["train"]["losses"] = {"y": {"mean_squared_error": None, "mask": "known"}}
    raw["model"]["layers"] = [{"dense": 1, "name": "y"}]
    for dtype in ("float64", "int64"):
        given = np.nan_to_num(column, nan=2.0**24 + 3).astype(dtype) if dtype == "int64" else column
        with pytest.raises(RunError, match="`y` has 4 integers that float32 cannot hold"):
            ready(raw, write_rows(tmp_path, ROWS, y=given, known=KNOWN))


def test_masks_are_of_the_rows_that_a_reader_takes() -> None:
    reader = READERS.build({"category": {"column": "y", "classes": 3, "rows": [2, 5]}})
    column, kept = np.asarray([-5, 7, 1, -1, 2, 9]), np.asarray([True, False, True])
    assert read_counted(reader, column, kept).tolist() == [1, 1, 2]
    with pytest.raises(RunError, match="the first is -1 in row 3"):
        read_counted(reader, column, np.asarray([False, True, True]))


@pytest.mark.parametrize("reader", [{"category": {"column": "y", "classes": ["a", "b"]}}, {"array": "y"}])
def test_of_a_column_of_which_nothing_counts_nothing_is_read(reader: Any) -> None:
    column = np.asarray(["?", "?"]) if "category" in reader else np.asarray([np.nan, np.inf])
    found = read_counted(READERS.build(reader), column, np.zeros(2, bool))
    assert found.tolist() == [0, 0] and found.dtype == ("int32" if "category" in reader else "float32")


def causes(raw: dict[str, Any], tmp_path: Path, **columns: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        need_counted(*ready(raw, write_rows(tmp_path, ROWS, y=LABELS, **columns)))
    assert caught.value.code == "E403"
    return caught.value


HALF = np.arange(ROWS) < 3


@pytest.mark.parametrize(("split", "word"), [({"last": 3}, "validation"), ({"first": 3}, "training")])
def test_rows_that_a_mask_leaves_out_altogether_are_an_error_before_training(
    tmp_path: Path, split: Any, word: str
) -> None:
    raw = masked({"category": "y"})
    raw["data"]["validation"] = split
    error = causes(raw, tmp_path, known=HALF)
    assert error.message == f"no {word} row counts in the loss of `y`: the mask `known` leaves all of them out"
    assert error.at == ("train", "losses", "y", "mask")
    need_counted(*ready(raw, write_rows(tmp_path, ROWS, known=np.arange(ROWS) % 2 == 0)))


def test_masks_and_weights_together_may_leave_out_all(tmp_path: Path) -> None:
    raw = masked({"category": "y"})
    raw["data"]["sample_weight"] = {"array": "weight"}
    error = causes(raw, tmp_path, known=HALF, weight=np.where(HALF, 0, 1))
    assert "the mask `known` and `sample_weight` together leave all of them out" in error.message


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_classes_of_weight_0_leave_out_their_rows(tmp_path: Path, loss: str) -> None:
    units = 3 if loss == "cross_entropy" else 1
    raw = spec(
        [{"dense": units, "name": "y"}], loss={loss: {"class_weight": {"1": 0}}}, data={"validation": {"last": 2}}
    )
    raw["data"]["targets"]["y"] = {"array": "label"}
    error = causes(raw, tmp_path, label=np.asarray([0, 1, 0, 0, 1, 1]))
    assert error.message == "no validation row counts in the loss of `y`: `class_weight` leaves all of them out"
    need_counted(*ready(raw, write_rows(tmp_path, ROWS, label=np.asarray([0, 1, 0, 0, 0, 1]))))


def test_a_term_of_weight_0_and_an_output_without_loss_need_no_rows(tmp_path: Path) -> None:
    raw = masked({"category": "y"})
    raw["train"]["losses"]["y"]["weight"] = 0
    raw["train"]["losses"]["all"] = {"cross_entropy": None, "of": "y", "target": "label"}
    raw["data"]["targets"]["label"] = {"category": "y"}
    need_counted(*ready(raw, write_rows(tmp_path, ROWS, y=LABELS, known=np.zeros(ROWS, bool))))


@pytest.mark.parametrize(
    ("reader", "values", "expected"),
    [
        ({"number": {"column": "y", "missing": 7}}, [0.0, 2.0, 3.0, 0.0], [7.0, 2.0, 2.0, 2.0]),
        ({"category": {"column": "y", "classes": ["a", "b", "c"], "missing": "c"}}, ["", "b", "z", ""], [2, 1, 1, 1]),
    ],
)
def test_missing_values_that_count_stay_missing_and_others_are_none(reader: Any, values: Any, expected: Any) -> None:
    column = np.ma.masked_array(values, [True, False, False, True])
    counts = np.array([True, True, False, False])
    binding = Binding("y", READERS.build(reader), None, None, ("data", "targets", "y"))
    array, _ = read_binding(binding, {"y": column}, NOTHING_LEARNT, counts, slice(None))
    assert array.tolist() == expected
