"""What attention layers with several heads share: the projections, and attending in each head."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.constraints import ConstraintField
from modelc.compiler.errors import need
from modelc.compiler.initializers import InitializerField
from modelc.compiler.initializers.constant import Zeros
from modelc.compiler.initializers.scaled import GlorotUniform
from modelc.compiler.layer import Call, Layer, Plan, Weight
from modelc.compiler.layers.attending import visible, weigh
from modelc.compiler.layers.projecting import with_fans
from modelc.compiler.numbers import Fraction, Size
from modelc.compiler.regularizers import RegularizerField
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class HeadedAttention(Layer):
    """Abstract: `num_heads` attentions side by side, between linear maps of their inputs and of their outputs."""

    primary: ClassVar[str | None] = "num_heads"
    masking: ClassVar[Literal["pass", "use", "drop"]] = "use"

    num_heads: Annotated[Size, Field(description="Number of heads.")]
    key_dim: Annotated[
        Size | None,
        Field(description="Size of query and key in each head; null: the features of the query, shared out."),
    ] = None
    value_dim: Annotated[Size | None, Field(description="Size of the value in each head; null: `key_dim`.")] = None
    dropout: Annotated[Fraction, Field(description="Rate at which weights of steps are dropped in training.")] = 0.0
    use_bias: Annotated[bool, Field(description="Whether biases are added to the maps.")] = True
    output_shape: Annotated[
        Size | None, Field(description="Size of the last axis of the output; null: as the query.")
    ] = None
    use_causal_mask: Annotated[bool, Field(description="Whether no step of the query sees a later one.")] = False
    kernel_initializer: Annotated[InitializerField, Field(description="First values of the kernels.")] = GlorotUniform()
    bias_initializer: Annotated[InitializerField, Field(description="First values of the biases.")] = Zeros()
    kernel_regularizer: Annotated[RegularizerField, Field(description="What each kernel adds to the loss.")] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="What each bias adds to the loss.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="What each kernel is brought back to.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="What each bias is brought back to.")] = None

    def plan_heads(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Plan:
        """The plan of attending from `query` to `key` and `value`, sequences `[time, features]` that fit together."""
        features = query.shape[-1]
        need(
            self.key_dim is not None or features % self.num_heads == 0,
            f"{features} features cannot be shared out among {self.num_heads} heads",
            help=f"give `key_dim`, or make `num_heads` a divisor of {features}",
            argument="num_heads",
        )
        key_dim = self.key_dim or features // self.num_heads
        value_dim = self.value_dim or key_dim
        params: dict[str, Weight] = {}
        sizes = {"query": key_dim, "key": key_dim, "value": value_dim}
        for (name, size), x in zip(sizes.items(), (query, key or value, value), strict=True):
            kernel = self.weight("kernel", (x.shape[-1], self.num_heads, size), ("embed", "heads", None))
            params[f"{name}/kernel"] = with_fans(kernel, x.shape[-1], self.num_heads * size)
            if self.use_bias:
                params[f"{name}/bias"] = self.weight("bias", (self.num_heads, size), ("heads", None))
        width = self.output_shape or features
        kernel = self.weight("kernel", (self.num_heads, value_dim, width), ("heads", None, "embed"))
        params["output/kernel"] = with_fans(kernel, self.num_heads * value_dim, width)
        if self.use_bias:
            params["output/bias"] = self.weight("bias", (width,), ("embed",))
        return Plan.of(query.with_shape(query.shape[0], width), params)

    def attend(
        self, call: Call, query: "Array", value: "Array", key: "Array | None" = None, *, slots: tuple[str, ...]
    ) -> "Array":
        """The attention from `query` to `key` and `value`, with the masks of `slots`: `[batch, time, features]`."""
        import jax.numpy as jnp

        seen = visible(call, query, value, self.use_causal_mask, slots)
        sources = (("query", query), ("key", value if key is None else key), ("value", value))
        q, k, v = (
            self.biased(call, name, jnp.einsum("btd,dnh->btnh", x, self.kernel(call, name, x))) for name, x in sources
        )
        mixed = self.mix(call, q, k, v, seen)
        return self.biased(call, "output", jnp.einsum("btnh,nhd->btd", mixed, self.kernel(call, "output", mixed)))

    def kernel(self, call: Call, name: str, x: "Array") -> "Array":
        """The kernel of the map `name` in the dtype of `x`."""
        return call.params[f"{name}/kernel"].astype(x.dtype)

    def biased(self, call: Call, name: str, x: "Array") -> "Array":
        """`x` with the bias of the map `name`, if it has one."""
        return x + call.params[f"{name}/bias"].astype(x.dtype) if self.use_bias else x

    def mix(self, call: Call, query: "Array", key: "Array", value: "Array", seen: "Array | None") -> "Array":
        """Means of the value in each head, `[batch, time, heads, value_dim]`, from `[batch, time, heads, size]`."""
        import jax
        import jax.numpy as jnp

        scale = 1 / sqrt(query.shape[-1])
        mask = None if seen is None else seen[:, None]
        drops = call.train and self.dropout > 0
        # The fused form has one size of head, no dropout, and a softmax in float32, which is too little for float64.
        if value.shape[-1] == key.shape[-1] and not drops and query.dtype != jnp.float64:
            return jax.nn.dot_product_attention(query, key, value, mask=mask, scale=scale)
        wide = jnp.promote_types(query.dtype, "float32")
        scores = jnp.einsum("btnh,bsnh->bnts", query, key, preferred_element_type=wide) * scale
        weights = weigh(call, scores, mask, self.dropout).astype(value.dtype)
        return jnp.einsum("bnts,bsnh->btnh", weights, value)
