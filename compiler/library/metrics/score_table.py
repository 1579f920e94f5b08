"""Every score of an epoch and how much is right of it, for metrics of the order of scores: exact up to a bound.

The device hands over the scores of each batch; the host joins them. Beyond `MOST` values, neighbouring scores are
counted as one, in buckets of about equal shares of the yes and of the no.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from modelc.compiler.library.base.formulas import one_hot
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.metrics.answers import spread

MOST = 2**22
"""How many values are kept; they take 20 bytes each."""
NAMES = ("scores", "yes", "no")


def scores_of(
    prediction: Array, target: Array, weight: Array, *, class_id: int | None, pooled: bool
) -> Mapping[str, Array]:
    """The scores of a batch `[values, columns]`, and their weights as a yes and as a no; 0 in both where none counts.

    A column is a class, or value on the last axis, `class_id` the only one; `pooled` puts all of them into one column.
    """
    if prediction.ndim == 1:
        prediction, target = prediction[:, None], target[:, None]
    values = prediction.astype(jnp.float32)
    weights = spread(weight, values)
    truth = one_hot(target, values) > 0.5
    parts = (values, jnp.where(truth, weights, 0.0), jnp.where(truth, 0.0, weights))
    width = 1 if pooled and class_id is None else values.shape[-1]
    columns = slice(None) if class_id is None else slice(class_id, class_id + 1)
    return {name: part.reshape(-1, width)[:, columns] for name, part in zip(NAMES, parts, strict=True)}


def join_scores(parts: Sequence[Mapping[str, NumpyArray]]) -> Mapping[str, NumpyArray]:
    """The scores of several batches as one table, with at most `MOST` values."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in NAMES}
    counted = (joined["yes"] + joined["no"] > 0).any(axis=1)
    joined = {name: values[counted] for name, values in joined.items()}
    rows, columns = joined["scores"].shape
    return compress(joined, max(MOST // 2 // columns, 2)) if rows * columns > MOST else joined


def compress(table: Mapping[str, NumpyArray], most: int) -> Mapping[str, NumpyArray]:
    """`table` with at most `most` scores in each column: equal ones as one, and then neighbours as the greatest of them."""
    shorter = []
    for column in range(table["scores"].shape[1]):
        scores, yes, no = distinct(table, column)
        if len(scores) > most:
            shares = [np.floor(np.cumsum(kind) / max(kind.sum(), 1e-300) * (most // 2 - 1)) for kind in (yes, no)]
            # A bucket ends where either share reaches its next part.
            ends = np.flatnonzero(np.append((np.diff(shares[0]) > 0) | (np.diff(shares[1]) > 0), True))
            starts = np.concatenate([[0], ends[:-1] + 1])
            scores, yes, no = scores[ends], np.add.reduceat(yes, starts), np.add.reduceat(no, starts)
        shorter.append((scores, yes, no))
    longest = max(len(scores) for scores, _, _ in shorter)

    def padded(place: int) -> NumpyArray:
        return np.stack([np.pad(column[place], (0, longest - len(column[place]))) for column in shorter], axis=1)

    return {name: padded(place) for place, name in enumerate(NAMES)}


def distinct(table: Mapping[str, NumpyArray], column: int) -> tuple[NumpyArray, NumpyArray, NumpyArray]:
    """The distinct scores of a column that count, ascending, and the weights of the yes and of the no of each."""
    scores, yes, no = (np.asarray(table[name])[:, column] for name in NAMES)
    counted = (yes > 0) | (no > 0)
    scores, yes, no = scores[counted], yes[counted].astype(np.float64), no[counted].astype(np.float64)
    order = np.argsort(scores, kind="stable")
    scores, yes, no = scores[order], yes[order], no[order]
    if not len(scores):
        return scores, yes, no
    starts = np.flatnonzero(np.concatenate([[True], scores[1:] != scores[:-1]]))
    return scores[starts], np.add.reduceat(yes, starts), np.add.reduceat(no, starts)


def above_each(table: Mapping[str, Any], column: int) -> tuple[NumpyArray, NumpyArray] | None:
    """The weight of the yes, and of the no, from each distinct score of a column on, `[scores + 1]`, the last 0.

    None if a score is NaN: it has no place in the order.
    """
    scores, yes, no = distinct(table, column)
    if np.isnan(scores).any():
        return None
    true, false = (np.append(kind[::-1].cumsum()[::-1], 0.0) for kind in (yes, no))
    return true, false
