"""Areas under curves of a probability: ROC, and precision over recall."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, need
from modelc.compiler.library.metrics.answers import (
    PerClass,
    need_answers,
    need_class,
    need_probabilities,
    need_several,
    width_of,
)
from modelc.compiler.library.metrics.confusion import Average, ClassId
from modelc.compiler.library.metrics.counting import exact_total, pieces, ratio, yes_and_no
from modelc.compiler.library.metrics.score_table import above_each, scores_of
from modelc.compiler.library.metrics.threshold_grid import OrderMetric, above, histograms

WITHOUT_CURVE = -1.0
"""What stands for the area of a class without a curve: no area is below 0."""


class AUC(OrderMetric):
    """The area under the ROC curve (true over false positive rate) or the PR curve (precision over recall).

    The output holds probabilities: of yes and no by a sigmoid, one value such as `[1]` or several, or of classes by a
    softmax, `[..., classes]`. Of a softmax each class is compared with the rest, and the target holds labels `[...]` or
    one-hot rows. Several values or classes have a curve each, and `macro` is the mean of their areas. Left out are those
    without a curve: ROC needs rows that are yes and rows that are no, PR rows that are yes. It is NaN if none has a
    curve. `micro` takes all values together for one curve, as Keras does by default.

    The curve has a point for every score, as in scikit-learn: ROC is `roc_auc_score`, where equal scores count half,
    and PR is `average_precision_score`, the mean of the precisions at each yes, without interpolation. The scores are
    the logits of the probabilities, which still differ where probabilities round to 0 or 1. Up to 4,194,304 values are
    kept as they are; of more, scores next to each other are counted as equal, in groups of about the same size.

    With `num_thresholds` the curve has that many points instead, one for each threshold. They are spaced evenly from 0
    to 1, and a probability strictly above the threshold is a yes. Keras 3 `AUC` does so, with 200. Scores between two
    thresholds then count as equal; if all probabilities are small, the area can be 0.5 whatever the model has learnt.
    Between the points the ROC curve is straight, and the PR curve follows Davis and Goadrich 2006
    (https://doi.org/10.1145/1143844.1143874).
    """

    keras = "metrics.AUC"
    primary = "curve"
    spellings = ("roc_auc", "roc_auc_score", "auroc")
    values_of_words: ClassVar[Mapping[str, Any]] = dict.fromkeys(
        ("pr_auc", "auprc", "average_precision", "average_precision_score"), "PR"
    )
    example = "auc: {curve: PR}"
    better = "higher"

    curve: Annotated[Literal["ROC", "PR"], Field(description="The curve.")] = "ROC"
    class_id: ClassId = None
    average: Average = "macro"
    per_class: PerClass = False

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        shape = need_answers(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        if self.per_class:
            need_several(output, self.class_id)
            message = "`per_class` is for a curve of each class, and `micro` is one of all values"
            help = "remove `average: micro`, or write a second `auc` with a `name`"
            need(self.average == "macro", message, help=help, argument="per_class", code="E306")
        return shape

    def classes(self, output: TensorType, link: Link) -> int:
        return width_of(output) if self.per_class else 0

    def undetermined(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        if self.has_curve(*self.yes_and_no(target, counts, output)).any():
            return ""
        return f"no class has a yes{' and a no' if self.curve == 'ROC' else ''} among the targets"

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        yes, no = self.yes_and_no(target, counts, output)
        # The precision of a class without a no is 1 from any score on.
        if self.curve == "ROC" or no[yes > 0].any() or not yes.any():
            return ""
        return "no class has a yes and a no among the targets, so that it is 1"

    def yes_and_no(self, target: NumpyArray, counts: NumpyArray, output: TensorType) -> tuple[NumpyArray, NumpyArray]:
        """How much of the target is a yes, and a no, of each curve."""
        yes, no = yes_and_no(target, counts, output, one_answer=False)
        if self.class_id is not None:
            yes, no = yes[[self.class_id]], no[[self.class_id]]
        elif self.average == "micro":
            yes, no = yes.sum(keepdims=True), no.sum(keepdims=True)
        return yes, no

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        if self.num_thresholds is None:
            return scores_of(prediction, target, weight, class_id=self.class_id, pooled=self.average == "micro")
        yes, no = histograms(prediction, target, weight, self.num_thresholds, least=1)
        return pieces({"yes": yes, "no": no})

    def result(self, sums: Mapping[str, Any]) -> float:
        areas = self.areas(sums)
        curves = [area for area in areas if area != WITHOUT_CURVE]
        return float(np.mean(curves)) if curves else float("nan")

    def each(self, sums: Mapping[str, Any]) -> NumpyArray:
        areas = self.areas(sums)
        return np.where(areas == WITHOUT_CURVE, np.nan, areas)

    def areas(self, sums: Mapping[str, Any]) -> NumpyArray:
        """The area under each curve; NaN where a score is NaN, `WITHOUT_CURVE` where there is no curve."""
        if self.num_thresholds is None:
            return np.asarray([self.area_of_scores(sums, column) for column in range(sums["scores"].shape[1])])
        yes, no = exact_total(sums, "yes"), exact_total(sums, "no")
        if self.class_id is not None:
            yes, no = yes[:, [self.class_id]], no[:, [self.class_id]]
        elif self.average == "micro":
            yes, no = yes.sum(axis=1, keepdims=True), no.sum(axis=1, keepdims=True)
        has_curve = self.has_curve(yes.sum(axis=0), no.sum(axis=0))
        areas = np.full(len(has_curve), WITHOUT_CURVE)
        if has_curve.any():
            true, false = above(yes[:, has_curve]), above(no[:, has_curve])
            areas[has_curve] = area_under_roc(true, false) if self.curve == "ROC" else area_under_pr(true, false)
        return areas

    def area_of_scores(self, sums: Mapping[str, Any], column: int) -> float:
        """The area of a column of a score table, see `areas`."""
        found = above_each(sums, column)
        if found is None:
            return float("nan")
        true, false = (counts[:, None] for counts in found)
        if not self.has_curve(true[0], false[0]).all():
            return WITHOUT_CURVE
        return float(area_under_roc(true, false)[0] if self.curve == "ROC" else average_precision(*found))

    def has_curve(self, yes: NumpyArray, no: NumpyArray) -> NumpyArray:
        """Which classes have a curve, from how much of each is a yes and a no."""
        found: NumpyArray = (yes > 0) & (no > 0) if self.curve == "ROC" else yes > 0
        return found


def average_precision(true: NumpyArray, false: NumpyArray) -> float:
    """The sum of the precision at each score times the recall that it adds, from counts from each score on."""
    precision = ratio(true[:-1], true[:-1] + false[:-1])
    return float(((true[:-1] - true[1:]) * precision).sum() / true[0])


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
