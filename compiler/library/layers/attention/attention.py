"""Attention with one head, with dot-product or additive scores."""

from typing import Annotated, Literal

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Weight
from modelc.compiler.library.initializers.constant import Ones
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers.attention.base import ScoredAttention


class Attention(ScoredAttention):
    """`y = softmax(query @ key.T) @ value`: for each step of the query a mean of the steps of the value.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, features]` (else the
    value), output `[steps, width]`. With `use_scale` the scores are multiplied by the weight `scale`; with `score_mode:
    concat` they are `concat_score_weight * sum(tanh(scale * (query + key)))`. Both weights are `[]`.

    Masked steps of value or key get no weight; where all are masked, all weigh the same. Masked steps of the query
    give 0.
    Not scaled by the square root of the features, unlike `multi_head_attention`. Luong et al. 2015; follows Keras 3
    `layers.Attention`, which does not look at the key's mask.
    """

    keras = "layers.Attention"
    torch = "nn.functional.scaled_dot_product_attention"
    spellings = ("luong_attention", "dot_attention", "dot_product_attention")
    keeps = "range"
    example = "attention: {use_scale: true}"

    use_scale: Annotated[bool, Field(description="Whether a learned factor scales the scores.")] = False
    score_mode: Annotated[
        Literal["dot", "concat"],
        Field(
            description="Whether scores are the dot product of query and key, or the sum of the tanh of their sums (additive)."
        ),
    ] = "dot"

    def weights(self, features: int) -> dict[str, Weight]:
        weights = {}
        if self.use_scale:
            weights["scale"] = Weight((), Ones(), ())
        if self.score_mode == "concat":
            weights["concat_score_weight"] = Weight((), Ones(), ())
        return weights

    def scores(self, call: Call, query: Array, key: Array) -> Array:
        scale = call.params["scale"].astype(query.dtype) if self.use_scale else 1
        if self.score_mode == "dot":
            return query @ jnp.swapaxes(key, -1, -2) * scale
        summed = jnp.sum(jnp.tanh(scale * (query[:, :, None] + key[:, None])), axis=-1)
        return call.params["concat_score_weight"].astype(query.dtype) * summed


class AdditiveAttention(ScoredAttention):
    """`y = softmax(scores) @ value` with `scores = sum(scale * tanh(query + key))` over the features.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, features]` (else the
    value), output `[steps, width]`; `scale` is `[features]`.

    Masked steps of value or key get no weight; where all are masked, all weigh the same. Masked steps of the query
    give 0.
    Bahdanau et al. 2015; follows Keras 3 `layers.AdditiveAttention`, which does not look at the
    key's mask.
    """

    keras = "layers.AdditiveAttention"
    spellings = ("bahdanau_attention",)
    keeps = "range"
    example = "additive_attention"

    use_scale: Annotated[bool, Field(description="Whether learned factors scale the features.")] = True

    def weights(self, features: int) -> dict[str, Weight]:
        return {"scale": Weight((features,), GlorotUniform(), ("embed",))} if self.use_scale else {}

    def scores(self, call: Call, query: Array, key: Array) -> Array:
        scale = call.params["scale"].astype(query.dtype) if self.use_scale else 1
        return jnp.sum(scale * jnp.tanh(query[:, :, None] + key[:, None]), axis=-1)
