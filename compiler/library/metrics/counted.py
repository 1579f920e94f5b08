"""What metrics have in common that are taken from counts of right and wrong answers."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import ThresholdedMetric, need_class
from modelc.compiler.library.metrics.counting import Counts, count, pieces, read_counts

Average = Annotated[
    Literal["macro", "micro"],
    Field(description="The mean over the classes (macro), or one score of all answers together (micro)."),
]
ClassId = Annotated[int | None, Field(ge=0, description="Score this class, or value, alone; null scores all.")]


class CountedMetric(ThresholdedMetric):
    """Abstract: counts, for each class, answers that are right (true) and wrong (false), for it (positive) and
    against."""

    class_id: ClassId = None

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        shape = super().plan(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        return shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return pieces(count(prediction, target, weight, link, self.threshold))

    def result(self, sums: Mapping[str, float]) -> float:
        counts = read_counts(sums)
        return float("nan") if counts.empty else self.score(counts.of(self.class_id))

    def score(self, counts: Counts) -> float:
        """The metric from the counts of the classes that it is about."""
        raise NotImplementedError
