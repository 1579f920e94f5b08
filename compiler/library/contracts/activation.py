"""Activations: layers without weights that map every value on its own, or along one axis, keeping the shape.

They stand as layers (`- relu`), as arguments (`dense: {units: 10, activation: relu}`) and in `activation: relu`.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, PlanError

if TYPE_CHECKING:
    from jax import Array


class Activation(Layer):
    """Abstract: each subclass is one function. Integers are refused: `plan` wants a float input."""

    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: "Array") -> "Array":
        return self.function(x)

    def function(self, x: "Array") -> "Array":
        """The activation of `x`, of the same shape and dtype."""
        raise NotImplementedError

    def after(self, x: TensorType, argument: str = "activation") -> TensorType:
        """The type of `x` behind this activation, where that is the `argument` of another layer.

        Raises `plan`'s error, blamed on `argument`.
        """
        try:
            return self.plan(x).output
        except PlanError as error:
            raise PlanError(
                error.message, help=error.help, note=error.note, argument=argument, code=error.code
            ) from None
