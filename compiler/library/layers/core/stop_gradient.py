"""The layer that nothing learns through."""

from typing import ClassVar, Literal

from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan


class StopGradient(Layer):
    """The identity, with a gradient of 0: what comes before learns nothing from what follows. Any shape and dtype.

    Follows Keras 3 `ops.stop_gradient`; in PyTorch `detach`.
    """

    keras: ClassVar[str] = "ops.stop_gradient"
    torch: ClassVar[str] = "Tensor.detach"
    spellings: ClassVar[tuple[str, ...]] = ("no_grad",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    keeps: ClassVar[Kept] = "values"
    example: ClassVar[str] = "stop_gradient"

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        y: Array = jax.lax.stop_gradient(x)
        return y
