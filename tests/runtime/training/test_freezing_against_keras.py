"""Frozen parts and phases against Keras 3: the same weights, taken from a file, after 20 steps over the same batches.

Keras runs a `BatchNormalization` with `trainable = False` in inference mode, and so one that is called with `training=False`, as its
guide on transfer learning says: https://keras.io/guides/transfer_learning/. The latter holds in a `call`: a functional model of Keras
3.15 passes the `training` of `fit` on in place of what it was built with.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file, save_file

import modelc

L: Any = keras.layers
ROWS, BATCH, EPOCHS = 40, 8, 4
RATE, SMALL, EPSILON = 0.01, 0.002, 1e-10
"""Epsilon is small, since Keras adds it to a root that is not corrected for the first steps, and optax to the corrected one."""
PATHS = {
    "base/conv2d:kernel": ("conv", "kernel"),
    "base/batch_norm:gamma": ("bn", "gamma"),
    "base/batch_norm:beta": ("bn", "beta"),
    "base/batch_norm:moving_mean": ("bn", "moving_mean"),
    "base/batch_norm:moving_variance": ("bn", "moving_variance"),
    "y:kernel": ("y", "kernel"),
    "y:bias": ("y", "bias"),
}
"""What the weights here are called there."""
HEAD = {"name": "head", "epochs": 2, "freeze": ["base"]}
ALL = {"name": "all", "epochs": 2, "optimizer": {"adam": SMALL}}
TRAININGS: dict[str, dict[str, Any]] = {
    "not frozen": {"epochs": EPOCHS},
    "frozen": {"epochs": EPOCHS, "freeze": ["base"]},
    "head, then all": {"phases": [HEAD, ALL]},
    "head, then all but statistics": {"phases": [HEAD, {**ALL, "freeze": ["base/**/moving_*"]}]},
}

Arrays = dict[str, np.ndarray[Any, Any]]


def columns() -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    return generator.normal(1, 2, (ROWS, 6, 6, 2)).astype("float32"), generator.integers(0, 3, ROWS).astype("int32")


class Called(keras.Model):
    """A backbone `base`, which is called with `training` unless that is None, and a head `y`."""

    def __init__(self, base: Any, training: bool | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in Keras
        self.base, self.given = base, training
        self.y = L.Dense(3, "softmax", name="y")

    def call(self, x: Any, training: bool | None = None) -> Any:
        return self.y(self.base(x, training=training if self.given is None else self.given))


def model_of_keras(training: bool | None) -> Any:
    """A built model. The moving statistics of its backbone are those of other rows."""
    keras.utils.set_random_seed(0)
    parts = [
        L.Conv2D(4, 3, use_bias=False, name="conv"),
        L.BatchNormalization(momentum=0.9, name="bn"),
        L.ReLU(),
        L.Flatten(),
    ]
    model = Called(keras.Sequential([L.Input((6, 6, 2)), *parts], name="base"), training)
    model(columns()[0])
    generator = np.random.default_rng(1)
    model.base.get_layer("bn").set_weights([generator.uniform(0.5, 1.5, 4) for _ in range(4)])
    return model


def weights_of(model: Any) -> Arrays:
    layers = {layer.name: layer for layer in (*model.base.layers, model.y)}
    return {path: np.asarray(getattr(layers[layer], name)) for path, (layer, name) in PATHS.items()}


def fit(model: Any, rate: float, epochs: int, base_is_trained: bool) -> None:
    """Train as Keras's guide does: what is trainable is said before it is compiled, with an optimizer of its own."""
    model.base.trainable = base_is_trained
    optimizer = keras.optimizers.Adam(rate, epsilon=EPSILON)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(*columns(), batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)


def two_stages(model: Any) -> None:
    fit(model, RATE, 2, False)
    fit(model, SMALL, 2, True)


KERAS: dict[str, tuple[bool | None, Callable[[Any], None]]] = {
    "not frozen": (None, lambda model: fit(model, RATE, EPOCHS, True)),
    "frozen": (None, lambda model: fit(model, RATE, EPOCHS, False)),
    "head, then all": (None, two_stages),
    "head, then all but statistics": (False, two_stages),
}
"""How the backbone is called there, and how it is trained."""


def trained_here(folder: Path, training: dict[str, Any], first: Arrays) -> Arrays:
    image, label = columns()
    np.savez(folder / "rows.npz", x=image, y=label)
    save_file(first, folder / "keras.safetensors")
    base = {
        "layers": [
            {"conv2d": {"filters": 4, "kernel_size": 3, "use_bias": False}},
            {"batch_norm": {"momentum": 0.9}},
            "relu",
            "flatten",
        ],
        "name": "base",
    }
    head = {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}
    spec = {
        "modelc": 1,
        "model": {"inputs": {"x": {"shape": [6, 6, 2]}}, "layers": [base, head]},
        "data": {"source": {"npz": "rows.npz"}, "targets": {"y": {"category": {"column": "y", "classes": 3}}}},
        "train": {
            "initial_weights": {"file": "keras.safetensors"},
            "loss": "cross_entropy",
            "optimizer": {"adam": {"learning_rate": RATE, "epsilon": EPSILON}},
            "batch_size": BATCH,
            "shuffle": False,
            **training,
        },
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    run = modelc.train(folder / "spec.yaml", run_dir=folder / "run", progress=False)
    assert run.history[-1]["step"] == 20
    last = run.folder / "weights" / "last"
    return load_file(last / "params.safetensors") | load_file(last / "state.safetensors")


@pytest.fixture(scope="module")
def of_keras() -> dict[str, tuple[Arrays, Arrays]]:
    """The weights before and after each training."""
    found = {}
    for name, (training, train) in KERAS.items():
        model = model_of_keras(training)
        first = weights_of(model)
        train(model)
        found[name] = first, weights_of(model)
    return found


@pytest.mark.parametrize("name", TRAININGS)
def test_twenty_steps_give_the_weights_and_statistics_of_keras(
    name: str, of_keras: dict[str, tuple[Arrays, Arrays]], tmp_path: Path
) -> None:
    first, expected = of_keras[name]
    found = trained_here(tmp_path, TRAININGS[name], first)
    assert found.keys() == expected.keys()
    for path, array in expected.items():
        np.testing.assert_allclose(found[path], array, rtol=1e-5, atol=1e-5, err_msg=path)
    same = {path for path, array in found.items() if array.tobytes() == first[path].tobytes()}
    assert same == {path for path, array in expected.items() if array.tobytes() == first[path].tobytes()}
    statistics = {path for path in PATHS if "moving" in path}
    frozen = {path for path in PATHS if path.startswith("base/")}
    assert same == {"frozen": frozen, "head, then all but statistics": statistics}.get(name, set())


def test_the_ways_of_training_differ_by_more_than_is_allowed(of_keras: dict[str, tuple[Arrays, Arrays]]) -> None:
    """So that weights which are those of one way are of no other."""
    heads = [last["y:kernel"] for _, last in of_keras.values()]
    for index, one in enumerate(heads):
        assert all(np.abs(one - other).max() > 1e-3 for other in heads[:index])
