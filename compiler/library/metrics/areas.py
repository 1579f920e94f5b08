"""Areas under curves of a probability: ROC, and precision over recall."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import need_answers, need_class, need_probabilities
from modelc.compiler.library.metrics.confusion import Average, ClassId
from modelc.compiler.library.metrics.counting import exact_total, pieces, ratio, yes_and_no
from modelc.compiler.library.metrics.score_table import above_each, scores_of
from modelc.compiler.library.metrics.threshold_grid import OrderMetric, above, histograms


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
    related = ("pr_auc", "average_precision")
    example = "auc: {curve: PR}"
    better = "higher"

    curve: Annotated[Literal["ROC", "PR"], Field(description="The curve.")] = "ROC"
    class_id: ClassId = None
    average: Average = "macro"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        shape = need_answers(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        return shape

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
        if self.num_thresholds is None:
            return self.area_of_scores(sums)
        yes, no = exact_total(sums, "yes"), exact_total(sums, "no")
        if self.class_id is not None:
            yes, no = yes[:, [self.class_id]], no[:, [self.class_id]]
        elif self.average == "micro":
            yes, no = yes.sum(axis=1, keepdims=True), no.sum(axis=1, keepdims=True)
        has_curve = self.has_curve(yes.sum(axis=0), no.sum(axis=0))
        if not has_curve.any():
            return float("nan")
        true, false = above(yes[:, has_curve]), above(no[:, has_curve])
        areas = area_under_roc(true, false) if self.curve == "ROC" else area_under_pr(true, false)
        return float(areas.mean())

    def area_of_scores(self, sums: Mapping[str, Any]) -> float:
        """The mean area of the columns of a score table; NaN if one of their scores is NaN, or none has a curve."""
        areas = []
        for column in range(sums["scores"].shape[1]):
            found = above_each(sums, column)
            if found is None:
                return float("nan")
            true, false = (counts[:, None] for counts in found)
            if self.has_curve(true[0], false[0]).all():
                areas.append(
                    float(area_under_roc(true, false)[0] if self.curve == "ROC" else average_precision(*found))
                )
        return float(np.mean(areas)) if areas else float("nan")

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
