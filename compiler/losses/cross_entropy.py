"""Cross-entropy between classes: labels or distributions, told apart by shape."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from modelc.compiler.loss import at_least_float32
from modelc.compiler.losses.class_loss import ClassLoss, expected
from modelc.compiler.losses.class_weight import ClassWeight, by_index, weight_vector
from modelc.compiler.numbers import Fraction
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class CrossEntropy(ClassLoss):
    """Cross-entropy of the softmax over the last axis: `-sum(target * log(softmax(output)))`.

    Output `[..., classes]`. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` distributions
    or one-hot rows. The elements have shape `[...]`, and the loss is their mean. Follows Keras 3
    `SparseCategoricalCrossentropy` and `CategoricalCrossentropy` (from logits).

    With `class_weight` each element is multiplied by the weight of its class (for a distribution: the mean of the
    weights under it), and the sum is divided by the number of elements, not of weights: `sum(weight * loss) / n`, as in
    Keras. Weights count in validation too.
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
    class_weight: Annotated[
        ClassWeight, Field(description="How much classes count, by name or index; others count 1.")
    ] = None

    def with_classes(self, names: tuple[str, ...], output: TensorType) -> Self:
        if not self.class_weight:
            return self
        return self.model_copy(update={"class_weight": by_index(self.class_weight, names, output.shape[-1])})

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        import jax
        import jax.numpy as jnp

        assert target is not None, "cross_entropy takes a target"
        log_probabilities = jax.nn.log_softmax(at_least_float32(output))
        losses = -expected(log_probabilities, target, self.label_smoothing)
        if not self.class_weight:
            return losses
        weights = weight_vector(self.class_weight, output.shape[-1], losses)
        return losses * expected(jnp.broadcast_to(weights, output.shape), target)
