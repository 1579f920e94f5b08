"""The layer that attends by sums of query and key."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Kept, Weight
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers.attention.base import ScoredAttention


class AdditiveAttention(ScoredAttention):
    """`y = softmax(scores) @ value` with `scores = sum(scale * tanh(query + key))` over the features.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, features]` (else the value),
    output `[steps, width]`; `scale` is `[features]`.

    Masked steps of value or key get no weight; where all are masked, all weigh the same. Masked steps of the query
    give 0.
    Bahdanau et al. 2015; follows Keras 3 `layers.AdditiveAttention`, which does not look at the
    key's mask.
    """

    keras: ClassVar[str] = "layers.AdditiveAttention"
    spellings: ClassVar[tuple[str, ...]] = ("bahdanau_attention",)
    keeps: ClassVar[Kept] = "range"
    example: ClassVar[str] = "additive_attention"

    use_scale: Annotated[bool, Field(description="Whether learned numbers scale the features.")] = True

    def weights(self, features: int) -> dict[str, Weight]:
        return {"scale": Weight((features,), GlorotUniform(), ("embed",))} if self.use_scale else {}

    def scores(self, call: Call, query: Array, key: Array) -> Array:
        scale = call.params["scale"].astype(query.dtype) if self.use_scale else 1
        return jnp.sum(scale * jnp.tanh(query[:, :, None] + key[:, None]), axis=-1)
