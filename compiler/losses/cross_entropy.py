"""Cross-entropy between classes: labels or distributions, told apart by shape."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.loss import Loss, at_least_float32, need, need_float
from modelc.compiler.numbers import Fraction
from modelc.compiler.tensor import TensorType, show_shape

if TYPE_CHECKING:
    from jax import Array


class CrossEntropy(Loss):
    """Cross-entropy of the softmax over the last axis: `-sum(target * log(softmax(output)))`.

    Output `[..., classes]`. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` distributions
    or one-hot rows. The elements have shape `[...]`. Follows Keras 3 `SparseCategoricalCrossentropy` and
    `CategoricalCrossentropy` (from logits).
    """

    primary: ClassVar[str | None] = None
    spellings: ClassVar[tuple[str, ...]] = (
        "sparse_categorical_crossentropy",
        "categorical_crossentropy",
        "CrossEntropyLoss",
        "crossentropy",
        "softmax_cross_entropy",
        "NLLLoss",
        "nll",
        "cce",
        "scce",
        "ce",
    )
    example: ClassVar[str] = "cross_entropy: {label_smoothing: 0.1}"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"

    label_smoothing: Annotated[
        Fraction, Field(description="The share of each target that is spread evenly over all classes.")
    ] = 0.0

    def plan(self, output: TensorType, target: TensorType | None) -> None:
        need_float(output)
        need(
            output.rank >= 1,
            "expected an axis of classes, the output is a single number",
            help="end in `dense` with one unit per class, or use `binary_cross_entropy`",
            code="E304",
        )
        need(
            output.shape[-1] > 1,
            f"over one class it is always 0, and the output has shape {show_shape(output.shape)}",
            help="for yes or no use `sigmoid` and the loss `binary_cross_entropy`, or give the output two values",
            code="E304",
        )
        if target is None or target.shape == output.shape:
            return
        labels = output.shape[:-1]
        need(target.shape == labels, self.mismatch(output, target), help=self.cure(output, target), code="E304")
        need(
            target.is_integer,
            f"labels must be integers, the target is {target}",
            help="read the target with `category`, or save its column as integers",
            note=f"an output of shape {show_shape(output.shape)} also takes distributions of that same shape",
            code="E304",
        )

    def mismatch(self, output: TensorType, target: TensorType) -> str:
        """What is said of a target that holds neither labels nor distributions for `output`."""
        return (
            f"output has shape {show_shape(output.shape)}, target has shape {show_shape(target.shape)}: expected "
            f"labels of shape {show_shape(output.shape[:-1])} or distributions of shape {show_shape(output.shape)}"
        )

    def cure(self, output: TensorType, target: TensorType) -> str:
        """What to do about it."""
        labels = output.shape[:-1]
        if target.shape == (*labels, 1):
            shape = show_shape(labels)
            return f"drop the last axis: `shape: {shape}` in its reader, as in `category: {{column: label, shape: {shape}}}`"
        if target.rank == output.rank and target.shape[:-1] == labels:
            return f"give the last layer {target.shape[-1]} units, one for each class of the target"
        if output.shape[:1] == target.shape and output.rank > 1:
            return "classes belong on the last axis of the output"
        return "put `flatten` or a pooling layer before the last `dense`, or name the right target"

    def classes(self, output: TensorType, target: TensorType | None) -> int | None:
        return output.shape[-1] if target is not None and target.shape == output.shape[:-1] else None

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0) if target is not None and target.shape == output.shape else None

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        import jax
        import jax.numpy as jnp

        assert target is not None, "cross_entropy takes a target"
        log_probabilities = jax.nn.log_softmax(at_least_float32(output))
        if target.shape == output.shape:
            picked = jnp.sum(target.astype(log_probabilities.dtype) * log_probabilities, axis=-1)
        else:
            # A comparison instead of a gather: its gradient is elementwise, that of a gather is a scatter.
            chosen = jnp.arange(output.shape[-1]) == target[..., None]
            picked = jnp.sum(jnp.where(chosen, log_probabilities, 0.0), axis=-1)
            # Labels are range-checked before training; one that slips through must show as NaN, never as a loss of 0.
            picked = jnp.where(jnp.any(chosen, axis=-1), picked, jnp.nan)
        if not self.label_smoothing:
            return -picked
        even = jnp.mean(log_probabilities, axis=-1)
        return -((1.0 - self.label_smoothing) * picked + self.label_smoothing * even)
