"""The layer that scales and shifts by fixed numbers."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Numbers
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need, show_shape


class Rescaling(Layer):
    """`y = x * scale + offset` as float32; any shape and dtype, so it is also the way from integers to floats.

    A list of numbers has one for each place of the last axis. `{scale: 1, offset: 3}` adds a number, `{scale: -1}`
    changes the sign. Follows Keras 3 `layers.Rescaling`. `scale` takes a ratio: `1/255` maps bytes to [0, 1].
    """

    keras = "layers.Rescaling"
    primary = "scale"
    spellings = ("rescale", "scale", "to_float", "affine", "multiply_scalar")
    masking = "pass"
    exact = True
    example = "rescaling: 1/255"

    scale: Annotated[
        Numbers, Field(description="Factor, a number or a ratio such as `1/255`; or a list with one per channel.")
    ]
    offset: Annotated[Numbers, Field(description="Offset, added after scaling; or a list with one per channel.")] = (
        0.0,
    )

    def plan(self, x: TensorType) -> Plan:
        for name, given in (("scale", self.scale), ("offset", self.offset)):
            need(
                len(given) == 1 or x.shape[-1:] == (len(given),),
                f"`{name}` has {len(given)} numbers, but {show_shape(x.shape)} does not end in an axis of {len(given)}",
                help="give one number for all, or one for each entry of the last axis",
                argument=name,
            )
        return Plan.of(x.with_dtype("float32"))

    def apply(self, call: Call, x: Array) -> Array:
        # Python's numbers where there is one: XLA folds them, and adding 0 costs nothing.
        scale, offset = (
            given[0] if len(given) == 1 else jnp.array(given, "float32") for given in (self.scale, self.offset)
        )
        return x.astype("float32") * scale + offset
