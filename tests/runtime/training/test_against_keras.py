"""Whole models against Keras 3: from the same weights and batches, the losses of four steps of sgd agree."""

from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.runtime.data.dataset import Part
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.feeding import on_device
from modelc.runtime.training.step import make

SPECS = Path(__file__).parent.parent.parent.parent / "specs"
BATCH, STEPS = 16, 4


def shipped(name: str) -> PreparedTask:
    """A shipped spec that trains with sgd, and without dropout, whose random numbers are each framework's own."""
    import yaml

    raw = yaml.safe_load((SPECS / f"{name}.yaml").read_text(encoding="utf-8"))
    raw["train"]["optimizer"] = {"sgd": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}}
    for node in raw["model"].get("nodes", {}).values():
        if "layers" in node:
            node["layers"] = [layer for layer in node["layers"] if not (isinstance(layer, dict) and "dropout" in layer)]
    return prepare(load(raw))


def losses(task: PreparedTask, part: Part) -> tuple[Any, list[float]]:
    """The first weights of a task, and its losses over the batches of `part`."""
    steps = make(task, STEPS)
    data = on_device(part, steps.placement)
    state = steps.first()
    first = jax.device_get((state.params, state.state))
    found = []
    for step in range(STEPS):
        indices = np.arange(step * BATCH, (step + 1) * BATCH, dtype=np.int32)[None]
        sums = steps.zero(data, BATCH)
        state, sums = steps.single(state, sums, data, indices, np.array([BATCH], np.int32), np.int32(0))
        tally = Tally({})
        tally.add(sums)
        found.append(tally.values(task, "train")["train/loss"])
    return first, found


def keras_losses(model: Any, x: Any, y: Any) -> list[float]:
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        loss=[keras.losses.SparseCategoricalCrossentropy(from_logits=True)] * len(model.outputs),
    )
    found = []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        given, wanted = [a[rows] for a in x], [a[rows] for a in y]
        loss = model.train_on_batch(*((given, wanted) if len(x) > 1 else (given[0], wanted[0])))
        found.append(float(loss[0] if isinstance(loss, list) else loss))
    return found


def images(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).random((STEPS * BATCH, *shape)).astype(np.float32)


def labels(seed: int) -> Any:
    return np.random.default_rng(seed).integers(0, 10, STEPS * BATCH).astype(np.int32)


def test_mnist_mlp() -> None:
    x, y = images(28, 28), labels(1)
    (params, _), ours = losses(shipped("mnist_mlp"), Part({"image": x}, {"digit": y}, len(x)))
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(256, "relu"),
            layers.Dense(128, "relu"),
            layers.Dense(10),
        ]
    )
    model.set_weights([params[path][name] for path in ("dense", "dense_2", "digit") for name in ("kernel", "bias")])
    assert ours == pytest.approx(keras_losses(model, [x], [y]), rel=1e-5)


def test_mnist_wide_deep() -> None:
    x, y = images(28, 28), labels(2)
    (params, _), ours = losses(shipped("mnist_wide_deep"), Part({"image": x}, {"digit": y}, len(x)))
    layers = keras.layers
    image = layers.Input((28, 28))
    first, second, last = layers.Dense(300, "relu"), layers.Dense(784, "relu"), layers.Dense(10)
    deep = layers.Reshape((28, 28))(second(first(layers.Flatten()(image))))
    model = keras.Model(image, last(layers.Flatten()(layers.Concatenate(axis=-1)([deep, image]))))
    for layer, path in ((first, "deep/dense"), (second, "deep/dense_2"), (last, "digit/dense")):
        layer.set_weights([params[path]["kernel"], params[path]["bias"]])
    assert ours == pytest.approx(keras_losses(model, [x], [y]), rel=1e-5)


def test_two_inputs_and_two_outputs() -> None:
    left, right, y = images(28, 28), images(28, 28)[::-1].copy(), (labels(3), labels(4))
    part = Part({"left_image": left, "right_image": right}, {"left": y[0], "right": y[1]}, len(left))
    (params, _), ours = losses(shipped("mnist_two_inputs_two_outputs"), part)
    layers = keras.layers
    a, b = layers.Input((28, 28)), layers.Input((28, 28))
    made = {
        "deep/dense": layers.Dense(300, "relu"),
        "deep/dense_2": layers.Dense(100, "relu"),
        "left": layers.Dense(10),
        "right/dense": layers.Dense(256, "relu"),
        "right/dense_2": layers.Dense(10),
    }
    deep = made["deep/dense_2"](made["deep/dense"](layers.Flatten()(a)))
    joined = layers.Concatenate()([deep, layers.Flatten()(b)])
    model = keras.Model([a, b], [made["left"](deep), made["right/dense_2"](made["right/dense"](joined))])
    for path, layer in made.items():
        layer.set_weights([params[path]["kernel"], params[path]["bias"]])
    assert ours == pytest.approx(keras_losses(model, [left, right], y), rel=1e-5)


def test_cnn_with_batch_norm_and_a_residual() -> None:
    x, y = images(8, 8), labels(5)
    (params, _), ours = losses(shipped("cnn_residual"), Part({"image": x}, {"digit": y}, len(x)))
    layers = keras.layers
    made = {
        path: layers.Conv2D(16, 3, padding="same", use_bias=False)
        for path in ("stem/conv2d", "body/conv2d", "body/conv2d_2")
    }
    norms = {path: layers.BatchNormalization() for path in ("stem/batch_norm", "body/batch_norm", "body/batch_norm_2")}
    image, last = layers.Input((8, 8)), layers.Dense(10)
    stem = layers.ReLU()(norms["stem/batch_norm"](made["stem/conv2d"](layers.Reshape((8, 8, 1))(image))))
    body = layers.ReLU()(norms["body/batch_norm"](made["body/conv2d"](stem)))
    body = norms["body/batch_norm_2"](made["body/conv2d_2"](body))
    pooled = layers.MaxPooling2D(2)(layers.ReLU()(layers.Add()([stem, body])))
    model = keras.Model(image, last(layers.Flatten()(pooled)))
    for path, layer in made.items():
        layer.set_weights([params[path]["kernel"]])
    last.set_weights([params["digit/dense"]["kernel"], params["digit/dense"]["bias"]])
    assert ours == pytest.approx(keras_losses(model, [x], [y]), rel=1e-5)
