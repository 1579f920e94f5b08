"""The layer that tells the steps of a sequence apart by waves."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan
from modelc.compiler.library.layers.attention.frequencies import speeds_of, waves


class SinusoidalPositionEncoding(Layer):
    """`y = x + encoding`, where feature `2i` of step `t` gets `sin(t / w)`, feature `2i + 1` `cos(t / w)`.

    Input and output `[..., time, features]`; no weights; `w = max_wavelength ** (2i / features)`. Vaswani et al. 2017,
    section 3.5. Keras 3 and torch have no such layer; `keras_hub.layers.SinePositionEncoding` gives the encoding
    without adding it. `position_embedding` learns it, `rotary_embedding` turns instead of adding.
    """

    primary: ClassVar[str | None] = "max_wavelength"
    spellings: ClassVar[tuple[str, ...]] = ("positional_encoding", "sine_position_encoding", "sinusoidal_position")
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "sinusoidal_position_encoding"

    max_wavelength: Annotated[Positive, Field(description="What the wavelengths tend to, in steps times 2 pi.")] = (
        10000.0
    )

    def plan(self, x: TensorType) -> Plan:
        need(
            x.rank >= 2,
            f"expected a sequence [time, features], got {show_shape(x.shape)}",
            help="ids need `embedding` before it",
        )
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        time, features = x.shape[-2:]
        speeds = speeds_of(self.max_wavelength, features)
        cos, sin = waves(time, speeds, jnp.promote_types(x.dtype, "float32"))
        return x + jnp.stack([sin, cos], axis=-1).reshape(time, -1)[:, :features].astype(x.dtype)
