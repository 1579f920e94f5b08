"""Dropout of whole channels."""

from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Fraction
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need, need_floats, show_shape
from modelc.compiler.library.layers.regularization.dropout import drop


class SpatialDropout(Layer):
    """Abstract: dropout of channels over `dimensions` axes."""

    dimensions: ClassVar[int]
    shape: ClassVar[str]
    primary = "rate"
    masking = "pass"
    keeps = "range"
    idle = True

    rate: Annotated[Fraction, Field(description="Probability that a channel is dropped, from 0 to below 1.")]

    def plan(self, x: TensorType) -> Plan:
        help = f"`spatial_dropout{x.rank - 1}d` is for this shape" if 2 <= x.rank <= 4 else "`dropout` takes any shape"
        need(x.rank == self.dimensions + 1, f"expected {self.shape}, got {show_shape(x.shape)}", help=help)
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        if not call.train or self.rate == 0:
            return x
        return drop(x, self.rate, call.random("mask"), (x.shape[0], *[1] * self.dimensions, x.shape[-1]))


class SpatialDropout1D(SpatialDropout):
    """In training each channel is 0 at all steps with probability `rate`, else divided by `1 - rate`.

    Input and output `[time, channels]`; otherwise the identity. Tompson et al. 2014; follows Keras 3
    `layers.SpatialDropout1D`.
    """

    keras = "layers.SpatialDropout1D"
    torch = "nn.Dropout1d"
    dimensions = 1
    shape = "a sequence [time, channels]"
    example = "spatial_dropout1d: 0.2"


class SpatialDropout2D(SpatialDropout):
    """In training each channel is 0 at all places with probability `rate`, else divided by `1 - rate`.

    Input and output `[height, width, channels]`; otherwise the identity. Tompson et al. 2014; follows Keras 3
    `layers.SpatialDropout2D`.
    """

    keras = "layers.SpatialDropout2D"
    torch = "nn.Dropout2d"
    dimensions = 2
    shape = "an image [height, width, channels]"
    example = "spatial_dropout2d: 0.2"


class SpatialDropout3D(SpatialDropout):
    """In training each channel is 0 at all places with probability `rate`, else divided by `1 - rate`.

    Input and output `[depth, height, width, channels]`; otherwise the identity. Tompson et al. 2014; follows Keras 3
    `layers.SpatialDropout3D`.
    """

    keras = "layers.SpatialDropout3D"
    torch = "nn.Dropout3d"
    dimensions = 3
    shape = "a volume [depth, height, width, channels]"
    example = "spatial_dropout3d: 0.2"
