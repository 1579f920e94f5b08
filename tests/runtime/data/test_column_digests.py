"""Columns are known again by their values, in whatever dtype these are stored, and by no other values."""

import tracemalloc
from hashlib import sha256
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from modelc.runtime.data import column_digests
from modelc.runtime.data.column_digests import ColumnDigests, digest, digests_of

NUMBERS = [
    np.array([[0, 1], [1, 0]]).astype(code) for code in ("?", "i1", "i2", "i4", "i8", "u1", "u8", "f2", "f4", "f8")
]
TEXTS = [np.array(["žluť", "", "cat"]).astype(code) for code in ("U4", "U7", "U300")]
ANY_LENGTH = [np.array(["žluť", "", "cat"], np.dtypes.StringDType())]
BYTES = [np.strings.encode(TEXTS[0], "utf-8").astype(code) for code in ("S6", "S9")]


def is_known(column: Any, recorded: Any, *, with_dtype: bool = True) -> bool:
    """Whether `column` is taken for the one that was recorded."""
    dtypes = {"x": recorded.dtype.str} if with_dtype else {}
    before = digest(recorded)
    return digests_of({"x": column}, ["x"], ColumnDigests({"x": before}, dtypes)).digests["x"] == before


def test_a_digest_is_that_of_the_runs_of_before() -> None:
    column = np.array([[1.5, 2.5]], "<f4")
    assert digest(column) == sha256(b"<f4 (1, 2) " + column.tobytes()).hexdigest()


@pytest.mark.parametrize(("one", "other"), [*permutations(NUMBERS, 2), *permutations([*TEXTS, *BYTES, *ANY_LENGTH], 2)])
def test_equal_values_in_another_dtype_are_the_same_data(one: Any, other: Any) -> None:
    assert is_known(one, other)


@pytest.mark.parametrize(("one", "other"), [*permutations(NUMBERS, 2), (TEXTS[1], TEXTS[0]), (TEXTS[0], BYTES[0])])
def test_so_they_are_for_runs_that_did_not_record_the_dtype(one: Any, other: Any) -> None:
    assert is_known(one, other, with_dtype=False)


def test_texts_of_any_length_have_the_digest_of_the_narrowest_strings() -> None:
    texts = ["žluť", "", "cat", "😀" * 9]
    assert digest(np.array(texts, np.dtypes.StringDType())) == digest(np.array(texts, "U9")) == digest(np.array(texts))


def test_texts_of_very_different_lengths_need_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = np.array(["x"] * 1_000 + ["y" * 5_000_000], np.dtypes.StringDType())
    tracemalloc.start()
    found = digest(texts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    texts[0] = "z"
    assert digest(texts) != found
    monkeypatch.setattr(column_digests, "LARGEST", 2**50)
    few = np.array(["ab", "c"], np.dtypes.StringDType())
    assert column_digests.digest_of_lengths(few) != column_digests.digest_of_lengths(np.array(["a", "bc"], few.dtype))


def test_which_values_are_missing_is_a_part_of_a_digest() -> None:
    values = np.array([0, 1, 2])
    one, other, none = (np.ma.MaskedArray(values, np.array(mask, bool)) for mask in ([1, 0, 0], [0, 1, 0], [0, 0, 0]))
    assert len({digest(one), digest(other), digest(values)}) == 3
    assert digest(none) == digest(values)
    beneath = np.ma.MaskedArray(np.array([7, 1, 2]), np.array([1, 0, 0], bool))
    assert digest(beneath) == digest(one)


def test_the_order_of_bytes_and_of_axes_is_no_other_value() -> None:
    column = np.arange(12, dtype=">i4").reshape(3, 4)
    assert is_known(column.astype("<i4"), column)
    assert is_known(np.asfortranarray(column), column)


@pytest.mark.parametrize(
    ("column", "recorded"),
    [
        (np.array([1.25, 2.5]), np.array([1, 2])),
        (np.array([1, 2]), np.array([1.25, 2.5])),
        (np.array([0.1], "f4"), np.array([0.1])),
        (np.array([255], "u1"), np.array([-1], "i1")),
        (np.array([-1], "i8"), np.array([2**64 - 1], "u8")),
        (np.array([2.0**53]), np.array([2**53 + 1])),
        (np.array([2**53 + 1]), np.array([2.0**53])),
        (np.array([2]), np.array([True])),
        (np.array([np.nan]), np.array([0])),
        (np.array([np.inf]), np.array([2**63 - 1])),
        (np.array([[1, 2]]), np.array([1, 2])),
        (np.array(["1"]), np.array([1])),
        (np.array(["cat", "dog"]), np.array(["cat", "dot"])),
        (np.array(["cats"]), np.array(["cat"])),
        (np.array([b"\xff"]), np.array(["\xff"])),
        (np.array(["\ud800"]), np.array([b"a"])),
    ],
)
@pytest.mark.parametrize("with_dtype", [True, False])
def test_other_values_are_other_data(column: Any, recorded: Any, with_dtype: bool) -> None:
    assert not is_known(column, recorded, with_dtype=with_dtype)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_columns_are_cast_block_by_block(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_digests, "BLOCK", size)
    for one, other in [*permutations(NUMBERS, 2), *permutations([*TEXTS, *BYTES], 2)]:
        assert is_known(one, other)
    for with_dtype in (True, False):
        assert not is_known(np.array([1.0, 2, 3, 4.5]), np.array([1, 2, 3, 4]), with_dtype=with_dtype)


def test_a_column_that_has_changed_takes_little_memory() -> None:
    column, recorded = np.zeros((2000, 4000), "u1"), np.ones((2000, 4000), "u1")
    tracemalloc.start()
    assert not is_known(column, recorded, with_dtype=False)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * column.nbytes, "in float64 it takes eight times as much"


def test_no_rows_are_no_rows() -> None:
    assert is_known(np.zeros((0, 3)), np.zeros((0, 3), "f4")) and is_known(np.zeros(0, "U1"), np.zeros(0, "U5"))


def test_values_that_are_no_numbers_are_themselves() -> None:
    column = np.array([np.nan, -np.inf, 1.5], "f4")
    assert is_known(column.astype("f8"), column) and is_known(column, column.astype("f8"))


@pytest.mark.parametrize("dtype", ["", "<U999999", "nonsense", "O", "<M8[s]", "<f99", "U-1", "S" * 1000])
def test_a_damaged_record_of_the_dtype_is_no_help_and_no_harm(dtype: str) -> None:
    known = ColumnDigests({"x": digest(np.array([1, 2], "i2")), "t": digest(np.array(["a"]))}, {"x": dtype, "t": dtype})
    found = digests_of({"x": np.array([1, 2]), "t": np.array(["a"], "U3"), "z": np.zeros(1)}, ["x", "t", "gone"], known)
    assert found.digests == known.digests and found.dtypes == {"x": "<i8", "t": "<U3"}
