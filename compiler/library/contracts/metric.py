"""The contract of a metric: sums over the rows of a batch on the device, one number from the sums of an epoch.

Sums add up, or are joined on the host, so that batches, chunks and processes can be joined in any order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.tensor_type import TensorType, show_shape

__all__ = ["Link", "Metric", "PlanError", "need"]

Link = Literal["softmax", "sigmoid"] | None
"""What the output's loss takes its values for: class probabilities, independent probabilities, or plain numbers."""


class Metric(Registered):
    """Abstract: each subclass is one metric. Predictions are probabilities where `link` says so, never logits.

    `takes_target` says whether it compares with a target; else its target is None.
    """

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "mask": "remove it: a metric leaves out what the mask of the loss of the same value leaves out",
        **dict.fromkeys(
            ("sample_weight", "weight"),
            "write `weighted: true` beside the metric: it then takes the weights that `sample_weight` in `data` reads",
        ),
    }
    takes_target: ClassVar[bool] = True
    of_answers: ClassVar[bool] = False
    """Whether it tells right answers from wrong ones, and takes the greatest of several values for the answer."""
    better: ClassVar[Literal["higher", "lower"]]
    arguments_before: ClassVar[Mapping[str, Any]] = {}
    """Arguments whose default was another one when runs did not record them, with that default."""

    @property
    def additive(self) -> bool:
        """Whether the sums of batches are added up, on the device; else `join` joins them, on the host."""
        return True

    @property
    def by_order(self) -> bool:
        """Whether only the order of predictions counts. It is then handed the logits of probabilities where they are
        known: these still differ where probabilities round to the same number.
        """
        return False

    def plan(self, *types: Any, **named: Any) -> tuple[int, ...]:
        """The shape of what is counted one by one in one row, a weight being of its first axes.

        Takes output, target and link. Raises `PlanError` for types that do not go together.
        """
        raise NotImplementedError

    def check_output(self, *types: Any, **named: Any) -> None:
        """Raises `PlanError` for what does not go together with the output, whatever its target is; `plan` does too.

        Takes output and link. The type of a target may be known only when the data is read.
        """

    def classes(self, *types: Any, **named: Any) -> int:
        """How many classes have a value of their own beside that of the metric, see `each`; 0 for none.

        Takes output and link, which `check_output` accepts.
        """
        return 0

    def caution(self, *types: Any, **named: Any) -> PlanError | None:
        """What is computed as it is written, and probably not meant: a warning, with the code of one.

        Takes output and link, which `check_output` accepts.
        """
        return None

    def bounds(self, *types: Any, **named: Any) -> tuple[float, float] | None:
        """The closed interval that target values must lie in, where their loss takes any; None where any will do.

        Takes output and target.
        """
        return None

    def undetermined(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        """Why this metric is NaN for `target` `[rows, ...]` whatever is predicted; empty where it has a value.

        `counts`, booleans of the same shape, says what counts of it: something does. What is given for labels has as
        many axes as `output`, else one more.
        """
        return ""

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        """Why this metric has one value, which is not NaN, for such targets, whatever is predicted; empty where it may
        differ. Takes what `undetermined` takes.
        """
        return ""

    def sums(self, *values: Any, **named: Any) -> Mapping[str, Array]:
        """Additive sums over a batch, of prediction, target, weight and link.

        `weight` is float32 of the batch and of first axes of what `plan` says is counted, zero where nothing counts.

        Values at weight zero may be anything, NaN too, and must not show: use `where`, not products.
        """
        raise NotImplementedError

    def join(self, parts: Sequence[Mapping[str, NumpyArray]]) -> Mapping[str, NumpyArray]:
        """The sums of several batches as those of one, where they do not add up; each may itself be joined.

        Takes and returns numpy arrays, whose size may grow up to a bound.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has sums that do not add up, and no `join`")

    def each(self, sums: Mapping[str, Any]) -> NumpyArray:
        """The value of each of its `classes` by their index, from the sums that `result` takes; NaN where it has none."""
        raise NotImplementedError(f"{type(self).__qualname__} has values of classes, and no `each`")

    def result(self, sums: Mapping[str, float]) -> float:
        """The metric of an epoch from its sums, as Python floats or numpy arrays; NaN where nothing was counted."""
        raise NotImplementedError


def mean_sums(values: Array, weight: Array) -> Mapping[str, Array]:
    """The sums of a mean of `values` (`[batch, ...]`, float32) where `weight` (of its first axes) counts.

    Axes that `weight` lacks are averaged first, so that `count` stays a count of rows (or steps): a float32 count of
    every pixel of an epoch would pass 2**24 and no longer be exact.
    """
    each = jnp.mean(values, axis=tuple(range(weight.ndim, values.ndim)))
    return {"total": jnp.sum(jnp.where(weight > 0, each * weight, 0.0)), "count": jnp.sum(weight)}


def mean_result(sums: Mapping[str, float]) -> float:
    """The mean that `mean_sums` prepared."""
    return float(sums["total"] / sums["count"]) if sums["count"] else float("nan")


class MeanMetric(Metric):
    """Abstract: a mean, of sums that are those of `mean_sums`."""

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result(sums)


def need_comparable(output: TensorType, target: TensorType) -> None:
    """Raise a `PlanError` unless `output` holds floats and `target` has exactly its shape: a metric never broadcasts."""
    help = "use the metric for an output with float values"
    need(output.is_float, f"the metric needs a float output, got {output.dtype}", help=help, code="E306")
    message = f"output has shape {show_shape(output.shape)}, target has shape {show_shape(target.shape)}"
    help = "this metric is computed elementwise: give both the same shape, or choose another metric"
    need(output.shape == target.shape, message, help=help, code="E306")
