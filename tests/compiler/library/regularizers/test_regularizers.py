"""Regularizers against Keras 3, and in the loss of a training."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.library.regularizers import REGULARIZERS
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.training.test_loop import train

CASES: list[tuple[Any, Any]] = [
    ("l1", keras.regularizers.L1()),
    ({"l1": 0.3}, keras.regularizers.L1(0.3)),
    ("l2", keras.regularizers.L2()),
    ({"l2": 0.2}, keras.regularizers.L2(0.2)),
    ({"l1_l2": {"l1": 0.1, "l2": 0.4}}, keras.regularizers.L1L2(0.1, 0.4)),
    ("orthogonal", keras.regularizers.OrthogonalRegularizer()),
    ({"orthogonal": {"factor": 0.5, "mode": "columns"}}, keras.regularizers.OrthogonalRegularizer(0.5, "columns")),
]


def test_every_regularizer_is_compared() -> None:
    assert {raw if isinstance(raw, str) else next(iter(raw)) for raw, _ in CASES} == set(REGULARIZERS)


@pytest.mark.parametrize(("raw", "oracle"), CASES, ids=lambda part: str(part) if isinstance(part, (str, dict)) else "")
@pytest.mark.parametrize("shape", [(4, 5), (1, 3)])
def test_the_penalty_is_that_of_keras(raw: Any, oracle: Any, shape: tuple[int, ...]) -> None:
    weight = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = np.asarray(oracle(jnp.asarray(weight)))
    found = REGULARIZERS.build(raw).penalty(jnp.asarray(weight))
    assert found == pytest.approx(float(np.nan_to_num(expected)), rel=1e-6, abs=1e-7)


def test_the_penalty_is_in_the_loss_and_reported_apart(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    layers = [{"dense": {"units": 3, "kernel_regularizer": {"l2": 0.5}}, "name": "y"}]
    task, _ = ready(spec(layers), root)
    assert task.log_keys() == ("loss", "penalty")
    plain, heavy = train(spec([{"dense": 3, "name": "y"}], epochs=10), root), train(spec(layers, epochs=10), root)
    last = heavy.records[-1].values
    assert 0 < last["train/penalty"] < last["train/loss"]
    sizes = [np.sum(np.square(watcher.snapshots[-1].params["y"]["kernel"])) for watcher in (plain, heavy)]
    assert sizes[1] < 0.5 * sizes[0]


def test_a_weight_that_is_no_matrix_cannot_be_orthogonal() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n"
        "  layers:\n    - dense: {units: 3, bias_regularizer: orthogonal}\n"
    )
    (problem,) = check(text, "spec.yaml").problems
    assert problem.code == "E301"
    assert "regularizes matrices, this weight has shape [3]" in problem.message
