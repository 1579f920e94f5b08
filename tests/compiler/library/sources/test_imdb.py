"""The reviews of IMDB beside what Keras makes of the same file, and files with anything else in them."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.compiler.library.sources.published import (
    IMDB_ROWS,
    Server,
    Small,
    lists,
    publish,
    serving,
    small_imdb,
)


@pytest.fixture(scope="module")
def small() -> Small:
    return small_imdb()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def put(root: Root, content: bytes, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `content` be the published file, which is in the cache."""
    (root.cache / "imdb.npz").write_bytes(content)
    publish(monkeypatch, Small("imdb", {"imdb.npz": content}, {}, {}), server)


def packed(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


REVIEWS = [[5, 70, 800]] * IMDB_ROWS
LABELS = np.arange(IMDB_ROWS) % 2
RIGHT = {"x_train": lists(REVIEWS), "y_train": LABELS, "x_test": lists(REVIEWS), "y_test": LABELS}


@pytest.mark.parametrize(("length", "vocabulary"), [(200, 20_000), (1, 5), (80, 1_000), (2_495, 88_588)])
def test_ids_are_those_of_keras(
    length: int, vocabulary: int, small: Small, root: Root, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, small.files["imdb.npz"], server, monkeypatch)
    # Keras reads the file at a path that it is given, as if it had downloaded it.
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda fname, **_: str(root.cache / "imdb.npz"))
    (train, _), (test, _) = keras.datasets.imdb.load_data(num_words=vocabulary)
    loaded = SOURCES.build({"imdb": {"length": length, "vocabulary": vocabulary}}).load(root)
    assert loaded.test is not None
    for found, wanted in ((loaded.train, train), (loaded.test, test)):
        order = np.arange(IMDB_ROWS)
        np.random.RandomState(113).shuffle(order)
        if wanted is test:
            order = np.arange(IMDB_ROWS)
            shuffled = np.random.RandomState(113)
            shuffled.shuffle(np.arange(IMDB_ROWS))
            shuffled.shuffle(order)
        np.testing.assert_array_equal(found["review"][order], keras.utils.pad_sequences(wanted, maxlen=length))
        assert found["review"].dtype == np.int32


def test_validate_knows_shape_classes_and_vocabulary() -> None:
    columns = SOURCES.build({"imdb": {"length": 80, "vocabulary": 1_000}}).columns()
    assert columns is not None
    assert columns["review"].type == TensorType((80,), "int32")
    assert READERS.build({"category": "review"}).class_names(columns) == 1_000
    assert READERS.build({"category": "label"}).class_names(columns) == ("negative", "positive")


def object_array(value: Any) -> np.ndarray:
    array = np.empty((), object)
    array[()] = value
    return array


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y_test": None}, "no 20 labels as `y_test`"),
        ({"y_test": LABELS[:-1]}, "no 20 labels as `y_test`"),
        ({"y_test": LABELS + 1}, "no 20 labels as `y_test`"),
        ({"y_test": LABELS * 0.5}, "no 20 labels as `y_test`"),
        ({"x_train": None}, "no lists of integers as `x_train`"),
        ({"x_train": np.zeros((IMDB_ROWS, 3), int)}, "no lists of integers as `x_train`"),
        ({"x_train": lists(REVIEWS[:-1])}, "no 20 reviews as `x_train`"),
        ({"x_train": lists([[]] * IMDB_ROWS)}, "no 20 reviews as `x_train`"),
        ({"x_train": lists([[0]] * IMDB_ROWS)}, "no 20 reviews as `x_train`"),
        ({"x_train": lists([[-1]] * IMDB_ROWS)}, "no 20 reviews as `x_train`"),
        ({"x_train": lists([[2**31 - 1]] * IMDB_ROWS)}, "no 20 reviews as `x_train`"),
        ({"x_train": lists([["word"]] * IMDB_ROWS)}, "something other than lists of integers as `x_train`"),
        ({"x_train": object_array(print)}, "something other than lists of integers as `x_train`"),
    ],
)
def test_a_file_with_anything_else_is_refused(
    changes: Any, words: str, root: Root, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = {name: array for name, array in {**RIGHT, **changes}.items() if array is not None}
    put(root, packed(**arrays), server, monkeypatch)
    with pytest.raises(RunError) as caught:
        SOURCES.build("imdb").load(root)
    assert caught.value.code == "E405"
    assert words in caught.value.message
