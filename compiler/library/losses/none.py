"""No loss: an output that is only predicted."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import Loss, Masking


class NoLoss(Loss):
    """Marks an output that is predicted but not trained: its loss is 0 for every row, and it has no target."""

    spellings: ClassVar[tuple[str, ...]] = ("no_loss", "predict_only", "null")
    example: ClassVar[str] = "none"
    takes_target: ClassVar[bool] = False
    masking: ClassVar[Masking] = "rows"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        return ()

    def elements(self, output: Array, target: Array | None) -> Array:
        return jnp.zeros(output.shape[:1], jnp.float32)
