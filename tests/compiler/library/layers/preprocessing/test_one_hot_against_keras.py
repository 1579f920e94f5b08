"""One-hot rows against Keras 3, and ids that there is no class of."""

from typing import Any

import keras
import numpy as np

from tests.compiler.library.layers.running import build, refusal

ops: Any = keras.ops
COMPARED = {"one_hot"}


def test_every_id_is_a_row_of_its_own_also_along_an_axis_of_size_1() -> None:
    for ids in (
        np.array([1, 0], "int32"),
        np.array([[3], [2]], "uint8"),
        np.arange(8, dtype="int32").reshape(2, 2, 2) % 4,
    ):
        np.testing.assert_array_equal(build({"one_hot": 4}, ids).output(ids), ops.one_hot(ids, 4))


def test_an_id_of_no_class_gives_nan_and_no_other_row() -> None:
    ids = np.array([[-1, 4, 3]], "int32")
    found = build({"one_hot": 4}, ids).output(ids)
    assert np.isnan(found[0, :2]).all() and np.isfinite(found[0, 2]).all()


def test_floats_are_refused() -> None:
    assert refusal({"one_hot": 4}, [3]).message == "expected integer ids, got float32"
