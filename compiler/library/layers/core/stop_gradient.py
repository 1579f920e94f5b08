"""The layer that stops gradients."""

from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Layer, Plan


class StopGradient(Layer):
    """The identity, with a gradient of 0: what comes before learns nothing from what follows. Any shape and dtype.

    Follows Keras 3 `ops.stop_gradient`; in PyTorch `detach`.
    """

    keras = "ops.stop_gradient"
    torch = "Tensor.detach"
    spellings = ("no_grad",)
    masking = "pass"
    keeps = "values"
    example = "stop_gradient"

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        y: Array = jax.lax.stop_gradient(x)
        return y
