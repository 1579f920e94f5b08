"""The base of elementwise losses."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need_equal_shapes,
    need_float_output,
    of_the_shape,
)


class ElementwiseLoss(Loss):
    """Abstract: output and target have equal shapes; one loss for each value. Targets lie within `limits`."""

    limits: ClassVar[tuple[float, float] | None] = None

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        if target is not None:
            need_equal_shapes(output, target)
        return output.shape

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return of_the_shape(output)

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return self.limits

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        values = at_least_float32(output)
        return self.compare(values, target.astype(values.dtype))

    def compare(self, values: Array, truth: Array) -> Array:
        """The loss of each value, given its truth; both in at least float32."""
        raise NotImplementedError


class NumberLoss(ElementwiseLoss):
    """Abstract: an elementwise loss of quantities."""

    of_numbers = True
