"""The contract of a loss: values per element from an output and its target; the caller averages, weighs and masks.

A loss with an `activation` computes from logits, the values before that activation: the compiler hands them over.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.errors import PlanError, need
from modelc.compiler.named import Named
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array

__all__ = ["Loss", "PlanError", "need"]


class Loss(Named):
    """Abstract: each subclass is one loss.

    `activation` names the activation whose inverse the loss contains (`softmax`, `sigmoid`): `elements` then takes logits.
    `inputs` is how many edges `of` names, `takes_target` whether there is a target.
    """

    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = None
    takes_target: ClassVar[bool] = True

    def plan(self, output: TensorType, target: TensorType | None) -> None:
        """Check the types against each other. Raises `PlanError`; a target of None is not known yet."""
        raise NotImplementedError

    def classes(self, output: TensorType, target: TensorType | None) -> int | None:
        """How many classes integer targets are drawn from (`0 <= label < classes`); None where targets are no labels."""
        return None

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        """Losses of shape `[batch, ...]`, in at least float32. The loss of a batch is their mean over real elements."""
        raise NotImplementedError


def need_equal(output: TensorType, target: TensorType) -> None:
    """Raise a `PlanError` unless `target` has exactly the shape of `output`: a loss never broadcasts."""
    need(
        output.shape == target.shape,
        f"output has shape {list(output.shape)}, target has shape {list(target.shape)}",
        help="make the last layer's size, or the shape of the target, the same: a loss never broadcasts",
        code="E304",
    )
