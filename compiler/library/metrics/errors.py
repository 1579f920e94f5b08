"""Mean errors as metrics, most of them of the elements of the loss with the same name."""

from collections.abc import Mapping
from math import isnan, log10, sqrt
from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.formulas import FAR
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.contracts.metric import (
    Link,
    MeanMetric,
    Metric,
    PlanError,
    mean_result,
    mean_sums,
    need_comparable,
)
from modelc.compiler.library.losses import hinge, quantile, regression
from modelc.compiler.library.metrics.answers import AnswerMetric, need_class_target
from modelc.compiler.library.metrics.squares import exact_sum, squares

SMALLEST = 1e-300
"""What an error of 0 is taken for where its logarithm is computed."""
MOST_DECIBELS = 200.0
"""More than float32 can tell: its rounding alone is 144 decibels below the greatest value."""


class ElementwiseMetric(MeanMetric):
    """Abstract: prediction and target have equal shapes; the metric is the mean over all values that count."""

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        return output.shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return mean_sums(self.compare(prediction.astype(jnp.float32), target.astype(jnp.float32)), weight)

    def compare(self, prediction: Array, truth: Array) -> Array:
        """What the mean is taken of, for each value or each row of values; both in float32."""
        raise NotImplementedError


class MeanOfLoss(ElementwiseMetric):
    """Abstract: the mean of the elements of `loss`."""

    loss: ClassVar[type[Loss]]
    better = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return self.loss().elements(prediction, truth)


class MeanOfSquares(Metric):
    """Abstract: a mean of squares, which may be too small or too large for float32."""

    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        return output.shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        parts = self.parts(prediction.astype(jnp.float32), target.astype(jnp.float32))
        totals = {name: mean_sums(part, weight)["total"] for name, part in parts.items()}
        return {**totals, "count": jnp.sum(weight)}

    def parts(self, prediction: Array, truth: Array) -> Mapping[str, Array]:
        """The `squares` called `total` of what the mean is taken of; both in float32."""
        return squares("total", prediction, truth)

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result({"total": float(exact_sum(sums, "total")), "count": sums["count"]})


class MeanAbsoluteError(MeanOfLoss):
    """The mean of `|prediction - target|` over all values; shapes must be equal.

    Follows Keras 3 `MeanAbsoluteError`.
    """

    keras = "metrics.MeanAbsoluteError"
    spellings = ("mae", "mean_absolute", "absolute_error")
    example = "mean_absolute_error"
    loss = regression.MeanAbsoluteError


class MeanSquaredError(MeanOfSquares):
    """The mean of `(prediction - target) ** 2` over all values; shapes must be equal.

    Follows Keras 3 `MeanSquaredError`.
    """

    keras = "metrics.MeanSquaredError"
    spellings = ("mse", "mean_squared", "squared_error")
    example = "mean_squared_error"


class RootMeanSquaredError(MeanOfSquares):
    """The square root of the mean of `(prediction - target) ** 2` over all values of the epoch; shapes must be equal.

    Follows Keras 3 `RootMeanSquaredError`.
    """

    keras = "metrics.RootMeanSquaredError"
    spellings = ("rmse", "root_mean_squared")
    example = "root_mean_squared_error"

    def result(self, sums: Mapping[str, float]) -> float:
        return sqrt(super().result(sums))


class PeakSignalToNoiseRatio(MeanOfSquares):
    """How small the mean squared error is beside the range of values, in decibels: `10 * log10(max_value ** 2 / error)`; shapes must
    be equal.

    The error is the mean over all values of the epoch, as in torchmetrics `PeakSignalNoiseRatio`; where each image has its own and these
    are averaged, as with `tf.image.psnr` and Keras 3 `ops.psnr` of one image, values are greater. It is at most 200, which exact
    predictions have.
    """

    primary = "max_value"
    spellings = ("psnr", "peak_signal_noise_ratio", "PeakSignalNoiseRatio")
    example = "peak_signal_to_noise_ratio: 1.0"
    better = "higher"

    max_value: Annotated[
        Positive, Field(description="The range of values: 1 for images from 0 to 1, 255 for those of bytes.")
    ]

    def result(self, sums: Mapping[str, float]) -> float:
        error = super().result(sums)
        # Of NaN the smaller of two is whichever stands first.
        return (
            error if isnan(error) else min(20 * log10(self.max_value) - 10 * log10(max(error, SMALLEST)), MOST_DECIBELS)
        )


class MeanAbsolutePercentageError(MeanOfLoss):
    """The mean of `100 * |prediction - target| / max(|target|, 1e-7)` over all values; shapes must be equal.

    Follows Keras 3 `MeanAbsolutePercentageError`.
    """

    keras = "metrics.MeanAbsolutePercentageError"
    spellings = ("mape", "percentage_error")
    example = "mean_absolute_percentage_error"
    loss = regression.MeanAbsolutePercentageError


class SymmetricMeanAbsolutePercentageError(MeanOfLoss):
    """The mean of `200 * |prediction - target| / max(|prediction| + |target|, 1e-7)`, from 0 to 200; shapes must be equal.

    Source: Makridakis 1993 (https://doi.org/10.1016/0169-2070(93)90079-3) as the M4 competition has it; sktime and others give
    half of it, or a hundredth.
    """

    spellings = ("smape", "symmetric_mape", "symmetric_percentage_error")
    example = "symmetric_mean_absolute_percentage_error"
    loss = regression.SymmetricMeanAbsolutePercentageError


class WeightedAbsolutePercentageError(Metric):
    """The sum of all errors in percent of the sum of all targets: `100 * sum(|prediction - target|) / sum(|target|)`; shapes must be
    equal.

    Sums run over the whole epoch, so that targets near 0 are no difficulty. It is NaN where all targets are 0. Source: Kolassa and
    Schütz 2007, `MAD/Mean`; torchmetrics `WeightedMeanAbsolutePercentageError` is a hundredth of it.
    """

    spellings = ("wape", "wmape", "weighted_mean_absolute_percentage_error", "mad_mean_ratio")
    example = "weighted_absolute_percentage_error"
    better = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        return output.shape

    def undetermined(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        return "" if target[counts].any() else "all targets are 0"

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        guess, truth = prediction.astype(jnp.float32), target.astype(jnp.float32)
        errors, sizes = (mean_sums(jnp.abs(values), weight)["total"] for values in (guess - truth, truth))
        return {"errors": errors, "sizes": sizes}

    def result(self, sums: Mapping[str, float]) -> float:
        return 100.0 * float(sums["errors"] / sums["sizes"]) if sums["sizes"] else float("nan")


class Quantile(Metric):
    """The mean of the quantile loss: `q * e` where the target is greater, else `(q - 1) * e`, `e = target - prediction`.

    For one quantile `q` shapes are equal; for a list of them the output is `[..., quantiles]`, the target `[...]`, and the mean is over
    quantiles too. Follows scikit-learn `mean_pinball_loss` with `alpha`.
    """

    primary = "quantiles"
    spellings = ("quantile_loss", "pinball", "pinball_loss", "mean_pinball_loss")
    example = "quantile: 0.9"
    better = "lower"

    quantiles: quantile.Quantiles = (0.5,)

    @property
    def loss(self) -> quantile.Quantile:
        return quantile.Quantile(quantiles=self.quantiles)

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        try:
            return self.loss.plan(output, target)
        except PlanError as error:
            raise PlanError(error.message, help=error.help, argument=error.argument, code="E306") from None

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return mean_sums(self.loss.elements(prediction.astype(jnp.float32), target), weight)

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result(sums)


class MeanSquaredLogarithmicError(MeanOfLoss):
    """The mean of `(log(1 + prediction) - log(1 + target)) ** 2` over all values; shapes must be equal.

    What is below 1e-7 is taken for 1e-7, as in Keras 3 `MeanSquaredLogarithmicError`; scikit-learn
    `mean_squared_log_error` takes values above -1 as they are.
    """

    keras = "metrics.MeanSquaredLogarithmicError"
    spellings = ("msle", "squared_log_error", "mean_squared_log_error")
    example = "mean_squared_logarithmic_error"
    loss = regression.MeanSquaredLogarithmicError


class LogCosh(MeanOfSquares):
    """The mean of `log(cosh(prediction - target))` over all values; shapes must be equal.

    Follows Keras 3 `LogCoshError`.
    """

    keras = "metrics.LogCoshError"
    spellings = ("logcosh",)
    example = "log_cosh"

    def parts(self, prediction: Array, truth: Array) -> Mapping[str, Array]:
        # Half the square to all digits where the error is small; a large one is not squared.
        halves = {name: part / 2 for name, part in squares("total", prediction, truth).items()}
        small = jnp.abs(prediction - truth) < 1 / FAR
        total = jnp.where(small, 0.0, regression.LogCosh().elements(prediction, truth))
        return {"total": total, "total/small": halves["total/small"]}


class Poisson(MeanOfLoss):
    """The mean of `prediction - target * log(prediction + 1e-7)` over all values; shapes must be equal.

    Follows Keras 3 `Poisson`.
    """

    keras = "metrics.Poisson"
    spellings = ("poisson_nll",)
    example = "poisson"
    loss = regression.Poisson


class Hinge(MeanOfLoss):
    """The mean of `max(1 - target * prediction, 0)` over all values; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. Follows Keras 3 `Hinge`.
    """

    keras = "metrics.Hinge"
    example = "hinge"
    loss = hinge.Hinge


class SquaredHinge(MeanOfSquares):
    """The mean of `max(1 - target * prediction, 0) ** 2` over all values; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. Follows Keras 3 `SquaredHinge`.
    """

    keras = "metrics.SquaredHinge"
    example = "squared_hinge"

    def parts(self, prediction: Array, truth: Array) -> Mapping[str, Array]:
        return squares("total", hinge.hinge(prediction, truth))


class CategoricalHinge(AnswerMetric, MeanMetric):
    """The mean of `max(wrong - right + 1, 0)`: the score of the true class, and the greatest of the others, at least 0.

    Output `[..., classes]`, target labels `[...]` or one-hot rows `[..., classes]`; the mean is over `[...]`. Follows
    Keras 3 `CategoricalHinge`.
    """

    keras = "metrics.CategoricalHinge"
    spellings = ("multiclass_hinge",)
    example = "categorical_hinge"
    better = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_class_target(output, target)
        return output.shape[:-1]

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return mean_sums(hinge.CategoricalHinge().elements(prediction.astype(jnp.float32), target), weight)
