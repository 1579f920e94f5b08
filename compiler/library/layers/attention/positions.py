"""Position encodings: trainable vectors, sinusoids, or rotations of features; and the class token, a trainable first step."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Positive, Size
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, TensorType, need, need_floats, show_shape
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.attention.base import need_sequence

BLOCK = 256
"""Steps whose waves are a table; those of later blocks are turned from it."""


def speeds_of(base: float, features: int) -> NumpyArray:
    """How far each pair of features turns in a step: `base ** (-2 * i / features)`; an odd feature is half a pair."""
    return np.asarray(base, "float64") ** (-np.arange(0, features, 2) / features)


def waves(time: int, speeds: NumpyArray, dtype: "np.dtype[Any]") -> tuple[Array, Array]:
    """Cosine and sine of `step * speeds` for each of `time` steps: `[time, len(speeds)]`.

    The angle of a late step has no digits left for its cosine in float32. So angles are taken in float64 before
    anything is compiled, once for each block of steps and once for the steps of a block, and the two are joined by the
    addition theorems: a table of all steps would be a constant of megabytes in the compiled step.
    """
    near = np.arange(min(time, BLOCK))[:, None] * speeds
    far = np.arange(0, time, BLOCK)[:, None, None] * speeds
    c, s, block_c, block_s = (
        jnp.asarray(turned, dtype) for turned in (np.cos(near), np.sin(near), np.cos(far), np.sin(far))
    )
    cos, sin = block_c * c - block_s * s, block_s * c + block_c * s
    return cos.reshape(-1, len(speeds))[:time], sin.reshape(-1, len(speeds))[:time]


class PositionEmbedding(Layer):
    """`y = x + embeddings`: adds a learned vector for each step, so that it stands in a chain behind `embedding`.

    Input and output `[..., time, features]`; `embeddings` is `[sequence_length, features]`, of which the first `time`
    are used. Gehring et al. 2017. Keras 3 has no such layer; `keras_hub.layers.PositionEmbedding` has these weights and
    first values, but gives the vectors without adding them.
    """

    primary = "sequence_length"
    spellings = ("positional_embedding", "pos_embed", "learned_positions")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                "input_dim",
                "max_len",
                "max_length",
                "max_position_embeddings",
                "maxlen",
                "num_embeddings",
                "num_positions",
            ),
            "the number of steps is `sequence_length` here: write `sequence_length: {value}`, or leave it out",
        ),
        **dict.fromkeys(("embedding_dim", "output_dim"), "remove it: the vectors are as wide as those of the input"),
    }
    masking = "pass"
    example = "position_embedding"

    sequence_length: Annotated[
        Size | None, Field(description="Number of steps with a vector; null: that of the input.")
    ] = None
    embeddings_initializer: Annotated[InitializerField, Field(description="Initializer of the vectors.")] = (
        GlorotUniform()
    )
    embeddings_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the vectors.")] = None
    embeddings_constraint: Annotated[ConstraintField, Field(description="Constraint on the vectors.")] = None

    def plan(self, x: TensorType) -> Plan:
        help = "ids need `embedding` before it"
        need(x.rank >= 2, f"expected a sequence [time, features], got {show_shape(x.shape)}", help=help)
        need_floats(x)
        time, features = x.shape[-2:]
        length = self.sequence_length or time
        message = f"`sequence_length` is {length}, but the input has {time} steps"
        need(length >= time, message, help=f"write `sequence_length: {time}` or omit it", argument="sequence_length")
        return Plan.of(x, {"embeddings": self.weight("embeddings", (length, features), (None, "embed"))})

    def apply(self, call: Call, x: Array) -> Array:
        return x + call.params["embeddings"][: x.shape[-2]].astype(x.dtype)


class SinusoidalPositionEncoding(Layer):
    """`y = x + encoding`, where feature `2i` of step `t` gets `sin(t / w)`, feature `2i + 1` `cos(t / w)`.

    Input and output `[..., time, features]`; no weights; `w = max_wavelength ** (2i / features)`. Vaswani et al. 2017,
    section 3.5. Keras 3 and torch have no such layer; `keras_hub.layers.SinePositionEncoding` gives the encoding
    without adding it. `position_embedding` learns it, `rotary_embedding` turns instead of adding.
    """

    primary = "max_wavelength"
    spellings = ("positional_encoding", "sine_position_encoding", "sinusoidal_position")
    masking = "pass"
    example = "sinusoidal_position_encoding"

    max_wavelength: Annotated[Positive, Field(description="Limit of the wavelengths, in steps times 2 pi.")] = 10000.0

    def plan(self, x: TensorType) -> Plan:
        help = "ids need `embedding` before it"
        need(x.rank >= 2, f"expected a sequence [time, features], got {show_shape(x.shape)}", help=help)
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        time, features = x.shape[-2:]
        speeds = speeds_of(self.max_wavelength, features)
        cos, sin = waves(time, speeds, jnp.promote_types(x.dtype, "float32"))
        return x + jnp.stack([sin, cos], axis=-1).reshape(time, -1)[:, :features].astype(x.dtype)


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

    primary = "base"
    spellings = ("rope", "rotary", "rotary_position_embedding")
    masking = "pass"
    example = "rotary_embedding: {base: 10000}"

    base: Annotated[Positive, Field(description="How many times slower the last pair rotates than the first.")] = (
        10000.0
    )

    def plan(self, x: TensorType) -> Plan:
        help = "ids need `embedding` before it"
        need(x.rank >= 2, f"expected a sequence [time, ..., features], got {show_shape(x.shape)}", help=help)
        need_floats(x)
        help = f"let the layer before it output {x.shape[-1] + 1} features"
        need(x.shape[-1] % 2 == 0, f"{x.shape[-1]} features cannot be rotated in pairs", help=help)
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


class ClassToken(Layer):
    """The learned vector `token` as a first step, the same for every example: a place to gather what is said of all.

    Input `[time, features]`, output `[time + 1, features]`; `token` is `[features]`. A mask gets a step that counts.
    Devlin et al. 2019; Dosovitskiy et al. 2021, who start it at 0 too. Keras 3 has no such layer.
    """

    spellings = ("cls_token", "prepend_token")
    masking = "use"
    example = "class_token"

    token_initializer: Annotated[InitializerField, Field(description="Initializer of the token.")] = Zeros()
    token_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the token.")] = None
    token_constraint: Annotated[ConstraintField, Field(description="Constraint on the token.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_sequence(x)
        time, features = x.shape
        return Plan.of(x.with_shape(time + 1, features), {"token": self.weight("token", (features,), ("embed",))})

    def apply(self, call: Call, x: Array) -> Result:
        token = jnp.broadcast_to(call.params["token"].astype(x.dtype), (x.shape[0], 1, x.shape[2]))
        mask = call.masks.get("x")
        masks = {} if mask is None else {"output": jnp.pad(mask, ((0, 0), (1, 0)), constant_values=True)}
        return Result.of(jnp.concatenate([token, x], axis=1), masks=masks)
