"""The layer that turns each step by an angle that grows with its place, and the turn itself."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan
from modelc.compiler.library.layers.attention.frequencies import speeds_of, waves


class RotaryEmbedding(Layer):
    """Turns pairs of features by angles that grow with the step, so that products of steps know how far apart they are.

    Input and output `[time, ..., features]`; no weights. Feature `i` of the first half and `i` of the second are a pair
    `(a, b)`, which at step `t` becomes `(a * cos(t * w) - b * sin(t * w), b * cos(t * w) + a * sin(t * w))` with
    `w = base ** (-2 * i / features)`. The result is exact to the digits of the input's dtype, or of float32, at any
    step.

    Su et al. 2021, who pair neighbours instead: the halves are the convention of GPT-NeoX, Llama and
    `keras_hub.layers.RotaryEmbedding`, the same up to the order of the features. It is for queries and keys;
    `rotary_base` of `self_attention` has it inside each head. Keras 3 and torch have no such layer.
    """

    primary: ClassVar[str | None] = "base"
    spellings: ClassVar[tuple[str, ...]] = ("rope", "rotary", "rotary_position_embedding")
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "rotary_embedding: {base: 10000}"

    base: Annotated[Positive, Field(description="How many times slower the last pair turns than the first.")] = 10000.0

    def plan(self, x: TensorType) -> Plan:
        need(
            x.rank >= 2,
            f"expected a sequence [time, ..., features], got {show_shape(x.shape)}",
            help="ids need `embedding` before it",
        )
        need_floats(x)
        need(
            x.shape[-1] % 2 == 0,
            f"{x.shape[-1]} features cannot be turned in pairs",
            help=f"give the layer before {x.shape[-1] + 1} features",
        )
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        return turned(x, self.base)


def turned(x: Array, base: float) -> Array:
    """`x` `[batch, time, ..., features]` turned as `RotaryEmbedding` says."""
    wide = jnp.promote_types(x.dtype, "float32")
    half = x.shape[-1] // 2
    shape = (x.shape[1], *[1] * (x.ndim - 3), half)
    cos, sin = (part.reshape(shape) for part in waves(x.shape[1], speeds_of(base, x.shape[-1]), wide))
    a, b = x[..., :half].astype(wide), x[..., half:].astype(wide)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1).astype(x.dtype)
