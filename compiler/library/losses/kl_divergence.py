"""The divergence of distributions over classes."""

from typing import ClassVar, Literal

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need,
    need_equal_shapes,
    need_float_output,
    need_steps_apart,
)


class KLDivergence(Loss):
    """Kullback-Leibler divergence of the target from the softmax of the output: `sum(t * log(t / softmax(output)))`.

    Output and target `[..., classes]`; target values lie in [0, 1], and 0 adds nothing. The elements have shape
    `[...]`, and the loss is their mean. Its gradient is that of `cross_entropy`. Follows Keras 3 `KLDivergence`, which
    takes probabilities and clips both at 1e-7.
    """

    keras: ClassVar[str] = "losses.KLDivergence"
    torch: ClassVar[str] = "nn.KLDivLoss"
    spellings: ClassVar[tuple[str, ...]] = ("kld", "kullback_leibler_divergence", "kl_div")
    example: ClassVar[str] = "kl_divergence"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        need(
            output.rank >= 1 and output.shape[-1] > 1,
            f"a distribution needs classes, the output has shape {show_shape(output.shape)}",
            help="give the last axis of the output one value per class",
            code="E304",
        )
        need_steps_apart(output)
        if target is not None:
            need_equal_shapes(output, target)
        return output.shape[:-1]

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "kl_divergence takes a target"
        log_probabilities = jax.nn.log_softmax(at_least_float32(output))
        return comparisons.divergence(log_probabilities, target.astype(log_probabilities.dtype))
