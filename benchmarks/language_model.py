"""Losses of `specs/gpt.yaml`, made smaller, against the same model in hand-written JAX, on a text that comes with Python.

    python benchmarks/language_model.py [--epochs 6] [--width 96] [--depth 3]

The text is that of Python's `help()`, in the module `pydoc_data.topics`, under the licence of Python (PSF License Version 2).
Both begin with the same weights and take the same batches in the same order, with the same optimizer, schedule and clipping;
dropout, whose random numbers are each one's own, is left out. The hand-written peer is the fastest form its author knows: an
epoch in one `lax.scan` with donated state, and no checks. Ends with exit code 1 where the losses of an epoch differ by more
than 1e-4 of them. Seconds are those of whole epochs after the first, which compiles.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from modelc.compiler.api import check_file
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.compiler.lowering.rolled_repeats import to_named
from modelc.runtime.data.column_digests import NONE_KNOWN
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.data.order import batches_of
from modelc.runtime.training.execution import choose
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import NoSaver
from modelc.runtime.training.step import make

SPEC = Path(__file__).parent.parent / "specs" / "gpt.yaml"
LENGTH, BATCH, HELD_OUT = 64, 32, 20
RATE, WARMUP, DECAY, NORM = 0.003, 100, 0.1, 1.0
TOLERANCE = 1e-4

Columns = tuple[Any, Any]
"""Ids of characters `[rows, length]`, and those one later."""


class Recorder:
    """An observer that keeps the values of each epoch."""

    def __init__(self) -> None:
        self.values: list[dict[str, float]] = []

    def fitted(self, fitted: Any) -> None: ...

    def compiled(self, seconds: float) -> None: ...

    def progress(self, progress: Any) -> None: ...

    def epoch(self, record: Any, snapshot: Any) -> None:
        self.values.append(dict(record.values))

    def unscored(self, record: Any, monitor: str) -> None: ...

    def interrupted(self, snapshot: Any) -> None: ...


def text() -> tuple[Columns, Columns, int]:
    """Rows to train on, the last ones for validation, and how many characters there are."""
    from pydoc_data.topics import topics

    whole = "".join(topics[name] for name in sorted(topics))
    characters, ids = np.unique(np.array(list(whole)), return_inverse=True)
    rows = (len(ids) - 1) // LENGTH
    x, y = (ids[first : first + rows * LENGTH].reshape(rows, LENGTH).astype(np.int32) for first in (0, 1))
    # Whole batches, so that the peer needs no masks.
    held = rows // HELD_OUT // BATCH * BATCH
    kept = (rows - held) // BATCH * BATCH
    return (x[:kept], y[:kept]), (x[-held:], y[-held:]), len(characters)


def task_of(arguments: argparse.Namespace, vocabulary: int) -> PreparedTask:
    """The shipped spec in another size."""
    schedule = f"{{cosine: {{learning_rate: {RATE}, warmup_steps: {WARMUP}}}}}"
    settings = [
        f"vars={{vocabulary: {vocabulary}, length: {LENGTH}, width: {arguments.width}, depth: {arguments.depth}, heads: 4, dropout: 0}}",
        f"train.optimizer={{adamw: {{learning_rate: {schedule}, weight_decay: {DECAY}}}}}",
        f"train.clip_gradients={{global_norm: {NORM}}}",
        f"train.batch_size={BATCH}",
        f"train.epochs={arguments.epochs}",
    ]
    task = check_file(SPEC, settings=settings).task
    assert task is not None
    return prepare(task)


def ours(task: PreparedTask, rows: Columns, held: Columns) -> Iterator[dict[str, float]]:
    """The losses of each epoch, through the loop that `modelc train` runs."""
    recorder = Recorder()
    parts = (Part({"text": x}, {"next": y}, len(x)) for x, y in (rows, held))
    loop = Loop(task, Dataset(*parts, None, NONE_KNOWN), choose(task), recorder, lambda: False, NoSaver())
    state = loop.first()
    while True:
        state = loop.train_epoch(state)
        yield recorder.values[-1]


def first_weights(task: PreparedTask, total: int) -> Any:
    """What training begins with, by the names of this peer."""
    found = to_named(task.rolls, jax.device_get(make(task, total).first().params))
    blocks = []
    for index in range(sum(path.endswith("/self_attention") for path in found)):
        at = f"body/Transformer/{index}"
        attention = found[f"{at}/residual/self_attention"]
        blocks.append(
            {
                **{name: attention[f"{name}/kernel"] for name in ("query", "key", "value", "output")},
                "norm": found[f"{at}/residual/Norm/layer_norm"]["gamma"],
                "norm_2": found[f"{at}/residual_2/Norm/layer_norm"]["gamma"],
                "up": found[f"{at}/residual_2/dense"]["kernel"],
                "down": found[f"{at}/residual_2/dense_2"]["kernel"],
            }
        )
    return {
        "tokens": found["tokens"]["embeddings"],
        "places": found["body/position_embedding"]["embeddings"],
        "blocks": jax.tree.map(lambda *copies: np.stack(copies), *blocks),
        "norm": found["body/Norm/layer_norm"]["gamma"],
    }


def loss_of(weights: Any, x: Any, y: Any) -> Any:
    """The mean cross entropy of a GPT with its norms before each part, and without biases."""

    def norm(x: Any, scale: Any) -> Any:
        return jax.nn.standardize(x, axis=-1, epsilon=1e-5) * scale

    def block(h: Any, w: Any) -> Any:
        x = norm(h, w["norm"])
        query, key, value = (jnp.einsum("btd,dhk->bthk", x, w[name]) for name in ("query", "key", "value"))
        mixed = jax.nn.dot_product_attention(query, key, value, is_causal=True)
        h = h + jnp.einsum("bthk,hkd->btd", mixed, w["output"])
        return h + jax.nn.gelu(norm(h, w["norm_2"]) @ w["up"], approximate=False) @ w["down"], None

    h, _ = jax.lax.scan(block, weights["tokens"][x] + weights["places"], weights["blocks"])
    logits = norm(h, weights["norm"]) @ weights["tokens"].T
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def hand_written(task: PreparedTask, rows: Columns, held: Columns) -> Iterator[dict[str, float]]:
    """The same training as an expert writes it for this one model."""
    assert task.training is not None
    batches = batches_of(task.training.settings, len(rows[0]))
    total = task.training.settings.total_steps(len(rows[0]))
    rate = optax.warmup_cosine_decay_schedule(0.0, RATE, WARMUP, total)
    weights = jax.device_put(first_weights(task, total))
    # Copies of a block are stacked, so that their scales have two axes.
    decays = {name: name in ("tokens", "places") for name in ("tokens", "places", "norm")}
    decays |= {"blocks": {name: not name.startswith("norm") for name in weights["blocks"]}}
    transform = optax.chain(
        optax.clip_by_global_norm(NORM), optax.adamw(rate, eps=1e-7, weight_decay=DECAY, mask=decays)
    )

    def step(carry: Any, batch: Any) -> Any:
        weights, moments = carry
        x, y = rows[0][batch], rows[1][batch]
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, y)
        updates, moments = transform.update(gradients, moments, weights)
        return (optax.apply_updates(weights, updates), moments), loss

    rows = jax.device_put(rows)
    run = jax.jit(lambda carry, order: jax.lax.scan(step, carry, order), donate_argnums=0)
    score = jax.jit(lambda weights, x, y: jax.lax.map(lambda batch: loss_of(weights, *batch), (x, y)).mean())
    x, y = (one.reshape(-1, BATCH, LENGTH) for one in held)
    carry = weights, transform.init(weights)
    for epoch in range(1, 10**6):
        order, _ = batches(epoch).steps(0, len(rows[0]) // BATCH)
        carry, losses = run(carry, order)
        yield {"train/loss": float(losses.mean()), "validation/loss": float(score(carry[0], x, y))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--width", type=int, default=96, help="a multiple of 4")
    parser.add_argument("--depth", type=int, default=3, help="blocks")
    arguments = parser.parse_args()
    rows, held, vocabulary = text()
    task = task_of(arguments, vocabulary)
    peers = {"modelc": ours(task, rows, held), "hand-written": hand_written(task, rows, held)}
    print(
        f"{len(rows[0]):,} rows of {LENGTH} characters, {vocabulary} different ones; without learning {log(vocabulary):.3f}"
    )
    worst, seconds = 0.0, dict.fromkeys(peers, 0.0)
    for epoch in range(1, arguments.epochs + 1):
        found = {}
        for name, epochs in peers.items():
            begun = time.perf_counter()
            found[name] = next(epochs)
            seconds[name] += (time.perf_counter() - begun) * (epoch > 1)
        one, other = found.values()
        differences = {key: abs(one[key] - value) / value for key, value in other.items()}
        worst = max(worst, *differences.values())
        shown = "   ".join(
            f"{key} {one[key]:.5f}, {value:.5f} ({differences[key]:.1e})" for key, value in other.items()
        )
        print(f"epoch {epoch}: {shown}", flush=True)
    print(f"greatest difference {worst:.1e} (at most {TOLERANCE:.0e})")
    if arguments.epochs > 1:
        times = ", ".join(f"{name} {spent / (arguments.epochs - 1):.1f} s" for name, spent in seconds.items())
        print(f"an epoch: {times}, ratio {seconds['modelc'] / seconds['hand-written']:.2f}")
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
