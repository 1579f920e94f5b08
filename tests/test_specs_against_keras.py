"""Shipped models against those of `keras.applications`: with the same random weights they say the same."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import modelc
from modelc.compiler.api import check_file
from modelc.compiler.graph.builder import Builder
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.layers import kind_of
from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import QUICK, normal

SPECS = Path(__file__).parent.parent / "specs"
KINDS = {
    "Conv2D": "conv2d",
    "DepthwiseConv2D": "depthwise_conv2d",
    "BatchNormalization": "batch_norm",
    "Dense": "dense",
}
applications: Any = keras.applications


def by_depth(model: Any) -> list[Any]:
    """The layers of a model that is a chain but for what goes around some of them."""
    return list(model.layers)


def by_name(model: Any) -> list[Any]:
    """The layers of a model in the order of the numbers in their names."""
    return sorted(
        model.layers,
        key=lambda layer: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", layer.name)],
    )


def in_order(layers: list[Any]) -> dict[str, list[Any]]:
    """The layers that have weights, by their kind."""
    found: dict[str, list[Any]] = {}
    for layer in layers:
        if layer.weights:
            found.setdefault(KINDS[type(layer).__name__], []).append(layer)
    return found


def paths_in_order(task: Any) -> dict[str, list[str]]:
    """The paths of our nodes by their kind, in the order of the text."""
    builder = Builder(Reporter(task.spec.document))
    builder.build(task.spec.model)
    layers = {node.path: node.layer for node in task.planned.graph.nodes}
    found: dict[str, list[str]] = {}
    for node in builder.nodes:
        found.setdefault(kind_of(layers[node.path]), []).append(node.path)
    return found


def efficientnet(**arguments: Any) -> Any:
    """EfficientNet-B0 behind what Keras does to the pixels."""
    whole = applications.EfficientNetB0(**arguments)
    return keras.Model(whole.get_layer("stem_conv_pad").input, whole.output)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Keras begin with weights that NumPy draws: its own take long, and zeros and ones among them hide faults."""
    generator = np.random.default_rng(0)

    def kernel(self: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
        return generator.normal(0, np.prod(shape[:-1]) ** -0.5, shape).astype("float32")

    def around_zero(self: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
        return generator.normal(0, 0.1, shape).astype("float32")

    def around_one(self: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
        return generator.uniform(0.5, 1.5, shape).astype("float32")

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", kernel)
    monkeypatch.setattr(keras.initializers.Zeros, "__call__", around_zero)
    monkeypatch.setattr(keras.initializers.Ones, "__call__", around_one)


def taken(model: Any, task: Any, order: Callable[[Any], list[Any]]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The weights and the state of a Keras model, by our paths and names."""
    paths, layers = paths_in_order(task), in_order(order(model))
    weights = {path: layer for kind, those in layers.items() for path, layer in zip(paths[kind], those, strict=True)}
    plans = dict(task.planned.owned())
    assert set(weights) == {path for path, plan in plans.items() if plan.params}
    params, state = {}, {}
    for path, layer in weights.items():
        values = {weight.name: weight.value for weight in layer.weights}
        plan = plans[path]
        assert {name: value.shape for name, value in values.items()} == {
            name: entry.shape for part in (plan.params, plan.state) for name, entry in part.items()
        }
        params[path] = {name: values[name] for name in plan.params}
        if plan.state:
            state[path] = {name: values[name] for name in plan.state}
    return params, state


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("name", "oracle", "size", "order"),
    [
        ("vgg16", applications.VGG16, 32, by_depth),
        ("inceptionv3", applications.InceptionV3, 75, by_name),
        ("resnet50", applications.ResNet50, 33, by_name),
        ("densenet121", applications.DenseNet121, 33, by_depth),
        ("mobilenetv2", applications.MobileNetV2, 33, by_depth),
        ("efficientnet", efficientnet, 33, by_depth),
    ],
)
def test_a_model_says_what_that_of_keras_says(name: str, oracle: Any, size: int, order: Any) -> None:
    theirs = oracle(weights=None, input_shape=(size, size, 3), classes=10)
    task = check_file(SPECS / f"{name}.yaml", settings=[f"vars.size={size}", "vars.classes=10"]).task
    assert task is not None
    params, state = taken(theirs, task, order)
    ours = modelc.compile(task)
    x = jnp.asarray(normal(2, size, size, 3))

    def both(params: Any, state: Any, x: Any, trainable: Any, others: Any) -> tuple[Any, Any]:
        found, _ = ours.apply(params, state, {"image": x})
        expected, _ = theirs.stateless_call(trainable, others, x, training=False)
        return jnp.log(found["label"]), jnp.log(expected)

    kept = [
        [variable.value for variable in part] for part in (theirs.trainable_variables, theirs.non_trainable_variables)
    ]
    found, expected = jax.jit(both, compiler_options=QUICK)(params, state, x, *kept)
    assert np.std(expected) > 0.1
    close(found, expected, 1e-4)
