"""Shipped models against the same models made of layers of Keras: as many parameters, and with the same ones the same values."""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras import ops

import modelc
from modelc.compiler.api import check_file
from modelc.compiler.graph.builder import Builder
from modelc.compiler.language.suggestions.reporter import Reporter
from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import QUICK

SPECS = Path(__file__).parent.parent / "specs"
L: Any = keras.layers


class Places(L.Layer):  # type: ignore[misc]  # Keras has no types
    """A vector for each place along the last axis but one, added to what stands there."""

    def build(self, shape: Any) -> None:
        self.embeddings = self.add_weight(shape=shape[-2:], name="embeddings")

    def call(self, x: Any) -> Any:
        return x + self.embeddings


class Function(L.Layer):  # type: ignore[misc]  # as above
    """What no layer of Keras computes, but its operations do."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, *inputs: Any) -> Any:
        return self.function(*inputs)

    def compute_output_spec(self, *inputs: Any) -> Any:
        examples = [jnp.zeros((2, *x.shape[1:]), x.dtype) for x in inputs]
        return keras.KerasTensor((None, *jax.eval_shape(self.function, *examples).shape[1:]))


def mlp(x: Any, width: int) -> Any:
    return L.Dense(width)(L.Dense(4 * width, "gelu")(x))


def swin(width: int = 64, heads: int = 4, depth: int = 4) -> Any:
    """The windows cut by transposing, where the spec cuts them as patches."""
    image = x = L.Input((28, 28))
    x = L.Dense(width)(Function(lambda x: ops.image.extract_patches(x[..., None], 2, padding="valid"))(x))
    for layer in range(depth):
        shift = 3 * (layer % 2)

        def cut(x: Any, shift: int = shift) -> Any:
            moved = ops.roll(x, (-shift, -shift), (1, 2))
            windows = ops.reshape(moved, (-1, 2, 7, 2, 7, width))
            return ops.reshape(ops.transpose(windows, (0, 1, 3, 2, 4, 5)), (-1, 4, 49, width))

        def joined(x: Any, shift: int = shift) -> Any:
            windows = ops.transpose(ops.reshape(x, (-1, 2, 2, 7, 7, width)), (0, 1, 3, 2, 4, 5))
            return ops.roll(ops.reshape(windows, (-1, 14, 14, width)), (shift, shift), (1, 2))

        windows = Places()(Function(cut)(L.LayerNormalization(epsilon=1e-5)(x)))
        attended = L.MultiHeadAttention(heads, width // heads, attention_axes=(2,))(windows, windows)
        x = L.Add()([x, Function(joined)(attended)])
        x = L.Add()([x, mlp(L.LayerNormalization(epsilon=1e-5)(x), width)])
    x = L.GlobalAveragePooling2D()(L.LayerNormalization(epsilon=1e-5)(x))
    return keras.Model(image, L.Dense(10, "softmax")(x))


def fnet(length: int = 128, vocabulary: int = 8000, width: int = 128, depth: int = 6) -> Any:
    words = x = L.Input((length,), dtype="int32")

    def mixed(x: Any) -> Any:
        return ops.fft2((x, ops.zeros_like(x)))[0]

    x = L.LayerNormalization(epsilon=1e-12)(Places()(L.Embedding(vocabulary, width)(x)))
    for _ in range(depth):
        x = L.LayerNormalization(epsilon=1e-12)(L.Add()([x, Function(mixed)(x)]))
        x = L.LayerNormalization(epsilon=1e-12)(L.Add()([x, mlp(x, width)]))
    return keras.Model(words, L.Dense(5, "softmax")(L.Dense(width, "tanh")(x[:, 0])))


def molecules(atoms: int = 40, bonds: int = 90, elements: int = 20, kinds: int = 5, width: int = 64) -> Any:
    """Messages by products with the ends of bonds as rows of zeros with a one in them."""
    element, kind, start, end = inputs = [L.Input((size,), dtype="int32") for size in (atoms, bonds, bonds, bonds)]

    def sent(state: Any, start: Any) -> Any:
        return ops.matmul(ops.one_hot(start, atoms), state)

    def arrived(message: Any, end: Any, kind: Any) -> Any:
        counted = ops.where(ops.expand_dims(kind, -1) > 0, message, 0)
        return ops.matmul(ops.swapaxes(ops.one_hot(end, atoms), 1, 2), counted)

    def mean(state: Any, element: Any) -> Any:
        there = ops.cast(ops.expand_dims(element > 0, -1), "float32")
        return ops.sum(there * state, 1) / ops.sum(there, 1)

    state, bond = L.Embedding(elements, width)(element), L.Embedding(kinds, 16)(kind)
    for _ in range(3):
        message = L.Dense(width, "relu")(L.Concatenate()([Function(sent)(state, start), bond]))
        sums = Function(arrived)(message, end, kind)
        change = L.Dense(width, "tanh")(L.Concatenate()([state, sums]))
        state = L.LayerNormalization()(L.Add()([state, change]))
    x = L.Dense(width, "relu")(Function(mean)(state, element))
    return keras.Model(inputs, L.Dense(1, "sigmoid")(x))


SMALL: dict[str, dict[str, int]] = {
    "swin": {"depth": 2, "width": 16},
    "fnet": {"length": 12, "vocabulary": 50, "width": 16, "depth": 2},
    "molecules": {"atoms": 6, "bonds": 10, "width": 8},
}
MODELS: dict[str, Callable[..., Any]] = {"swin": swin, "fnet": fnet, "molecules": molecules}


def shapes(task: Any) -> dict[str, dict[str, tuple[int, ...]]]:
    """The shapes of all weights, by path and name, in the order of the text."""
    builder, plans = Builder(Reporter(task.spec.document)), dict(task.planned.owned())
    builder.build(task.spec.model)
    found = {node.path: plans[node.path].params for node in builder.nodes}
    return {path: {name: entry.shape for name, entry in params.items()} for path, params in found.items() if params}


def rows(name: str, task: Any, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Four examples, of which the second has padding."""
    sizes = {key: type_.shape for key, type_ in task.planned.graph.inputs.items()}
    if name == "swin":
        return {"image": generator.random((4, 28, 28), "float32")}
    if name == "fnet":
        return {"words": generator.integers(1, 50, (4, *sizes["words"]))}
    ids = {key: generator.integers(1, 5, (4, *shape)) for key, shape in sizes.items()}
    ids["element"][1, -1:] = 0
    ids["kind"][1, 4:] = 0
    return ids


def log_odds(probabilities: Any) -> Any:
    return jnp.log(probabilities) - jnp.log1p(-probabilities)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_parameters_of_the_same_in_keras(name: str) -> None:
    task = check_file(SPECS / f"{name}.yaml").task
    assert task is not None
    assert (
        sum(prod(shape) for weights in shapes(task).values() for shape in weights.values())
        == MODELS[name]().count_params()
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_model_computes_what_the_same_in_keras_computes(name: str) -> None:
    settings = [f"vars.{key}={value}" for key, value in SMALL[name].items()]
    task = check_file(SPECS / f"{name}.yaml", settings=settings).task
    assert task is not None
    theirs, ours = MODELS[name](**SMALL[name]), modelc.compile(task)
    generator, order = np.random.default_rng(0), shapes(task)
    params = {
        path: {key: generator.normal(0, 0.8, shape).astype("float32") for key, shape in weights.items()}
        for path, weights in order.items()
    }
    expected_shapes = [variable.shape for variable in theirs.trainable_variables]
    assert [shape for weights in order.values() for shape in weights.values()] == expected_shapes
    inputs = {key: jnp.asarray(value) for key, value in rows(name, task, generator).items()}

    def both(params: Any, inputs: Any) -> tuple[Any, Any]:
        found, _ = ours.apply(params, {}, inputs)
        flat = [params[path][key] for path, weights in order.items() for key in weights]
        given = [inputs[key] for key in task.planned.graph.inputs]
        expected, _ = theirs.stateless_call(flat, [], given if len(given) > 1 else given[0], training=False)
        return log_odds(next(iter(found.values()))), log_odds(expected)

    found, expected = jax.jit(both, compiler_options=QUICK)(params, inputs)
    assert np.std(expected, axis=0).max() > 0.05
    close(found, expected, 1e-4)
