"""Counts that stay exact over an epoch, and true and false positives and negatives of each class.

A float32 stops counting at 2**24. A batch is therefore counted in parts of at most `PART` values, and every sum is kept
as two, a multiple of 4096 and the rest, both of which can be added up in float32 for far longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import labels_of, spread

PART = 2**16
PIECE = 4096
KINDS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of an epoch, `[classes]` or `[thresholds]` each, as float64."""

    true_positives: NumpyArray
    false_positives: NumpyArray
    false_negatives: NumpyArray
    true_negatives: NumpyArray

    def all(self) -> tuple[NumpyArray, ...]:
        return self.true_positives, self.false_positives, self.false_negatives, self.true_negatives

    @property
    def precision(self) -> NumpyArray:
        """`tp / (tp + fp)`, 0 for 0 / 0, as the other ratios."""
        return ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> NumpyArray:
        return ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> NumpyArray:
        return ratio(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def empty(self) -> bool:
        """Whether nothing was counted."""
        return not sum(float(numbers.sum()) for numbers in self.all())

    def of(self, class_id: int | None) -> "Counts":
        """Those of one class, `[1]`, or all of them for None."""
        return self if class_id is None else Counts(*(numbers[[class_id]] for numbers in self.all()))

    def pooled(self) -> "Counts":
        """All classes as one, `[1]`."""
        return Counts(*(numbers.sum(keepdims=True) for numbers in self.all()))


def pieces(totals: Mapping[str, Array]) -> Mapping[str, Array]:
    """The totals of the parts of a batch, `[parts, ...]`, each as the two sums that are added up, `[...]`."""
    found = {}
    for name, total in totals.items():
        high = jnp.floor(total / PIECE)
        found[name] = jnp.sum(total - high * PIECE, axis=0)
        found[f"{name}/{PIECE}"] = jnp.sum(high, axis=0)
    return found


def sum_parts(values: Array) -> Array:
    """The sums over the first axis of `[values, ...]` in each part of it, `[parts, ...]`."""
    parts = -(-len(values) // PART)
    if parts <= 1:
        return jnp.sum(values, axis=0, keepdims=True)
    missing = jnp.zeros((parts * PART - len(values), *values.shape[1:]), values.dtype)
    return jnp.sum(jnp.concatenate([values, missing]).reshape(parts, PART, *values.shape[1:]), axis=1)


def scatter_parts(values: Array, places: Array, size: int) -> Array:
    """The sums of `values` at each of `size` `places` in each part of them, `[parts, size]`."""
    parts = max(-(-len(values) // PART), 1)
    part = jnp.arange(len(values)) // PART
    return jax.ops.segment_sum(values, part * size + places, parts * size).reshape(parts, size)


def exact_total(sums: Mapping[str, Any], name: str) -> NumpyArray:
    """The sum called `name` out of its two parts, as float64."""
    found: NumpyArray = np.asarray(sums[name], np.float64) + PIECE * np.asarray(sums[f"{name}/{PIECE}"], np.float64)
    return found


def read_counts(sums: Mapping[str, Any]) -> Counts:
    """The counts that `pieces(count(...))` adds up to."""
    return Counts(*(exact_total(sums, kind) for kind in KINDS))


def count(prediction: Array, target: Array, weight: Array, link: Link, threshold: float) -> Mapping[str, Array]:
    """The counts of each class, or value on the last axis, `[parts, classes]` each.

    Yes-or-no outputs answer yes above `threshold`, a target above 0.5 is a yes; other outputs answer with one class.
    """
    if link == "sigmoid":
        yes, truth = prediction > threshold, target > 0.5
        if prediction.ndim == 1:
            yes, truth = yes[:, None], truth[:, None]
        return count_yes(yes, truth, spread(weight, yes))
    return count_labels(prediction, labels_of(prediction, target), weight)


def count_yes(yes: Array, truth: Array, weight: Array) -> Mapping[str, Array]:
    """The counts of independent answers `[..., values]`."""
    width = yes.shape[-1]
    both = (yes & truth, yes & ~truth, ~yes & truth, ~yes & ~truth)
    return {
        kind: sum_parts(jnp.where(of, weight, 0.0).reshape(-1, width)) for kind, of in zip(KINDS, both, strict=True)
    }


def count_labels(prediction: Array, labels: Array, weight: Array) -> Mapping[str, Array]:
    """The counts of answers that are one class of `[..., classes]`."""
    weights = spread(weight, labels).ravel()
    # What does not count may be any number, and no class.
    answers = jnp.where(weights > 0, jnp.argmax(prediction, axis=-1).ravel(), 0)
    truth = jnp.where(weights > 0, labels.ravel().astype(answers.dtype), 0)

    def by_class(weights: Array, classes: Array) -> Array:
        return scatter_parts(weights, classes, prediction.shape[-1])

    right = by_class(jnp.where(answers == truth, weights, 0.0), answers)
    wrong = by_class(jnp.where(answers == truth, 0.0, weights), answers)
    missed = by_class(jnp.where(answers == truth, 0.0, weights), truth)
    rest = sum_parts(weights)[:, None] - right - wrong - missed
    return dict(zip(KINDS, (right, wrong, missed, rest), strict=True))


def yes_and_no(
    target: NumpyArray, counts: NumpyArray, output: TensorType, *, one_answer: bool
) -> tuple[NumpyArray, NumpyArray]:
    """How much of a target `[rows, ...]` that `counts` is a yes, and a no, of each class or value, `[classes]` each.

    With `one_answer` the greatest of the values of an output is its only yes.
    """
    width = output.shape[-1] if output.shape else 1
    if target.ndim > output.rank and not one_answer:
        kept = counts.reshape(-1, width)
        yes = (kept & (target.reshape(-1, width) > 0.5)).sum(axis=0)
        return yes, kept.sum(axis=0) - yes
    if target.ndim > output.rank:
        target, counts = target.argmax(axis=-1), counts[..., 0]
    labels = target[counts]
    yes = np.bincount(labels, minlength=width)
    return yes, len(labels) - yes


def say_only(value: float, yes: NumpyArray, no: NumpyArray, class_id: int | None) -> str:
    """Why a metric has the one `value`, from how much of the targets of each class is a yes, and a no."""
    chosen = slice(None) if class_id is None else slice(class_id, class_id + 1)
    ours, others = int(yes[chosen].sum()), int(no[chosen].sum())
    some = f"{ours:,} of {ours + others:,} targets are" if ours else "no target is"
    of = "" if class_id is None else f" of class {class_id}"
    return f"{some if others else 'every target is'} a yes{of}, so that it is {value:g}"


def ratio(part: NumpyArray, of: NumpyArray) -> NumpyArray:
    """`part / of`, 0 where `of` is."""
    found: NumpyArray = np.divide(part, of, out=np.zeros_like(part), where=of > 0)
    return found
