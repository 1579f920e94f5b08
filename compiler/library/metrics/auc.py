"""The area under the curve of all thresholds."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.lazy import Array, NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, Metric
from modelc.compiler.library.metrics.answers import need_answers, need_class, need_probabilities
from modelc.compiler.library.metrics.counted import Average, ClassId
from modelc.compiler.library.metrics.counting import pieces, ratio, whole
from modelc.compiler.library.metrics.thresholds import above, histograms


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
    spellings: ClassVar[tuple[str, ...]] = ("roc_auc", "roc_auc_score", "auroc")
    akin: ClassVar[tuple[str, ...]] = ("pr_auc", "average_precision")
    example: ClassVar[str] = "auc: {curve: PR}"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    curve: Annotated[Literal["ROC", "PR"], Field(description="Which curve.")] = "ROC"
    num_thresholds: Annotated[int, Field(ge=2, le=100_000, description="How many points the curve has.")] = 200
    class_id: ClassId = None
    average: Average = "macro"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        shape = need_answers(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        return shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        yes, no = histograms(prediction, target, weight, self.num_thresholds, least=1)
        return pieces({"yes": yes, "no": no})

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


def area_under_roc(true: NumpyArray, false: NumpyArray) -> NumpyArray:
    """By the trapezoidal rule, from counts `[thresholds, classes]` of positives above each threshold."""
    recall, fall_out = true / true[0], false / false[0]
    found: NumpyArray = ((fall_out[:-1] - fall_out[1:]) * (recall[:-1] + recall[1:]) / 2).sum(axis=0)
    return found


def area_under_pr(true: NumpyArray, false: NumpyArray) -> NumpyArray:
    """By interpolation of the counts between thresholds: `slope * (dtp + intercept * log(p_before / p_after)) /
    positives`."""
    answered = true + false
    found_there, answered_there = true[:-1] - true[1:], answered[:-1] - answered[1:]
    slope = ratio(found_there, answered_there)
    intercept = true[1:] - slope * answered[1:]
    both = (answered[:-1] > 0) & (answered[1:] > 0)
    relative = np.where(both, ratio(answered[:-1], answered[1:]), 1.0)
    areas: NumpyArray = (slope * (found_there + intercept * np.log(relative)) / true[0]).sum(axis=0)
    return areas
