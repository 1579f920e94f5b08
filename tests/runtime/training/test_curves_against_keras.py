"""Loss curves of whole runs against Keras 3: from the same weights, over the same batches, with the same schedule.

Two computations of the same sums drift apart as training goes on: Keras from itself too, once the rows of each batch stand in
another order. A curve agrees if it stays within 1e-4 of Keras's, or within twice of what Keras then differs from itself.
Epsilon is small here, since Keras adds it to a root that is not corrected for the first steps, and optax to the corrected one.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.dataset import Part
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.feeding import on_device
from modelc.runtime.training.step import make

L: Any = keras.layers
BATCH, STEPS, WARMUP = 32, 200, 20
RATE, DECAY, NORM, EPSILON = 0.005, 0.05, 1.0, 1e-10

ATTENTION = {"self_attention": {"num_heads": 2, "key_dim": 8}}
SPECS: dict[str, list[Any]] = {
    "mlp": ["flatten", {"dense": {"units": 32, "activation": "relu"}}, {"dense": {"units": 32, "activation": "relu"}}],
    "cnn": [
        {"reshape": [8, 8, 1]},
        {"conv2d": {"filters": 8, "kernel_size": 3, "use_bias": False}},
        "batch_norm",
        "relu",
        {"max_pool2d": 2},
        "flatten",
    ],
    "lstm": [{"lstm": 24}],
    "transformer": [
        {"dense": 16},
        {"residual": ["layer_norm", ATTENTION]},
        {"residual": ["layer_norm", {"dense": {"units": 32, "activation": "gelu"}}, {"dense": 16}]},
        "global_avg_pool1d",
    ],
}


def attended(x: Any) -> Any:
    normed = L.LayerNormalization(epsilon=1e-3)(x)
    return L.MultiHeadAttention(2, 8)(normed, normed)


def transformer(x: Any) -> Any:
    x = L.Dense(16)(x)
    x = L.Add()([x, attended(x)])
    x = L.Add()([x, L.Dense(16)(L.Dense(32, "gelu")(L.LayerNormalization(epsilon=1e-3)(x)))])
    return L.GlobalAveragePooling1D()(x)


def cnn(x: Any) -> Any:
    x = L.Conv2D(8, 3, use_bias=False)(L.Reshape((8, 8, 1))(x))
    return L.Flatten()(L.MaxPooling2D(2)(L.ReLU()(L.BatchNormalization()(x))))


BODIES: dict[str, Callable[[Any], Any]] = {
    "mlp": lambda x: L.Dense(32, "relu")(L.Dense(32, "relu")(L.Flatten()(x))),
    "cnn": cnn,
    "lstm": lambda x: L.LSTM(24)(x),
    "transformer": transformer,
}


@pytest.fixture(scope="module")
def batches() -> tuple[np.ndarray, np.ndarray]:
    """`STEPS` batches of scikit-learn's digits, between 0 and 1."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    generator = np.random.default_rng(0)
    rows = np.concatenate([generator.permutation(len(images)) for _ in range(4)])[: STEPS * BATCH]
    assert len(rows) == STEPS * BATCH
    return (images[rows].reshape(-1, 8, 8) / 16).astype(np.float32), labels[rows].astype(np.int32)


def ours(layers: list[Any], x: np.ndarray, y: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """The first weights in the order of the text, and the loss of each step."""
    schedule = {"cosine": {"learning_rate": RATE, "warmup_steps": WARMUP, "alpha": 0.1}}
    raw = {
        "modelc": 1,
        "name": "curve",
        "model": {"inputs": {"x": {"shape": [8, 8]}}, "layers": [*layers, {"dense": 10, "name": "y"}]},
        "data": {"source": {"npz": "rows.npz"}, "targets": {"y": {"category": {"column": "y", "classes": 10}}}},
        "train": {
            "loss": "cross_entropy",
            "optimizer": {"adamw": {"learning_rate": schedule, "weight_decay": DECAY, "epsilon": EPSILON}},
            "clip_gradients": {"global_norm": NORM},
            "batch_size": BATCH,
            "steps": STEPS,
        },
    }
    task = prepare(load(raw))
    steps = make(task, STEPS)
    data = on_device(Part({"x": x}, {"y": y}, len(x)), steps.placement)
    state = steps.first()
    order = {node.path: task.planned.plans[node.path].params for node in task.planned.graph.nodes}
    first = [np.asarray(state.params[path][name]) for path, params in order.items() for name in params]
    zero, found = steps.zero(data, BATCH), []
    rows = np.arange(STEPS * BATCH, dtype=np.int32).reshape(STEPS, BATCH)
    for step in range(STEPS):
        sums = jax.tree.map(jnp.copy, zero)
        state, sums = steps.single(state, sums, data, rows[[step]], np.array([BATCH], np.int32), np.int32(0))
        tally = Tally({})
        tally.add(sums)
        found.append(tally.values(task, "train")["train/loss"])
    return first, np.array(found)


def theirs(model: Any, first: list[Any]) -> Callable[[Any, Any], np.ndarray]:
    """A compiled run of Keras's own layers and optimizer: the loss of each step over batches."""
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, STEPS - WARMUP, alpha=0.1, warmup_target=RATE, warmup_steps=WARMUP
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY, epsilon=EPSILON, global_clipnorm=NORM)
    # Biases of attention have two axes.
    spared = [one for one in model.trainable_variables if len(one.shape) < 2 or one.name == "bias"]
    optimizer.exclude_from_weight_decay(spared)
    optimizer.build(model.trainable_variables)

    def step(carry: Any, batch: Any) -> Any:
        weights, others, moments = carry
        x, y = batch

        def objective(weights: Any) -> Any:
            logits, changed = model.stateless_call(weights, others, x, training=True)
            return jnp.mean(keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)), changed

        (loss, changed), gradients = jax.value_and_grad(objective, has_aux=True)(weights)
        weights, moments = optimizer.stateless_apply(moments, gradients, weights)
        return (weights, changed, moments), loss

    @jax.jit
    def run(x: Any, y: Any) -> Any:
        others = [one.value for one in model.non_trainable_variables]
        moments = [one.value for one in optimizer.variables]
        batches = x.reshape(STEPS, BATCH, *x.shape[1:]), y.reshape(STEPS, BATCH)
        return jax.lax.scan(step, ([jnp.asarray(one) for one in first], others, moments), batches)[1]

    return lambda x, y: np.asarray(run(x, y))


def within_batches(generator: np.random.Generator) -> np.ndarray:
    """The rows of each batch in another order."""
    return np.concatenate([start + generator.permutation(BATCH) for start in range(0, STEPS * BATCH, BATCH)])


@pytest.mark.parametrize("name", SPECS)
def test_a_curve_is_that_of_keras(name: str, batches: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = batches
    first, found = ours(SPECS[name], x, y)
    image = L.Input((8, 8))
    model = keras.Model(image, L.Dense(10)(BODIES[name](image)))
    assert [one.shape for one in model.trainable_variables] == [one.shape for one in first]
    run = theirs(model, first)
    expected = run(x, y)
    generator = np.random.default_rng(1)
    others = [run(x[order], y[order]) for order in (within_batches(generator) for _ in range(3))]
    drift = max(np.max(np.abs(other - expected) / expected) for other in others)
    difference = np.max(np.abs(found - expected) / expected)
    print(
        f"{name}: {difference:.1e} from Keras, Keras from itself {drift:.1e}, loss {expected[0]:.3f} to {expected[-1]:.3f}"
    )
    assert expected[-20:].mean() < 0.5 * expected[0]
    assert difference <= max(1e-4, 2 * drift)
