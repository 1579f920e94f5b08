"""Ids by hash: `hash` of `category`, `one_hot` and `text`, `cross`, and `hashed` of `category_columns`. The hash is compared with
`b2sum`, a program of others, by values that it printed.
"""

from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.readers.hashing import hashed

PRINTED = {
    "": "e4a6a0577479b2b4",
    "ann": "8d3adf6abf23f3a5",
    "žluť": "a22edca0eb366612",
    "a\x1fb": "f84c4d669fe0d410",
    "00712": "52e39bc4b17750f6",
}
"""What `printf NAME | b2sum -l 64` prints."""
TEXT = Column(TensorType((), "str"))
USERS = np.array(["ann", "bob", "ann", "žluť", ""], np.dtypes.StringDType())


def build(kind: str, **arguments: Any) -> Any:
    return READERS.build({kind: arguments})


@pytest.mark.parametrize("name", PRINTED)
def test_the_hash_is_blake2b(name: str) -> None:
    for count in (2, 10, 9_973, 2**31 - 1):
        assert hashed(name, count) == int(PRINTED[name], 16) % count


def wanted(names: list[str], count: int) -> list[int]:
    return [hashed(name, count) for name in names]


def test_names_have_the_ids_of_their_hashes_whatever_other_rows_there_are() -> None:
    reader = build("category", column="user", hash=50)
    assert reader.learn({"user": USERS}) is None
    assert reader.class_names(None) == 50
    found = reader.read({"user": USERS}, TensorType((), "int32"))
    assert found.dtype == np.int32
    assert found.tolist() == wanted(USERS.tolist(), 50)
    assert [reader.read({"user": USERS[row : row + 1]}, None).tolist()[0] for row in range(5)] == found.tolist()


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "S", "U"])
def test_integers_and_bytes_are_hashed_as_texts_are(dtype: str) -> None:
    values = np.array([True, False]) if dtype == "bool" else np.array([7, 12]).astype(dtype)
    names = ["true", "false"] if dtype == "bool" else ["7", "12"]
    assert build("category", column="user", hash=100).read({"user": values}, None).tolist() == wanted(names, 100)


def test_several_values_of_a_row_have_an_id_each() -> None:
    reader = build("category", column="user", hash=9, rows=[1, 3])
    values = np.array([["a", "b"], ["c", "a"], ["b", "b"]])
    assert reader.read({"user": values}, None).tolist() == [wanted(["c", "a"], 9), wanted(["b", "b"], 9)]


def test_missing_values_are_an_error_or_a_name() -> None:
    values = np.ma.MaskedArray(np.array(["ann", "", "bob"], np.dtypes.StringDType()), [False, True, False])
    with pytest.raises(RunError) as caught:
        build("category", column="user", hash=50).read({"user": values}, None)
    assert caught.value.code == "E402" and "missing: NAME" in "".join(caught.value.helps)
    found = build("category", column="user", hash=50, missing="nobody").read({"user": values}, None)
    assert found.tolist() == wanted(["ann", "nobody", "bob"], 50)


def test_crossed_columns_have_the_id_of_their_values_together() -> None:
    reader = build("category", column="user", cross=["hour", "shop"], hash=1000, missing="none")
    hours = np.ma.MaskedArray([1, 2, 1, 3, 4], [False, False, False, True, False])
    columns = {"user": USERS, "hour": hours, "shop": np.array(["x", "y", "x", "x", "y"])}
    names = ["ann\x1f1\x1fx", "bob\x1f2\x1fy", "ann\x1f1\x1fx", "žluť\x1fnone\x1fx", "\x1f4\x1fy"]
    assert reader.names_among(columns) == ("user", "hour", "shop")
    assert reader.read(columns, None).tolist() == wanted(names, 1000)
    alone = build("category", column="user", cross=["hour"], hash=1000)
    with pytest.raises(RunError, match="`hour`"):
        alone.read(columns, None)


def test_vectors_and_several_columns_have_the_same_ids() -> None:
    vectors = build("one_hot", column="user", hash=7).read({"user": USERS}, None)
    assert vectors.shape == (5, 7) and vectors.argmax(-1).tolist() == wanted(USERS.tolist(), 7)
    kinds = np.array(["a", "a", "b", "c", "a"])
    reader = build("category_columns", columns={"kind": 3, "user": 40}, hashed=["user"])
    learnt = reader.learn({"kind": kinds, "user": USERS})
    assert learnt["user"] is None and learnt["kind"]["names"] == ["a", "b"]
    ids = reader.read({"kind": kinds, "user": USERS}, None, learnt)
    assert ids[:, 0].tolist() == [0, 0, 1, 2, 0]
    assert ids[:, 1].tolist() == [3 + one for one in wanted(USERS.tolist(), 40)]
    assert reader.class_names(None) == 43
    assert len(reader.remarks(learnt)) == 1 and len(reader.described(learnt)) == 1


def test_words_have_ids_from_1_on_and_none_is_unknown() -> None:
    reader = build("text", column="review", length=4, hash=30)
    texts = np.array(["Good, good film", "", "a b c d e"])
    learnt = reader.learn({"review": texts})
    assert learnt == {"texts": 3, "cut": 1, "longest": 5}
    assert len(reader.remarks(learnt)) == 1 and reader.described(learnt) == ("the longest text has 5 words",)
    ids = [[1 + one for one in wanted(words, 29)] for words in (["good", ",", "good", "film"], list("abcd"))]
    assert reader.read({"review": texts}, None, learnt).tolist() == [ids[0], [0] * 4, ids[1]]
    assert reader.class_names(None) == 30
    letters = build("text", column="review", length=2, hash=9, tokenizer="characters")
    assert letters.read({"review": np.array(["ab"])}, None).tolist() == [[1 + one for one in wanted(["a", "b"], 8)]]


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "classes": ("category", {"classes": ["a", "b"]}, "`hash` makes ids of all names there are, and `classes` says"),
    "vocabulary": ("one_hot", {"vocabulary": 10}, "and `vocabulary` says which there are"),
    "unknown": ("category", {"unknown": "other"}, "with `hash` every name has an id"),
    "a column twice": ("category", {"cross": ["user"]}, "`user` is crossed with itself"),
    "cross without hash": ("category", {"cross": ["hour"], "hash": None}, "does not say how many ids"),
    "words that are known": ("text", {"vocabulary": 100}, "and `vocabulary` says which there are"),
    "bytes": ("text", {"tokenizer": "bytes"}, "and this `tokenizer` says which there are"),
    "parts of words": ("text", {"tokenizer": "bpe"}, "and this `tokenizer` says which there are"),
    "a file": ("text", {"tokenizer": {"file": "tokenizer.json"}}, "and this `tokenizer` says which there are"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arguments_that_do_not_go_with_it_are_refused(case: str) -> None:
    kind, arguments, words = REFUSED[case]
    reader = build(kind, **{"column": "user", "hash": 100, **({"length": 3} if kind == "text" else {}), **arguments})
    with pytest.raises(PlanError) as caught:
        reader.plan({"user": TEXT, "hour": TEXT}, None)
    assert caught.value.code == "E403" and words in caught.value.message


def test_columns_that_cannot_be_crossed_are_refused() -> None:
    reader = build("category", column="user", cross=["hour"], hash=100)
    for other, words in ((TensorType((2,), "str"), "has shape [2]"), (TensorType((), "float64"), "`hour` has float64")):
        with pytest.raises(PlanError) as caught:
            reader.plan({"user": TEXT, "hour": Column(other)}, None)
        assert caught.value.code == "E402" and words in caught.value.message
    assert reader.plan({"user": TEXT, "hour": Column(None)}, None) == TensorType((), "int32")
    strange = build("category_columns", columns={"user": 9}, hashed=["users"])
    with pytest.raises(PlanError, match="`hashed` names `users`, which is none of the `columns`"):
        strange.plan(None, None)
