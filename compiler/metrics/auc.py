"""The area under the curve of all thresholds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from modelc.compiler.comparisons import one_hot
from modelc.compiler.metric import Link, Metric, need, need_equal
from modelc.compiler.metrics.answers import need_class, need_class_target, need_probabilities, spread
from modelc.compiler.metrics.counted import Average, ClassId
from modelc.compiler.metrics.counting import pieces, ratio, whole
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    import numpy as np
    from jax import Array

    Numbers = np.ndarray[Any, Any]


class AUC(Metric):
    """The area under the ROC curve (true over false positive rate) or the PR curve (precision over recall).

    The curve has `num_thresholds` points: thresholds evenly from 0 to 1, a probability strictly above one being a yes;
    so the area is exact for probabilities rounded to that grid only. Between the points the ROC curve is straight, and
    the PR curve follows Davis and Goadrich 2006 (https://doi.org/10.1145/1143844.1143874), as in Keras 3 `AUC`.

    Output `[..., classes]` of probabilities; of class probabilities each class is held against the rest, the target
    being labels `[...]` or one-hot rows. `macro` is the mean of the areas of all classes that have a curve (rows of
    both kinds; for PR, yes rows), NaN if there are none; `micro` is one curve of all values together, which is Keras's
    default.
    """

    keras: ClassVar[str] = "metrics.AUC"
    primary: ClassVar[str | None] = "curve"
    spellings: ClassVar[tuple[str, ...]] = ("roc_auc", "roc_auc_score", "auroc", "pr_auc", "average_precision")
    example: ClassVar[str] = "auc: {curve: PR}"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    curve: Annotated[Literal["ROC", "PR"], Field(description="Which curve.")] = "ROC"
    num_thresholds: Annotated[int, Field(ge=2, le=100_000, description="How many points the curve has.")] = 200
    class_id: ClassId = None
    average: Average = "macro"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        if link == "sigmoid":
            need_equal(output, target)
        else:
            need_class_target(output, target)
        need_class(self.class_id, output)
        need(
            self.class_id is None or "average" not in self.model_fields_set,
            "`average` has nothing to do for one class",
            help="leave out `average` or `class_id`",
            argument="average",
            code="E306",
        )
        return output.shape if link == "sigmoid" else output.shape[:-1]

    def sums(self, prediction: "Array", target: "Array", weight: "Array", link: Link) -> Mapping[str, "Array"]:
        import jax
        import jax.numpy as jnp

        if prediction.ndim == 1:
            prediction, target = prediction[:, None], target[:, None]
        values = prediction.astype(jnp.float32)
        weights = spread(weight, values)
        # The last threshold below each value: a value is strictly above those up to it.
        below = jnp.ceil(jnp.clip(values, 0.0, 1.0) * (self.num_thresholds - 1)) - 1
        buckets = jnp.where(weights > 0, jnp.maximum(below, 0), 0).astype(jnp.int32)
        width = values.shape[-1]
        places = (buckets * width + jnp.arange(width)).ravel()
        yes = one_hot(target, values) > 0.5

        def histogram(kept: "Array") -> "Array":
            chosen = jnp.where(kept, weights, 0.0).ravel()
            return jax.ops.segment_sum(chosen, places, self.num_thresholds * width).reshape(-1, width)

        return pieces({"yes": histogram(yes), "no": histogram(~yes)})

    def result(self, sums: Mapping[str, Any]) -> float:
        yes, no = whole(sums, "yes"), whole(sums, "no")
        if self.class_id is not None:
            yes, no = yes[:, [self.class_id]], no[:, [self.class_id]]
        elif self.average == "micro":
            yes, no = yes.sum(axis=1, keepdims=True), no.sum(axis=1, keepdims=True)
        has_curve = yes.sum(axis=0) > 0
        if self.curve == "ROC":
            has_curve &= no.sum(axis=0) > 0
        if not has_curve.any():
            return float("nan")
        true, false = above(yes[:, has_curve]), above(no[:, has_curve])
        areas = area_under_roc(true, false) if self.curve == "ROC" else area_under_pr(true, false)
        return float(areas.mean())


def above(histogram: "Numbers") -> "Numbers":
    """How many values are above each threshold, from how many are between each and the next."""
    found: Numbers = histogram[::-1].cumsum(axis=0)[::-1]
    return found


def area_under_roc(true: "Numbers", false: "Numbers") -> "Numbers":
    """By the trapezoidal rule, from counts `[thresholds, classes]` of positives above each threshold."""
    recall, fall_out = true / true[0], false / false[0]
    found: Numbers = ((fall_out[:-1] - fall_out[1:]) * (recall[:-1] + recall[1:]) / 2).sum(axis=0)
    return found


def area_under_pr(true: "Numbers", false: "Numbers") -> "Numbers":
    """By interpolation of the counts between thresholds: `slope * (dtp + intercept * log(p_before / p_after)) /
    positives`."""
    import numpy as np

    answered = true + false
    found_there, answered_there = true[:-1] - true[1:], answered[:-1] - answered[1:]
    slope = ratio(found_there, answered_there)
    intercept = true[1:] - slope * answered[1:]
    both = (answered[:-1] > 0) & (answered[1:] > 0)
    relative = np.where(both, ratio(answered[:-1], answered[1:]), 1.0)
    areas: Numbers = (slope * (found_there + intercept * np.log(relative)) / true[0]).sum(axis=0)
    return areas
