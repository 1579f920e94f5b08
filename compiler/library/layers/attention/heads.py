"""The base of attention with several heads: the projections, and attention in each head."""

from dataclasses import dataclass
from math import sqrt
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Fraction, Positive, Size
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, Weight, need
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.attention.base import visible, weigh
from modelc.compiler.library.layers.attention.positions import turned
from modelc.compiler.library.layers.core.axis_projection import with_fans


@dataclass(frozen=True, slots=True)
class Heads:
    """How many heads query and output have, and how many key and value; their sizes, and that of the output's steps."""

    query: int
    key_value: int
    key_dim: int
    value_dim: int
    width: int


class HeadCounts(Layer):
    """Abstract: says which heads there are. Its subclasses have the arguments for that, `HeadedAttention` the others."""

    def heads(self, features: int) -> Heads:
        """The heads for a query of so many features. Raises PlanError where these cannot be shared out."""
        raise NotImplementedError


def need_groups(query: int, key_value: int, argument: str) -> None:
    """Raise PlanError, blamed on `argument`, unless the heads of the query fall into groups, one for each of the key."""
    message = f"{query} heads of the query cannot be divided among {key_value} heads of key and value"
    help = f"make `{argument}` a multiple of `num_key_value_heads`"
    need(query % key_value == 0, message, help=help, argument=argument)


class MultiHeads(HeadCounts):
    """Abstract: `num_heads` of everything."""

    primary = "num_heads"

    num_heads: Annotated[Size, Field(description="Number of heads.")]
    key_dim: Annotated[
        Size | None,
        Field(
            description="Size of query and key in each head; null: the number of features of the query divided by `num_heads`."
        ),
    ] = None
    value_dim: Annotated[Size | None, Field(description="Size of the value in each head; null: `key_dim`.")] = None
    output_shape: Annotated[
        Size | None, Field(description="Size of the last axis of the output; null: that of the query.")
    ] = None

    def heads(self, features: int) -> Heads:
        message = f"{features} features cannot be divided among {self.num_heads} heads"
        help = f"give `key_dim`, or make `num_heads` a divisor of {features}"
        need(self.key_dim is not None or features % self.num_heads == 0, message, help=help, argument="num_heads")
        key_dim = self.key_dim or features // self.num_heads
        width = self.output_shape or features
        return Heads(self.num_heads, self.num_heads, key_dim, self.value_dim or key_dim, width)


class HeadedAttention(HeadCounts):
    """Abstract: attentions side by side, between linear maps of their inputs and of their outputs."""

    masking = "use"

    dropout: Annotated[Fraction, Field(description="Dropout rate of the attention weights.")] = 0.0
    use_bias: Annotated[bool, Field(description="Whether biases are added to the projections.")] = True
    use_causal_mask: Annotated[
        bool, Field(description="Whether each step of the query attends only to itself and earlier steps.")
    ] = False
    sliding_window: Annotated[
        Size | None, Field(description="Each step attends only to steps closer than this, before and after; null: all.")
    ] = None
    use_gate: Annotated[
        bool, Field(description="Whether each head is multiplied by the sigmoid of a projection of the query.")
    ] = False
    rotary_base: Annotated[
        Positive | None,
        Field(description="`base` of the `rotary_embedding` of query and key, usually 10000; null: none."),
    ] = None
    kernel_initializer: Annotated[InitializerField, Field(description="Initializer of the kernels.")] = GlorotUniform()
    bias_initializer: Annotated[InitializerField, Field(description="Initializer of the biases.")] = Zeros()
    kernel_regularizer: Annotated[RegularizerField, Field(description="Regularizer of each kernel.")] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="Regularizer of each bias.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="Constraint on each kernel.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="Constraint on each bias.")] = None

    def plan_heads(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Plan:
        """The plan of attending from `query` to `key` and `value`, sequences `[time, features]` that fit together."""
        heads = self.heads(query.shape[-1])
        message = f"`rotary_base` rotates pairs of features, but each head has {heads.key_dim}"
        help = "give the heads an even size, or omit `rotary_base`"
        need(self.rotary_base is None or heads.key_dim % 2 == 0, message, help=help, argument="rotary_base")
        maps = {
            "query": (query, heads.query, heads.key_dim),
            "key": (key or value, heads.key_value, heads.key_dim),
            "value": (value, heads.key_value, heads.value_dim),
        }
        if self.use_gate:
            maps["gate"] = (query, heads.query, heads.value_dim)
        params: dict[str, Weight] = {}
        for name, (x, count, size) in maps.items():
            kernel = self.weight("kernel", (x.shape[-1], count, size), ("embed", "heads", None))
            params[f"{name}/kernel"] = with_fans(kernel, x.shape[-1], count * size)
            if self.use_bias:
                params[f"{name}/bias"] = self.weight("bias", (count, size), ("heads", None))
        kernel = self.weight("kernel", (heads.query, heads.value_dim, heads.width), ("heads", None, "embed"))
        params["output/kernel"] = with_fans(kernel, heads.query * heads.value_dim, heads.width)
        if self.use_bias:
            params["output/bias"] = self.weight("bias", (heads.width,), ("embed",))
        return Plan.of(query.with_shape(query.shape[0], heads.width), params)

    def attend(
        self, call: Call, query: Array, value: Array, key: Array | None = None, *, slots: tuple[str, ...]
    ) -> Array:
        """The attention from `query` to `key` and `value`, with the masks of `slots`: `[batch, time, features]`."""
        seen = visible(call, query, value, self.use_causal_mask, slots, self.sliding_window)
        q, k = self.mapped(call, "query", query), self.mapped(call, "key", value if key is None else key)
        if self.rotary_base is not None:
            q, k = turned(q, self.rotary_base), turned(k, self.rotary_base)
        y = self.mix(call, q, k, self.mapped(call, "value", value), seen)
        if self.use_gate:
            y = y * jax.nn.sigmoid(self.mapped(call, "gate", query))
        return self.biased(call, "output", jnp.einsum("btnh,nhd->btd", y, self.kernel(call, "output", y)))

    def mapped(self, call: Call, name: str, x: Array) -> Array:
        """`x` by the map `name` into its heads: `[batch, time, heads, size]`."""
        return self.biased(call, name, jnp.einsum("btd,dnh->btnh", x, self.kernel(call, name, x)))

    def kernel(self, call: Call, name: str, x: Array) -> Array:
        """The kernel of the map `name` in the dtype of `x`."""
        return call.params[f"{name}/kernel"].astype(x.dtype)

    def biased(self, call: Call, name: str, x: Array) -> Array:
        """`x` with the bias of the map `name`, if it has one."""
        return x + call.params[f"{name}/bias"].astype(x.dtype) if self.use_bias else x

    def mix(self, call: Call, query: Array, key: Array, value: Array, seen: Array | None) -> Array:
        """Means of the value in each head, `[batch, time, heads, value_dim]`, from `[batch, time, heads, size]`.

        Where key and value have fewer heads, each is for as many neighbouring heads of the query.
        """
        scale = 1 / sqrt(query.shape[-1])
        drops = call.train and self.dropout > 0
        # The fused form has one size of head, no dropout, a softmax in float32, which is too little for float64, and products of
        # float16 that XLA does not have on a CPU.
        if value.shape[-1] == key.shape[-1] and not drops and query.dtype not in (jnp.float64, jnp.float16):
            mask = None if seen is None else seen[:, None]
            return jax.nn.dot_product_attention(query, key, value, mask=mask, scale=scale)
        batch, time, heads, size = query.shape
        grouped = query.reshape(batch, time, key.shape[2], heads // key.shape[2], size)
        wide = jnp.promote_types(query.dtype, "float32")
        scores = jnp.einsum("btkgh,bskh->bkgts", grouped, key, preferred_element_type=wide) * scale
        weights = weigh(call, scores, None if seen is None else seen[:, None, None], self.dropout).astype(value.dtype)
        return jnp.einsum("bkgts,bskh->btkgh", weights, value).reshape(batch, time, heads, value.shape[-1])
