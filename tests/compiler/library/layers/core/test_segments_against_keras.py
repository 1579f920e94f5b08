"""Entries reduced by segments against Keras 3, segments without entries, masks, and ids that there is no segment of."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, normal

ops: Any = keras.ops
COMPARED = {"segment_max", "segment_mean", "segment_sum"}
messages = normal(2, 5, 3)
nodes = np.array([[0, 2, 2, 0, 2], [3, 3, 1, 1, 0]], "int32")
given = {"x": messages, "segment_ids": nodes}


def segments(name: str, mask: Any = None, ids: Any = nodes) -> np.ndarray:
    """The four segments of each example; `mask` says which entries count."""
    inputs = {**given, "segment_ids": ids}
    masks = {} if mask is None else {"x": jnp.asarray(mask)}
    return build({name: 4}, inputs, masks).output(inputs, masks=masks)


def test_sums_and_maxima_are_those_of_keras() -> None:
    for name, function in (("segment_sum", ops.segment_sum), ("segment_max", ops.segment_max)):
        expected = np.stack([function(x, ids, 4) for x, ids in zip(messages, nodes, strict=True)])
        np.testing.assert_allclose(segments(name), np.where(np.isfinite(expected), expected, 0), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_a_segment_without_entries_is_0_and_masked_entries_do_not_count(name: str) -> None:
    counted = np.array([[1, 1, 0, 0, 1], [1, 0, 0, 0, 1]], bool)
    found = segments(name, counted)
    reduce: Any = {"segment_sum": np.sum, "segment_mean": np.mean, "segment_max": np.max}[name]
    for row in range(2):
        for node in range(4):
            entries = messages[row][counted[row] & (nodes[row] == node)]
            np.testing.assert_allclose(found[row, node], reduce(entries, 0) if len(entries) else 0, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(COMPARED))
@pytest.mark.parametrize("bad", [-1, 4])
def test_an_id_of_no_segment_makes_its_example_nan_unless_it_is_masked(name: str, bad: int) -> None:
    ids = np.where(nodes == 1, bad, nodes)
    assert np.isnan(segments(name, ids=ids)[1]).all() and np.isfinite(segments(name, ids=ids)[0]).all()
    found = segments(name, ids != bad, ids)
    assert np.isfinite(found).all()


def test_the_mean_of_bfloat16_is_summed_in_float32() -> None:
    x = np.full((1, 1000, 1), 1.0, "bfloat16")
    inputs = {"x": x, "segment_ids": np.zeros((1, 1000), "int32")}
    assert build({"segment_mean": 1}, inputs).output(inputs).astype(float) == 1.0


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (TensorType((4,), "int32"), "`segment_ids` is [4], and `x` is [5, 3]"),
        (TensorType((5,)), "expected integer ids of segments, got float32"),
    ],
)
def test_what_does_not_fit_is_refused(ids: TensorType, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"segment_sum": 4}).plan(TensorType((5, 3)), ids)
    assert (caught.value.message, caught.value.slot) == (message, "segment_ids")
