"""The losses without a target: `minimize` a value of the model, and `none`."""

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import Loss, at_least_float32, need_float_output


class Minimize(Loss):
    """The values of a node themselves: training makes their mean small. There is no target."""

    spellings = ("identity_loss", "mean_loss", "add_loss")
    example = "minimize"
    takes_target = False

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        return output.shape

    def elements(self, output: Array, target: Array | None) -> Array:
        return at_least_float32(output)


class NoLoss(Loss):
    """Marks an output that is predicted but not trained: its loss is 0 for every row, and it has no target."""

    spellings = ("no_loss", "predict_only", "null")
    example = "none"
    takes_target = False
    masking = "rows"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        return ()

    def elements(self, output: Array, target: Array | None) -> Array:
        return jnp.zeros(output.shape[:1], jnp.float32)
