"""Metrics over all thresholds of a probability: one score at a given level of another."""

from collections.abc import Mapping
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import need_answers, need_class, need_probabilities
from modelc.compiler.library.metrics.confusion import ClassId
from modelc.compiler.library.metrics.counting import Counts, exact_total, pieces, say_only, yes_and_no
from modelc.compiler.library.metrics.score_table import above_each, scores_of
from modelc.compiler.library.metrics.threshold_grid import OrderMetric, above, histograms

Least = Annotated[Number, Field(ge=0, le=1)]


class ThresholdMetric(OrderMetric):
    """Abstract: counts right and wrong answers at all thresholds, above which a probability is a yes."""

    better = "higher"

    class_id: ClassId = None

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        shape = need_answers(output, target, link)
        need_class(self.class_id, output)
        return shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        if self.num_thresholds is None:
            return scores_of(prediction, target, weight, class_id=self.class_id, pooled=True)
        yes, no = histograms(prediction, target, weight, self.num_thresholds, least=0)
        return pieces({"yes": yes, "no": no})

    def result(self, sums: Mapping[str, Any]) -> float:
        if self.num_thresholds is None:
            found = above_each(sums, 0)
            return float("nan") if found is None else self.best(*found)
        yes, no = (exact_total(sums, name) for name in ("yes", "no"))
        if self.class_id is not None:
            yes, no = yes[:, self.class_id], no[:, self.class_id]
        else:
            yes, no = yes.sum(axis=1), no.sum(axis=1)
        # Nothing is below the first threshold; what stands in the bucket of one is not above it.
        return self.best(above(yes), above(no), skipped=(yes, no))

    def best(self, true: NumpyArray, false: NumpyArray, skipped: tuple[NumpyArray, NumpyArray] | None = None) -> float:
        """The best score, from the yes and no from each threshold on, without the `skipped` that are on it."""
        if not true[0] + false[0]:
            return float("nan")
        found, wrong = (true, false) if skipped is None else (true - skipped[0], false - skipped[1])
        score, other, least = self.scores(Counts(found, wrong, true[0] - found, false[0] - wrong))
        good = other >= least
        return float(score[good].max()) if good.any() else 0.0

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        yes, no = yes_and_no(target, counts, output, one_answer=False)
        chosen = slice(None) if self.class_id is None else slice(self.class_id, self.class_id + 1)
        values = self.extremes(float(yes[chosen].sum()), float(no[chosen].sum()))
        return say_only(values.pop(), yes, no, self.class_id) if len(values) == 1 else ""

    def extremes(self, yes: float, no: float) -> set[float]:
        """The values of this metric, of so many yes and no, for the best and the worst order and for equal scores."""
        if self.num_thresholds is None:
            orders = (([yes, yes, 0], [no, 0, 0]), ([yes, 0, 0], [no, no, 0]), ([yes, 0], [no, 0]))
            return {self.best(np.array(true), np.array(false)) for true, false in orders}
        lowest, highest = np.eye(self.num_thresholds)[[0, -1]]
        places = [(yes * of_yes, no * of_no) for of_yes in (lowest, highest) for of_no in (lowest, highest)]
        return {self.best(above(true), above(false), skipped=(true, false)) for true, false in places}

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        """The score at each threshold, the other one, and how much of that there has to be, from the counts at each."""
        raise NotImplementedError


class PrecisionAtRecall(ThresholdMetric):
    """The best precision, `tp / (tp + fp)`, of all thresholds with a recall, `tp / (tp + fn)`, of at least `recall`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the recall. Every score is tried as a threshold,
    and a score at or above it is a yes; with `num_thresholds`, that many thresholds evenly from 0 to 1 are tried, and a
    probability strictly above one is a yes. All values are taken together, or those of `class_id` alone; of class
    probabilities each class is compared with the rest. Follows scikit-learn's curves, and with `num_thresholds` Keras 3
    `PrecisionAtRecall`, where 200 is the default.
    """

    primary = "recall"
    keras = "metrics.PrecisionAtRecall"
    example = "precision_at_recall: 0.8"

    recall: Annotated[Least, Field(description="The required recall.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.precision, counts.recall, self.recall


class RecallAtPrecision(ThresholdMetric):
    """The best recall, `tp / (tp + fn)`, of all thresholds with a precision, `tp / (tp + fp)`, of at least `precision`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the precision. Every score is tried as a
    threshold, and a score at or above it is a yes; with `num_thresholds`, that many thresholds evenly from 0 to 1 are
    tried, and a probability strictly above one is a yes. All values are taken together, or those of `class_id` alone;
    of class probabilities each class is compared with the rest. Follows scikit-learn's curves, and with
    `num_thresholds` Keras 3 `RecallAtPrecision`, where 200 is the default.
    """

    primary = "precision"
    keras = "metrics.RecallAtPrecision"
    example = "recall_at_precision: 0.8"

    precision: Annotated[Least, Field(description="The required precision.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.recall, counts.precision, self.precision


class SensitivityAtSpecificity(ThresholdMetric):
    """The best sensitivity, `tp / (tp + fn)`, of all thresholds with a specificity, `tn / (tn + fp)`, of at least
    `specificity`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the specificity. Every score is tried as a
    threshold, and a score at or above it is a yes; with `num_thresholds`, that many thresholds evenly from 0 to 1 are
    tried, and a probability strictly above one is a yes. All values are taken together, or those of `class_id` alone;
    of class probabilities each class is compared with the rest. Follows scikit-learn's curves, and with
    `num_thresholds` Keras 3 `SensitivityAtSpecificity`, where 200 is the default.
    """

    primary = "specificity"
    keras = "metrics.SensitivityAtSpecificity"
    example = "sensitivity_at_specificity: 0.8"

    specificity: Annotated[Least, Field(description="The required specificity.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.recall, counts.specificity, self.specificity


class SpecificityAtSensitivity(ThresholdMetric):
    """The best specificity, `tn / (tn + fp)`, of all thresholds with a sensitivity, `tp / (tp + fn)`, of at least
    `sensitivity`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the sensitivity. Every score is tried as a
    threshold, and a score at or above it is a yes; with `num_thresholds`, that many thresholds evenly from 0 to 1 are
    tried, and a probability strictly above one is a yes. All values are taken together, or those of `class_id` alone;
    of class probabilities each class is compared with the rest. Follows scikit-learn's curves, and with
    `num_thresholds` Keras 3 `SpecificityAtSensitivity`, where 200 is the default.
    """

    primary = "sensitivity"
    keras = "metrics.SpecificityAtSensitivity"
    example = "specificity_at_sensitivity: 0.8"

    sensitivity: Annotated[Least, Field(description="The required sensitivity.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.specificity, counts.recall, self.sensitivity
