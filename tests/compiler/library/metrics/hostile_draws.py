"""Data that metrics go wrong on: ties, tiny spreads, values far from 0, one class, no class, one row, masks, weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.library.contracts.metric import Link, Metric
from tests.compiler.library.layers.running import QUICK
from tests.compiler.library.metrics.batching import BATCH, Numbers, together

Kind = Literal["yes", "classes", "distributions", "numbers", "positives"]
"""What prediction and target are: probabilities of a yes, class probabilities with labels or distributions, numbers."""
WIDTH = 4
STEPS = 3


@dataclass(frozen=True)
class Draw:
    """One drawn comparison. `weight` is of rows or, with `steps`, of steps; `cuts` are the lengths of the batches."""

    prediction: Numbers
    target: Numbers
    weight: Numbers
    link: Link
    cuts: tuple[int, ...]

    @property
    def counted(self) -> "Draw":
        """What counts, `[values, ...]` each with its weight, as float64."""
        kept = self.weight > 0
        prediction, target = self.prediction[kept].astype(np.float64), self.target[kept]
        if prediction.ndim == 1:
            prediction, target = prediction[:, None], target[:, None]
        target = target if target.dtype.kind in "iu" and target.ndim == 1 else target.astype(np.float64)
        return replace(self, prediction=prediction, target=target, weight=self.weight[kept].astype(np.float64))


def draw(kind: Kind, random: np.random.Generator, *, by_order: bool, steps: bool, flat: bool) -> Draw:
    """`by_order` draws logits in place of probabilities, `steps` `[rows, steps, ...]`, `flat` values without an axis."""
    rows = (1, 2, 3, int(random.integers(4, 70)))[random.choice(4)]
    shape = (rows, STEPS) if steps else (rows,)
    width = int(random.choice([1, 2, WIDTH]))
    if kind == "yes":
        values = () if flat and not steps else (width,)
        link: Link = "sigmoid"
        prediction, target = yes_or_no(random, (*shape, *values), by_order)
    elif kind in ("classes", "distributions"):
        link = "softmax"
        prediction, target = classes(random, shape, by_order, kind)
    else:
        link = None
        prediction, target = numbers(random, (*shape, WIDTH), kind == "positives")
    weights: Sequence[Any] = (
        np.ones(shape),
        random.uniform(0.1, 3, shape),
        random.random(shape) > 0.4,
        np.zeros(shape),
    )
    weight = weights[random.choice(4, p=[0.4, 0.25, 0.3, 0.05])].astype(np.float32)
    cuts: list[int] = []
    while sum(cuts) < rows:
        cuts.append(min(int(random.integers(1, BATCH + 1)), rows - sum(cuts)))
    return Draw(prediction.astype(np.float32), target, weight, link, tuple(cuts))


def yes_or_no(random: np.random.Generator, shape: tuple[int, ...], by_order: bool) -> tuple[Numbers, Numbers]:
    hidden = random.normal(size=shape)
    guesses = hidden + random.choice([0.3, 1.0, 5.0]) * random.normal(size=shape)
    truths = (
        hidden > random.choice([-1.5, 0.0, 1.5]),
        np.ones(shape),
        np.zeros(shape),
        # One of several values, or the last row, is of one kind alone.
        np.concatenate([np.zeros((1, *shape[1:])), np.ones((shape[0] - 1, *shape[1:]))]),
        (hidden > 0) & (np.arange(shape[-1]) > 0),
    )
    target = truths[random.choice(5, p=[0.6, 0.1, 0.1, 0.1, 0.1])].astype(np.float32)
    scale, shift = [(1, 0), (1e-4, 0), (1e-6, 0), (0.5, -9), (0.5, 12), (1, 80), (30, 0), (0, 0.3), (1e-3, -1)][
        random.choice(9)
    ]
    logits = (scale * guesses + shift).astype(np.float32)
    if random.random() < 0.2:
        logits = np.round(guesses)
    if by_order:
        return logits, target
    return 1 / (1 + np.exp(-logits.astype(np.float64))), target


def classes(random: np.random.Generator, shape: tuple[int, ...], by_order: bool, kind: Kind) -> tuple[Numbers, Numbers]:
    hidden = random.normal(size=(*shape, WIDTH))
    scale = random.choice([1.0, 1e-4, 30.0, 80.0, 0.0])
    logits = scale * (hidden + random.choice([0.3, 2.0]) * random.normal(size=hidden.shape))
    if random.random() < 0.2:
        logits = np.round(logits)
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    chances = np.float32(chances / chances.sum(-1, keepdims=True)).astype(np.float64)
    # XLA takes the smallest numbers of float32 for 0.
    chances = np.where(chances < np.finfo(np.float32).tiny, 0.0, chances)
    prediction = logits if by_order else chances
    if kind == "distributions":
        target = random.dirichlet(np.full(WIDTH, random.choice([0.05, 1.0, 20.0])), size=shape)
        return prediction, (target, chances, np.eye(WIDTH)[hidden.argmax(-1)])[random.choice(3)].astype(np.float32)
    labels = [hidden.argmax(-1), hidden.argmax(-1) % 2, np.full(shape, 2), (hidden.argmax(-1) + 1) % WIDTH]
    target = labels[random.choice(4, p=[0.5, 0.2, 0.1, 0.2])].astype(np.int32)
    return prediction, (target if random.random() < 0.5 else np.eye(WIDTH, dtype=np.float32)[target])


def numbers(random: np.random.Generator, shape: tuple[int, ...], positive: bool) -> tuple[Numbers, Numbers]:
    far, wide = [(0, 1), (7000, 11), (1e6, 1), (1e8, 100), (-7000, 11), (0, 1e-4), (0, 1e4), (1, 1e-5)][
        random.choice(8)
    ]
    truth = random.normal(size=shape)
    guesses = truth + random.choice([0.1, 1.0, 10.0]) * random.normal(size=shape)
    if positive:
        far, truth, guesses = abs(far), np.abs(truth), np.abs(guesses)
    if random.random() < 0.2:
        truth, guesses = np.round(truth), np.round(guesses)
    if random.random() < 0.2:
        truth = np.sort(truth, axis=0)
    if random.random() < 0.1:
        truth = np.where(np.arange(shape[-1]) == 1, truth.max(), truth)
    if random.random() < 0.05:
        truth = np.full(shape, 0.3)
    if random.random() < 0.1:
        # One batch of outliers, among many that are not.
        truth[: shape[0] // 4] += 1e4
        guesses[: shape[0] // 4] += 1e4
    if random.random() < 0.05:
        guesses = truth
    return (far + wide * guesses).astype(np.float32), (far + wide * truth).astype(np.float32)


@cache
def compiled(metric: Metric, link: Link) -> Any:
    """The sums of a metric in one program, which pays where many batches have one shape."""
    return jax.jit(lambda p, t, w: metric.sums(p, t, w, link), compiler_options=QUICK)


def measured(metric: Metric, given: Draw, *, once: bool) -> float:
    """The metric over the batches of `given`, each padded with rows of weight 0: NaN, and no class.

    Of few draws each operation runs by itself, `once`: to compile them together would take longer.
    """
    batches, start = [], 0
    for length in given.cuts:
        parts = []
        for place, array in enumerate((given.prediction, given.target, given.weight)):
            filling = 0 if place == 2 else np.nan if array.dtype.kind == "f" else 99
            padded = np.full((BATCH, *array.shape[1:]), filling).astype(array.dtype)
            padded[:length] = array[start : start + length]
            parts.append(jnp.asarray(padded))
        sums = metric.sums(*parts, given.link) if once else compiled(metric, given.link)(*parts)
        batches.append({name: np.asarray(value) for name, value in sums.items()})
        start += length
    return metric.result(together(metric, batches))
