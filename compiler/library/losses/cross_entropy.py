"""Cross-entropy between classes: labels or distributions, told apart by shape."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Fraction
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.losses.class_loss import ClassLoss, expected


class CrossEntropy(ClassLoss):
    """Cross-entropy of the softmax over the last axis: `-sum(target * log(softmax(output)))`.

    Output `[..., classes]`. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` distributions
    or one-hot rows. The elements have shape `[...]`, and the loss is their mean. Follows Keras 3
    `SparseCategoricalCrossentropy` and `CategoricalCrossentropy` (from logits).

    With `class_weight` each element is multiplied by the weight of its class (for a distribution: the mean of the
    weights under it), and the sum is divided by the number of elements, not of weights: `sum(weight * loss) / n`, as in
    Keras. Weights count in validation too. `balanced` is `n / (classes * count of the class)` over the training rows, as
    in scikit-learn's `compute_class_weight`; a class without rows is an error.
    """

    keras: ClassVar[str] = "losses.CategoricalCrossentropy"
    torch: ClassVar[str] = "nn.CrossEntropyLoss"
    primary: ClassVar[str | None] = None
    spellings: ClassVar[tuple[str, ...]] = (
        "sparse_categorical_crossentropy",
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

    def compare(self, values: Array, target: Array) -> Array:
        return -expected(jax.nn.log_softmax(values), target, self.label_smoothing)
