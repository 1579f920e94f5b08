"""`precision: mixed_bfloat16`: narrow values between layers, float32 weights, statistics, losses and outputs."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import modelc
from modelc.compiler.api import check
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_loop import train

LAYERS: list[Any] = [{"dense": 16}, "batch_norm", "relu", {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}]


def narrow(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "model": {**raw["model"], "precision": "mixed_bfloat16"}}


def test_outputs_weights_and_statistics_stay_float32_and_near_those_of_full_precision() -> None:
    full, half = modelc.compile(spec(LAYERS)), modelc.compile(narrow(spec(LAYERS)))
    params, state = full.init(jax.random.key(0))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32))
    for is_training in (False, True):
        expected, _ = full.apply(params, state, {"x": x}, train=is_training, key=jax.random.key(1))
        found, new_state = half.apply(params, state, {"x": x}, train=is_training, key=jax.random.key(1))
        assert found["y"].dtype == np.float32
        assert {leaf.dtype for leaf in jax.tree.leaves((half.init(jax.random.key(0)), new_state))} == {
            np.dtype("float32")
        }
        np.testing.assert_allclose(found["y"], expected["y"], atol=0.03)
        assert not np.array_equal(found["y"], expected["y"])
        np.testing.assert_allclose(np.sum(found["y"], axis=-1), 1.0, atol=1e-6)


def test_values_between_layers_are_narrow() -> None:
    half = modelc.compile(narrow(spec(LAYERS)))
    params, state = half.init(jax.random.key(0))
    text = str(jax.make_jaxpr(lambda x: half.apply(params, state, {"x": x}))(np.zeros((2, 4), np.float32)))
    assert "bf16[2,16]" in text


def test_training_follows_full_precision(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    full, half = train(spec(LAYERS, epochs=15), root), train(narrow(spec(LAYERS, epochs=15)), root)
    last = [watcher.records[-1].values["train/loss"] for watcher in (full, half)]
    assert last[1] == pytest.approx(last[0], abs=0.1)
    assert {leaf.dtype for leaf in jax.tree.leaves(half.snapshots[-1].params)} == {np.dtype("float32")}


def test_another_precision_is_refused() -> None:
    text = "modelc: 1\nmodel:\n  precision: bfloat16\n  inputs: {x: {shape: [4]}}\n  layers: [dense: 1]\n"
    (problem,) = check(text, "spec.yaml").problems
    assert problem.code == "E106"
    assert problem.helps == ("did you mean `mixed_bfloat16`?",)
