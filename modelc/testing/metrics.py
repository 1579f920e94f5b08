"""Tests of a metric: sums that add up over batches or are joined, independent of elements that do not count."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any

from modelc.plugin import Link, Metric
from modelc.testing.documents import thing
from modelc.testing.losses import of
from modelc.testing.numbers import FORWARD, garbage


def check_metric(
    metric: type[Metric] | str,
    arguments: Any,
    prediction: Any,
    target: Any,
    *,
    link: Link = None,
    oracle: Callable[[Any, Any], float] | None = None,
) -> None:
    """Run all tests of modelc's own metrics on a metric. Raises AssertionError.

    `prediction` and `target` are a batch of at least three rows; predictions are probabilities where `link` says so.
    `oracle` computes the metric of the two independently, and is compared to 1e-5.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    with thing(Metric, metric, arguments) as built:
        prediction, target = np.asarray(prediction), np.asarray(target)
        rows = len(prediction)
        assert rows > 2, "the predictions need at least three rows"
        assert built.better in ("higher", "lower"), f"`better` is {built.better!r}"
        assert built.takes_target, "a metric without a target is not for this test"
        counted = built.plan(of(prediction), of(target), link)
        assert isinstance(counted, tuple), f"plan gives {counted!r}, expected the shape of what is counted in one row"
        weight = np.ones(rows, "float32")

        def sums(*given: Any) -> dict[str, Any]:
            return dict(built.sums(*map(jnp.asarray, given), link))

        def result(sums: Mapping[str, Any]) -> float:
            arrays: dict[str, Any] = {name: np.asarray(value) for name, value in sums.items()}
            found = built.result(arrays)
            assert type(found) is float, f"the result is {type(found).__name__}, expected float"
            return found

        def same(found: float, expected: float, what: str) -> None:
            assert abs(found - expected) <= FORWARD * max(abs(expected), 0.1), f"{what}: {found}, expected {expected}"

        whole = sums(prediction, target, weight)
        value = result(whole)
        assert isfinite(value), f"the metric is {value}"
        parts = [
            sums(x, y, w) for x, y, w in zip(*(np.split(a, [1]) for a in (prediction, target, weight)), strict=True)
        ]
        shapes = [{name: (x.shape, x.dtype) for name, x in each.items()} for each in (whole, *parts)]
        assert not built.additive or shapes[0] == shapes[1] == shapes[2], f"sums grow with the batch: {shapes}"
        same(result(joined(built, parts)), value, "the sums of two batches")
        same(result(jax.jit(sums)(prediction, target, weight)), value, "jit")
        padded = [
            garbage(prediction),
            np.concatenate([target, target[:2]]),
            np.append(weight, [0, 0]).astype("float32"),
        ]
        same(result(sums(*padded)), value, "rows of weight zero")
        nothing = result({name: np.zeros_like(x) for name, x in whole.items()})
        assert isnan(nothing), f"the metric of nothing is {nothing}, expected NaN"
        if oracle is not None:
            same(value, float(oracle(prediction, target)), "oracle")


def joined(metric: Metric, parts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The sums of two batches as those of one."""
    import numpy as np

    if metric.additive:
        return {name: parts[0][name] + parts[1][name] for name in parts[0]}
    return metric.join([{name: np.asarray(value) for name, value in part.items()} for part in parts])
