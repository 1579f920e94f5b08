"""CTC against the sum over all ways to spell the labels, and against Keras; masks, and labels that do not fit."""

from itertools import groupby, product
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, write_rows
from tests.runtime.watching import Watcher

Numbers = np.ndarray[Any, Any]
reference: Any = keras.losses
RANDOM = np.random.default_rng(2)
LABELS = np.asarray([[1, 2, 2], [1, 1, 0], [3, 0, 0], [0, 0, 0], [2, 1, 3]], np.int32)


def elements(output: Any, target: Any, counts: Any = None, blank: int = 0) -> Any:
    counts = np.ones(len(target), bool) if counts is None else counts
    return LOSSES.build({"ctc": blank}).elements(jnp.asarray(output), jnp.asarray(target), jnp.asarray(counts))


def spelled(logits: Numbers, labels: list[int], blank: int) -> float:
    """Minus the logarithm of the chance of `labels`: Graves et al. 2006, equation 3, summed in the simplest way."""
    wide = logits.astype(np.float64)
    chances = np.exp(wide) / np.exp(wide).sum(axis=-1, keepdims=True)
    ways = product(range(logits.shape[1]), repeat=len(logits))
    found = [w for w in ways if [k for k, _ in groupby(w) if k != blank] == labels]
    return -float(np.log(sum(np.prod(chances[np.arange(len(logits)), list(w)]) for w in found)))


@pytest.mark.parametrize("blank", [0, 2])
def test_the_chance_is_the_sum_over_all_ways_to_spell_the_labels(blank: int) -> None:
    order = {0: [0, 1, 2, 3], 2: [2, 1, 0, 3]}[blank]
    target = np.asarray(order, np.int32)[LABELS]
    logits = RANDOM.normal(size=(5, 5, 4)).astype(np.float32)
    wanted = [
        spelled(row, [k for k in labels if k != blank], blank) for row, labels in zip(logits, target, strict=True)
    ]
    np.testing.assert_allclose(elements(logits, target, blank=blank), wanted, rtol=1e-5)


@pytest.mark.parametrize("steps", [4, 9])
@pytest.mark.parametrize("rows", [1, 5])
def test_values_and_gradients_are_those_of_keras(rows: int, steps: int) -> None:
    logits, target = (3 * RANDOM.normal(size=(rows, steps, 4))).astype(np.float32), LABELS[:rows]
    value, gradient = jax.value_and_grad(lambda x: jnp.mean(elements(x, target)))(logits)
    wanted, slope = jax.value_and_grad(lambda x: reference.CTC()(jnp.asarray(target), x))(jnp.asarray(logits))
    np.testing.assert_allclose(value, wanted, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=1e-4 * np.abs(slope).max())


@pytest.mark.parametrize("size", [1.0, 80.0, 1e4])
def test_gradients_are_finite_for_sure_models_and_for_labels_that_do_not_fit(size: float) -> None:
    logits = (size * RANDOM.normal(size=(5, 3, 4))).astype(np.float32)
    value, gradient = jax.value_and_grad(lambda x: jnp.sum(elements(x, LABELS)))(logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    # Three labels, two of them equal, need four steps.
    assert elements(logits, LABELS)[0] == 1e5
    assert not gradient[0].any()
    assert gradient[4].any()


def test_masked_steps_are_skipped_whatever_they_hold() -> None:
    logits = RANDOM.normal(size=(5, 7, 4)).astype(np.float32)
    steps = np.asarray([[1, 1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 1, 0], [1] * 7, [0] * 7, [1, 1, 0, 0, 0, 0, 0]], bool)
    found = elements(logits, LABELS, steps)
    for row in range(4):
        alone = elements(logits[row][None, steps[row]], LABELS[row : row + 1])
        np.testing.assert_allclose(found[row], alone[0], rtol=1e-5)
    # No labels in no steps are certain; three in two are impossible.
    assert found[3] == 0
    assert found[4] == 1e5
    np.testing.assert_array_equal(elements(np.where(steps[..., None], logits, 99.0), LABELS, steps), found)


def spec() -> dict[str, Any]:
    return {
        "modelc": 1,
        "model": {
            "inputs": {"x": {"shape": [6], "dtype": "int32"}},
            "layers": [
                {"embedding": {"input_dim": 9, "output_dim": 8, "mask_zero": True}},
                {"dense": {"units": 4, "activation": "softmax"}, "name": "text"},
            ],
        },
        "data": {"source": {"npz": "rows.npz"}, "targets": {"text": {"array": "text"}}},
        "train": {"loss": "ctc", "optimizer": {"adam": 0.05}, "batch_size": 4, "epochs": 12},
    }


def test_a_sequence_is_learned(tmp_path: Path) -> None:
    x = np.asarray([[1, 2, 3, 0, 0, 0], [2, 2, 3, 1, 0, 0], [3, 1, 3, 1, 2, 2], [1, 1, 0, 0, 0, 0], [2, 3, 1, 3, 0, 0]])
    labels = [[k for k, _ in groupby(row) if k] for row in x.tolist()]
    text = np.asarray([row[:4] + [0] * (4 - len(row)) for row in labels], np.int32)
    text[2] = 0
    task, dataset = ready(spec(), write_rows(tmp_path, 5, x=x.astype(np.int32), text=text))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    losses = [record.values["train/loss"] for record in watcher.records]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize(
    ("target", "message", "help"),
    [
        (
            [[1, 0, 2, 0, 0]],
            "labels follow the blank, 0, in 1 of the rows, the first is row 0",
            "another `blank`",
        ),
        (
            [[1, 2, 0, 0, 0], [1, 2, 1, 1, 3]],
            "row 1 has 5 labels, 1 of them repeated, which take at least 6 steps, but the output has 5",
            "more steps",
        ),
    ],
)
def test_targets_that_cannot_be_spelled_are_refused(target: Any, message: str, help: str) -> None:
    with pytest.raises(RunError) as caught:
        LOSSES.build("ctc").check(np.asarray(target), TensorType((5, 4)))
    assert caught.value.code == "E403"
    assert message in caught.value.message
    assert help in caught.value.helps[0]
    LOSSES.build("ctc").check(np.asarray([[1, 1, 1, 1, 1]]), TensorType((5, 4), mask=True))


@pytest.mark.parametrize(
    ("raw", "output", "target", "message"),
    [
        ("ctc", TensorType((4,)), None, "expected an output of shape [steps, classes]"),
        ({"ctc": 4}, TensorType((5, 4)), None, "`blank` is 4, but the output has 4 classes"),
        ("ctc", TensorType((5, 4)), TensorType((5, 4)), "expected integer labels of shape [length]"),
        (
            "ctc",
            TensorType((5, 4)),
            TensorType((3,)),
            "expected integer labels of shape [length], the target is [3] float32",
        ),
    ],
)
def test_types_that_do_not_fit_are_refused(raw: Any, output: TensorType, target: Any, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        LOSSES.build(raw).plan(output, target)
    assert message in caught.value.message
