"""The layer that skips a branch at random while training."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Fraction
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan
from modelc.compiler.library.layers.regularization.dropout import drop


class StochasticDepth(Layer):
    """In training all values of an example are 0 with probability `rate`, else divided by `1 - rate`.

    Any shape; otherwise the identity. As the last layer of a residual branch, it leaves only the shortcut to some
    examples. Huang et al. 2016, with the scale in training instead of after it, as `torchvision.ops.StochasticDepth`
    with mode `row`, timm's `DropPath` and the private layer of this name in Keras 3 `applications.convnext`.
    """

    primary: ClassVar[str | None] = "rate"
    spellings: ClassVar[tuple[str, ...]] = ("drop_path",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    keeps: ClassVar[Kept] = "range"
    example: ClassVar[str] = "stochastic_depth: 0.1"

    rate: Annotated[Fraction, Field(description="Probability that an example is dropped, from 0 to below 1.")]

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        if not call.train or self.rate == 0:
            return x
        return drop(x, self.rate, call.random("mask"), (x.shape[0], *[1] * (x.ndim - 1)))
