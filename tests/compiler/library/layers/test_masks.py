"""What layers do with masks beyond what Keras shows in their values, and the ids that an embedding does not have."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, filled, normal

x = normal(2, 3, 4)
mask = np.array([[1, 1, 0], [1, 1, 1]], bool)


def test_embedding_masks_the_id_zero_only_where_asked() -> None:
    ids = np.array([[1, 0, 2]], "int32")
    arguments = {"input_dim": 3, "output_dim": 2}
    np.testing.assert_array_equal(
        build({"embedding": {**arguments, "mask_zero": True}}, ids)(ids).masks["output"], ids != 0
    )
    assert not build({"embedding": arguments}, ids)(ids).masks


def test_an_id_outside_the_vocabulary_gives_nan_and_never_another_row() -> None:
    ids = np.array([[-1, 3, 0]], "int32")
    y = build({"embedding": {"input_dim": 3, "output_dim": 2}}, ids).output(ids)
    assert np.isnan(y[0, :2]).all()
    assert np.isfinite(y[0, 2]).all()


def test_lstm_passes_its_mask_on_with_sequences_in_the_order_of_its_outputs() -> None:
    masks = {"x": jnp.asarray(mask)}
    assert not filled({"lstm": 2}, x, masks)(x, masks=masks).masks
    forward = filled({"lstm": {"units": 2, "return_sequences": True}}, x, masks)(x, masks=masks)
    np.testing.assert_array_equal(forward.masks["output"], mask)
    backward = filled({"lstm": {"units": 2, "return_sequences": True, "go_backwards": True}}, x, masks)(x, masks=masks)
    np.testing.assert_array_equal(backward.masks["output"], mask[:, ::-1])


def test_padding_at_the_end_changes_nothing_for_a_masked_lstm() -> None:
    for raw in ({"lstm": 2}, {"bidirectional": {"layer": {"lstm": 2}}}):
        running = filled(raw, x)
        short = running.output(x[:1, :2])
        padded = running.output(np.where(mask[:1, :, None], x[:1], 1e9), masks={"x": jnp.asarray(mask[:1])})
        np.testing.assert_allclose(padded, short, rtol=1e-6)


def test_bidirectional_keeps_the_mask_in_time_order_and_gives_zero_at_masked_steps() -> None:
    masks = {"x": jnp.asarray(mask)}
    running = filled({"bidirectional": {"layer": {"lstm": {"units": 2, "return_sequences": True}}}}, x, masks)
    result = running(x, masks=masks)
    np.testing.assert_array_equal(result.masks["output"], mask)
    assert not np.any(np.asarray(result.outputs["output"])[~mask])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("simple_rnn", {"units": 2}),
        ("gru", {"units": 2}),
        ("lstm", {"units": 2}),
        ("stacked_rnn", {"cells": [{"gru": 2}, {"lstm": 2}]}),
        ("conv_lstm1d", {"filters": 2, "kernel_size": 1}),
    ],
)
def test_a_run_backwards_gives_its_mask_in_the_order_of_its_outputs(name: str, arguments: dict[str, Any]) -> None:
    sequence = normal(*mask.shape, 4, 2) if name == "conv_lstm1d" else x
    given = {"x": jnp.asarray(mask)}
    running = filled({name: {**arguments, "return_sequences": True, "go_backwards": True}}, sequence, given)
    result = running(sequence, masks=given)
    np.testing.assert_array_equal(result.masks["output"], mask[:, ::-1])
    # Steps that count end where the output changes for the last time: what consumes the mask sees none but those.
    steps = np.asarray(result.outputs["output"]).reshape(*mask.shape, -1)
    changed = np.any(np.diff(steps, axis=1, prepend=0) != 0, axis=-1)
    np.testing.assert_array_equal(changed, mask[:, ::-1])


def test_concatenate_joins_masks_along_time_and_merges_them_elsewhere() -> None:
    other = np.array([[1, 0, 1], [0, 0, 0]], bool)
    both, one = {"inputs": (jnp.asarray(mask), jnp.asarray(other))}, {"inputs": (None, jnp.asarray(other))}
    along_features, along_time = build({"concatenate": -1}, (x, x)), build({"concatenate": -2}, (x, x))
    np.testing.assert_array_equal(along_features((x, x), masks=both).masks["output"], mask | other)
    assert not along_features((x, x), masks=one).masks
    np.testing.assert_array_equal(along_time((x, x), masks=both).masks["output"], np.hstack([mask, other]))
    np.testing.assert_array_equal(
        along_time((x, x), masks=one).masks["output"], np.hstack([np.ones_like(other), other])
    )
    keeping = build({"concatenate": {"keep_mask": True}}, (x, x))
    np.testing.assert_array_equal(keeping((x, x), masks=one).masks["output"], other)
    np.testing.assert_array_equal(keeping((x, x), masks=both).masks["output"], mask | other)
    assert not keeping((x, x), masks={"inputs": (None, None)}).masks


def test_the_plan_says_which_outputs_are_masked() -> None:
    plain, masked = TensorType((3, 4)), TensorType((3, 4), mask=True)
    join = LAYERS.build("concatenate")
    assert join.plan((masked, masked)).output.mask
    assert not join.plan((masked, plain)).output.mask and join.plan((masked, plain)).drops_mask
    assert not join.plan((masked, masked)).drops_mask and not join.plan((plain, plain)).drops_mask
    assert LAYERS.build({"concatenate": {"keep_mask": True}}).plan((masked, plain)).output.mask
    assert LAYERS.build({"concatenate": -2}).plan((masked, plain)).output.mask
    assert not LAYERS.build({"lstm": 2}).plan(masked).output.mask
    assert LAYERS.build({"lstm": {"units": 2, "return_sequences": True}}).plan(masked).output.mask
