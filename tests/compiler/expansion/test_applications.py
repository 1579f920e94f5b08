"""What `keras.applications` does between its layers, in numbers and stretched axes, can be written in the language."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
from keras.src.applications import inception_resnet_v2, mobilenet_v3

import modelc
from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import normal

applications: Any = (mobilenet_v3, inception_resnet_v2)


def spec(nodes: str, **inputs: list[int]) -> dict[str, Any]:
    from modelc.compiler.syntax.document import read

    document, problems = read(f"nodes:{nodes}", "nodes.yaml")
    assert document is not None and not problems
    shapes = {name: {"shape": shape} for name, shape in inputs.items()}
    return {"modelc": 1, "model": {"inputs": shapes, **document.data, "outputs": ["y"]}}


def test_squeeze_and_excite_of_mobilenet_v3() -> None:
    ours = modelc.compile(
        spec(
            """
  gate:
    from: x
    layers:
      - global_avg_pool2d: {keepdims: true}
      - conv2d: {filters: 8, kernel_size: 1, padding: same, activation: relu}
        name: narrow
      - conv2d: {filters: 16, kernel_size: 1, padding: same}
        name: wide
      - rescaling: {scale: 1, offset: 3}
      - relu6
      - rescaling: 1/6
  y: {from: [x, gate], multiply: {broadcast: true}}
""",
            x=[5, 3, 16],
        )
    )
    given = keras.Input((5, 3, 16))
    theirs = keras.Model(given, applications[0]._se_block(given, 16, 0.25, ""))
    weights = [normal(*weight.shape, seed=seed) for seed, weight in enumerate(theirs.get_weights())]
    theirs.set_weights(weights)
    names = [("gate/narrow", "kernel"), ("gate/narrow", "bias"), ("gate/wide", "kernel"), ("gate/wide", "bias")]
    params: dict[str, dict[str, Any]] = {}
    for (path, name), weight in zip(names, weights, strict=True):
        params.setdefault(path, {})[name] = jnp.asarray(weight)
    x = jnp.asarray(normal(2, 5, 3, 16))
    found, _ = ours.apply(params, {}, {"x": x})
    close(found["y"], theirs(x), 1e-5)


def test_scaled_residual_of_inception_resnet_v2() -> None:
    ours = modelc.compile(
        spec(
            """
  small: {from: up, rescaling: 0.17}
  y: {from: [x, small], add}
""",
            x=[3, 4],
            up=[3, 4],
        )
    )
    x, up = jnp.asarray(normal(2, 3, 4)), jnp.asarray(normal(2, 3, 4, seed=1))
    found, _ = ours.apply({}, {}, {"x": x, "up": up})
    close(found["y"], applications[1].CustomScaleLayer(0.17)([x, up]), 1e-6)


def test_parts_of_a_split_are_named_where_they_are_used() -> None:
    ours = modelc.compile(
        spec(
            """
  halves: {from: x, split: 2}
  gate: {from: halves.part_1, sigmoid}
  y: {from: [halves.part_0, gate], multiply}
""",
            x=[6],
        )
    )
    x = jnp.asarray(normal(2, 6))
    found, _ = ours.apply({}, {}, {"x": x})
    np.testing.assert_allclose(found["y"], x[:, :3] / (1 + jnp.exp(-x[:, 3:])), rtol=1e-5)
