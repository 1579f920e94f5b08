"""The quantile loss, of one quantile or of several at once."""

from typing import Annotated

from pydantic import BeforeValidator

from modelc.compiler.library.base.fields import Field, Number, read_numbers
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need,
    need_equal_shapes,
    need_float_output,
    need_steps_apart,
    of_the_shape,
)

Quantiles = Annotated[
    tuple[Annotated[Number, Field(gt=0, lt=1)], ...],
    BeforeValidator(read_numbers),
    Field(min_length=1, description="The quantile to learn, or a list of them, one for each value on the last axis."),
]


class Quantile(Loss):
    """Learns a quantile of the target, such as what 90 of 100 values lie below: `q * e` where the target is greater, else `(q - 1) * e`.

    `e = target - output`, value by value; for one quantile `q` shapes are equal. For a list of them the output is `[..., quantiles]`,
    the target `[...]`, and an element, of shape `[...]`, the mean over the quantiles. The loss is the mean over all elements. With 0.5
    it is half the absolute error. Source: Koenker and Bassett 1978 (https://doi.org/10.2307/1913643); scikit-learn
    `mean_pinball_loss` with `alpha`.
    """

    primary = "quantiles"
    spellings = ("quantile_loss", "pinball", "pinball_loss", "quantile_regression", "mean_pinball_loss")
    example = "quantile: 0.9"
    of_numbers = True

    quantiles: Quantiles = (0.5,)

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        if len(self.quantiles) == 1:
            if target is not None:
                need_equal_shapes(output, target)
            return output.shape
        count = len(self.quantiles)
        message = f"there are {count} quantiles, and the output has shape {show_shape(output.shape)}"
        help = f"give the last axis of the output {count} values, as `dense: {count}` does"
        need(output.shape[-1:] == (count,), message, help=help, argument="quantiles", code="E304")
        need_steps_apart(output)
        shape = output.shape[:-1]
        message = (
            f"the {count} quantiles of an output {show_shape(output.shape)} are those of a target {show_shape(shape)}, "
            f"got {show_shape(target.shape) if target else ''}"
        )
        help = "give each value of the target its quantiles on the last axis of the output, with `reshape` for instance"
        need(target is None or target.shape == shape, message, help=help, code="E304")
        return shape

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return of_the_shape(output if len(self.quantiles) == 1 else output.with_shape(*output.shape[:-1]))

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        values = at_least_float32(output)
        truth = target.astype(values.dtype)
        shares = jnp.asarray(self.quantiles, values.dtype)
        if len(self.quantiles) == 1:
            return sided(values, truth, shares[0])
        return jnp.mean(sided(values, truth[..., None], shares), axis=-1)


def sided(values: Array, truth: Array, shares: Array) -> Array:
    """The distance of `truth` from `values`, weighed by the share of what lies on its side."""
    error = truth - values
    return jnp.maximum(shares * error, (shares - 1.0) * error)
