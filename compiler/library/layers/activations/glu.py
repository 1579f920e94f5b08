"""The gated linear unit: one half of an axis gates the other."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Axis
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis, need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan


class Glu(Layer):
    """Gated linear unit: `a * sigmoid(b)`, where `a` and `b` are the halves of `axis`.

    Any shape that has the axis, with an even size, of which half is left. Dauphin et al. 2017; follows Keras 3
    `activations.glu`. It is a layer and no activation, as it does not keep the shape: `dense: 20`, then `glu`, gives
    10.
    """

    keras = "activations.glu"
    torch = "nn.GLU"
    primary = "axis"
    spellings = ("gated_linear_unit",)
    masking = "pass"
    example = "glu"

    axis: Annotated[Axis, Field(description="The axis that is split into halves, counted from the end.")] = -1

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(self.axis, x)
        size = x.shape[self.axis]
        need(
            size % 2 == 0,
            f"axis {self.axis} has {size} values, which cannot be halved",
            help=f"let the layer before it output {size + 1} of them",
            argument="axis",
        )
        need(
            not x.mask or self.axis != -x.rank,
            "the axis of the steps, which has a mask, cannot be halved",
            help="split the features: `axis: -1`",
            argument="axis",
        )
        return Plan.of(
            x.with_shape(*(part // 2 if axis == self.axis else part for axis, part in enumerate(x.shape, -x.rank)))
        )

    def apply(self, call: Call, x: Array) -> Array:
        return jax.nn.glu(x, self.axis)
