"""Seconds per epoch of `specs/mnist_mlp.yaml` against the same model in hand-written JAX and in Keras 3, interleaved.

    python benchmarks/training.py [--rounds 5] [--rows 12800] [--keras]

Made data of MNIST's shapes, batch 32, sgd with momentum; every peer runs one epoch per round after one that compiles.
The hand-written peer is the fastest form its author knows: the whole epoch in one `lax.scan` with donated state, data on
the device, the loss from logits, no metrics, no checks. Ratios are ours to the peer's in the same round; below 1 is faster.
Keras comes with the extra `test`.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import numpy as np
import optax

from modelc.compiler.api import check_file
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.column_digests import NONE_KNOWN
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.training.execution import choose
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import NoSaver

SPEC = Path(__file__).parent.parent / "specs" / "mnist_mlp.yaml"
BATCH = 32
SIZES = (784, 256, 128, 10)


class Silent:
    """An observer that does nothing."""

    def fitted(self, fitted: Any) -> None: ...

    def compiled(self, seconds: float) -> None: ...

    def progress(self, progress: Any) -> None: ...

    def epoch(self, record: Any, snapshot: Any) -> None: ...
    def unscored(self, record: Any, monitor: str) -> None: ...
    def reduced(self, rate: float, why: str) -> None: ...

    def interrupted(self, snapshot: Any) -> None: ...


def ours(x: Any, y: Any) -> Iterator[None]:
    """One epoch of training for each `next`, through the loop that `modelc train` runs."""
    settings = ["train.epochs=1000", "train.optimizer={sgd: {learning_rate: 0.1, momentum: 0.5}}"]
    task = check_file(SPEC, settings=[*settings, "train.monitor=train/loss"]).task
    assert task is not None
    loop = Loop(
        prepare(task),
        Dataset(Part({"image": x}, {"digit": y}, len(x)), None, None, NONE_KNOWN),
        choose(task),
        Silent(),
        lambda: False,
        NoSaver(),
    )
    state = loop.first()
    while True:
        state = loop.train_epoch(state)
        state.train.step.block_until_ready()
        yield


def hand_written(x: Any, y: Any) -> Iterator[None]:
    """The same training as an expert writes it for this one model."""
    transform = optax.sgd(0.1, momentum=0.5)
    keys = jax.random.split(jax.random.key(0), 3)
    glorot = jax.nn.initializers.glorot_uniform()
    params = [(glorot(k, (m, n)), jnp.zeros(n)) for k, m, n in zip(keys, SIZES[:-1], SIZES[1:], strict=True)]

    def loss(params: Any, x: Any, y: Any) -> Any:
        x = x.reshape(len(x), -1)
        for kernel, bias in params[:-1]:
            x = jax.nn.relu(x @ kernel + bias)
        logits = x @ params[-1][0] + params[-1][1]
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    @jax.jit
    def epoch(carry: Any, x: Any, y: Any, key: Any) -> Any:
        order = jax.random.permutation(key, len(x)).reshape(-1, BATCH)

        def step(carry: Any, rows: Any) -> Any:
            params, optimizer = carry
            value, gradients = jax.value_and_grad(loss)(params, x[rows], y[rows])
            updates, optimizer = transform.update(gradients, optimizer, params)
            return (optax.apply_updates(params, updates), optimizer), value

        return jax.lax.scan(step, carry, order)

    carry = (params, transform.init(params))
    x, y = jax.device_put((x, y))
    for number in range(10**6):
        carry, values = epoch(carry, x, y, jax.random.key(number))
        values.block_until_ready()
        yield


def keras(x: Any, y: Any) -> Iterator[None]:
    """The same model in Keras 3 on the JAX backend, as its tutorial trains it."""
    import keras

    layers = keras.layers
    dense = [layers.Dense(256, "relu"), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
    model = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), *dense])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    while True:
        model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
        yield


def seconds(epochs: Iterator[None]) -> float:
    begun = time.perf_counter()
    next(epochs)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=12_800)
    parser.add_argument("--keras", action="store_true", help="time Keras too")
    arguments = parser.parse_args()
    generator = np.random.default_rng(0)
    x = generator.random((arguments.rows // BATCH * BATCH, 28, 28)).astype(np.float32)
    y = generator.integers(0, 10, len(x)).astype(np.int32)
    peers: dict[str, Callable[[Any, Any], Iterator[None]]] = {"modelc": ours, "hand-written": hand_written}
    if arguments.keras:
        peers["keras"] = keras
    running = {name: peer(x, y) for name, peer in peers.items()}
    for epochs in running.values():
        next(epochs)
    rounds = [{name: seconds(epochs) for name, epochs in running.items()} for _ in range(arguments.rounds)]
    print(f"{len(x):,} rows, {arguments.rounds} rounds, median seconds per epoch and median ratio of modelc to it")
    for name in running:
        times = [one[name] for one in rounds]
        ratios = [one["modelc"] / one[name] for one in rounds]
        print(f"{name:14} {statistics.median(times):7.3f} s   {statistics.median(ratios):5.2f}")


if __name__ == "__main__":
    main()
