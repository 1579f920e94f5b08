"""The layer that turns any shape into one axis."""

from math import prod
from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan


class Flatten(Layer):
    """All values of an example on one axis, the last axis running fastest: `[28, 28, 3]` becomes `[2352]`.

    Any shape and dtype; a single number becomes `[1]`. Follows Keras 3 `layers.Flatten` (channels last).
    """

    keras: ClassVar[str] = "layers.Flatten"
    torch: ClassVar[str] = "nn.Flatten"
    spellings: ClassVar[tuple[str, ...]] = ("ravel",)
    keeps: ClassVar[Kept] = "values"
    example: ClassVar[str] = "flatten"

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x.with_shape(prod(x.shape)).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return x.reshape(x.shape[0], prod(x.shape[1:]))
