"""Agreement of answers and truth beyond chance: Cohen's kappa, plain or weighted by the distance of classes."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import ThresholdedMetric, labels_of, spread
from modelc.compiler.library.metrics.counting import exact_total, pieces, scatter_parts, yes_and_no

POWERS = {"linear": 1, "quadratic": 2}


class CohenKappa(ThresholdedMetric):
    """How much better than by chance answers and truth agree: 1 is full agreement, 0 that of chance, and below 0 less.

    `1 - sum(w * c) / sum(w * e)`: `c` counts the pairs of true class and answer of the epoch, `e` is what their totals give by chance,
    and `w` is 1 where they differ. `weights: quadratic` takes the square of the distance of the classes `i` and `j`, `(i - j) ** 2`,
    and `linear` takes `|i - j|`: for grades and other classes in an order. An output whose loss is `binary_cross_entropy` has two classes, no and yes.
    Each of its values is an answer, yes where the probability is strictly greater than `threshold`, and all of them are counted
    together. Any other output `[..., classes]` answers with the class of its greatest value, and the target holds labels `[...]` or
    one-hot rows. It is NaN where all answers and all truths are one class. Follows scikit-learn `cohen_kappa_score`.
    """

    primary = "weights"
    spellings = ("kappa", "cohen_kappa_score", "cohens_kappa")
    values_of_words: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(("quadratic_weighted_kappa", "quadratic_kappa", "qwk"), "quadratic"),
        "linear_weighted_kappa": "linear",
        "weighted_kappa": ("linear", "quadratic"),
    }
    example = "cohen_kappa: quadratic"
    better = "higher"

    weights: Annotated[
        Literal["none", "linear", "quadratic"],
        Field(
            description="What a wrong answer weighs: all the same, by the distance of the classes, or by its square."
        ),
    ] = "none"

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        yes, no = yes_and_no(target, counts, output, one_answer=link != "sigmoid")
        classes = (int(yes.sum()), int(no.sum())) if link == "sigmoid" else yes
        return "" if np.count_nonzero(classes) > 1 else "all targets are of one class, so that it is 0, or NaN"

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        if link == "sigmoid":
            width, answers, truth = 2, prediction > self.threshold, target > 0.5
        else:
            width, answers, truth = prediction.shape[-1], jnp.argmax(prediction, axis=-1), labels_of(prediction, target)
        weights = spread(weight, answers).ravel()
        # What does not count may be no class.
        pairs = jnp.where(weights > 0, truth.ravel().astype(jnp.int32) * width + answers.ravel(), 0)
        return pieces({"pairs": scatter_parts(weights, pairs, width * width)})

    def result(self, sums: Mapping[str, Any]) -> float:
        counts = exact_total(sums, "pairs")
        width = round(len(counts) ** 0.5)
        pairs = counts.reshape(width, width)
        apart = np.abs(np.arange(width)[:, None] - np.arange(width)).astype(np.float64)
        weights = apart ** POWERS[self.weights] if self.weights in POWERS else np.minimum(apart, 1.0)
        by_chance = np.outer(pairs.sum(axis=1), pairs.sum(axis=0))
        expected = float((weights * by_chance).sum())
        return 1.0 - float((weights * pairs).sum() * pairs.sum()) / expected if expected else float("nan")
