"""Activations: layers without weights that map every value on its own, or along one axis, keeping the shape.

They stand as layers (`- relu`), as arguments (`dense: {units: 10, activation: relu}`) and in `activation: relu`.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.layer import Call, Layer, Plan, need
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Activation(Layer):
    """Abstract: each subclass is one function. Integers are refused: `plan` wants a float input."""

    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"

    def plan(self, x: TensorType) -> Plan:
        need(
            x.is_float,
            f"expected float values, got {x.dtype}",
            help="put `rescaling` or `embedding` before it",
            code="E303",
        )
        return Plan.of(x)

    def apply(self, call: Call, x: "Array") -> "Array":
        return self.function(x)

    def function(self, x: "Array") -> "Array":
        """The activation of `x`, of the same shape and dtype."""
        raise NotImplementedError
