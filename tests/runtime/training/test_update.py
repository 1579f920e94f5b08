"""What is done to gradients and weights in a step beside the optimizer: clipping and averages, against Keras and formulas."""

from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.language.settings import Clipping
from modelc.runtime.training.update import clip
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_loop import train

LENGTHS = {"kernel": (3, 4), "bias": (4,)}


def gradients(scale: float) -> dict[str, dict[str, Any]]:
    """Of two layers, one of which stands for two stacked copies."""
    generator = np.random.default_rng(0)

    def draw(*axes: int) -> dict[str, Any]:
        return {
            name: scale * generator.normal(size=(*axes, *shape)).astype(np.float32) for name, shape in LENGTHS.items()
        }

    return {"body/*/dense": draw(2), "y": draw()}


def clipped_by_keras(given: dict[str, dict[str, Any]], **bound: float) -> dict[str, dict[str, Any]]:
    """The same, by an optimizer of Keras that has each copy as weights of its own."""
    each = [array for name in LENGTHS for array in given["body/*/dense"][name]] + [*given["y"].values()]
    found = [np.asarray(one) for one in keras.optimizers.SGD(**bound)._clip_gradients(each)]
    stacked = {name: np.stack(found[2 * index : 2 * index + 2]) for index, name in enumerate(LENGTHS)}
    return {"body/*/dense": stacked, "y": dict(zip(given["y"], found[4:], strict=True))}


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(
    ("key", "of"), [("global_norm", "global_clipnorm"), ("norm", "clipnorm"), ("value", "clipvalue")]
)
def test_gradients_are_clipped_as_in_keras(key: Any, of: str, scale: float) -> None:
    given = gradients(scale)
    found, wanted = clip(Clipping(key, 1.5), given), clipped_by_keras(given, **{of: 1.5})
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-6), found, wanted)
    if scale == 0.01:
        jax.tree.map(np.testing.assert_array_equal, found, given)


def test_a_step_is_that_of_clipped_gradients_and_shorter_gradients_are_left_alone(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 8)
    one: dict[str, Any] = {"optimizer": {"sgd": 1.0}, "epochs": 2, "shuffle": False}
    free, wide, narrow = (
        train(spec(**one, clip_gradients=clipping), root).snapshots
        for clipping in (None, {"global_norm": 1e3}, {"global_norm": 0.01})
    )
    jax.tree.map(np.testing.assert_array_equal, free[-1].params, wide[-1].params)
    first, second = (jax.tree.leaves(snapshot.params) for snapshot in narrow)
    length = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(first, second, strict=True)))
    assert length == pytest.approx(0.01, rel=1e-4)


def test_averages_are_kept_validated_and_saved_while_training_goes_on_from_its_own_weights(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 16)
    one: dict[str, Any] = {"optimizer": {"sgd": 0.5}, "epochs": 4, "data": {"validation": {"last": 8}}}
    plain, averaged = train(spec(**one), root), train(spec(**one, weight_averaging={"ema": 0.75}), root)
    average = plain.snapshots[0].params
    columns = np.load(root.folder / "rows.npz")
    x, y = columns["x"][8:], columns["y"][8:]
    for index, (weights, found) in enumerate(zip(plain.snapshots, averaged.snapshots, strict=True)):
        if index:
            average = jax.tree.map(lambda a, w: 0.75 * a + 0.25 * w, average, weights.params)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), average, found.params)
        hidden, last = ([one[name] for name in ("kernel", "bias")] for one in found.params.values())
        logits = np.maximum(x @ hidden[0] + hidden[1], 0) @ last[0] + last[1]
        loss = np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[np.arange(8), y])
        values = averaged.records[index].values
        assert values["validation/loss"] == pytest.approx(loss, rel=1e-5)
        assert values["train/loss"] == pytest.approx(plain.records[index].values["train/loss"], rel=1e-6)
