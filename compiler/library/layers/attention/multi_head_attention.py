"""Attention with several heads: to another sequence, to itself, with shared heads of key and value."""

from dataclasses import replace
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, Plan, Result, TensorType
from modelc.compiler.library.layers.attention.base import SLOTS, masked_as, need_sequence, need_sequences
from modelc.compiler.library.layers.attention.heads import HeadCounts, HeadedAttention, Heads, MultiHeads, need_groups


class CrossAttention(HeadedAttention):
    """Abstract: attends from a query to a value and its key."""

    slots = SLOTS

    def plan(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Plan:
        need_sequences(query, value, key)
        return self.plan_heads(query, value, key)

    def apply(self, call: Call, query: Array, value: Array, key: Array | None = None) -> Result:
        y = self.attend(call, query, value, key, slots=("query", "value", "key"))
        return masked_as(call, "query", y)


class MultiHeadAttention(CrossAttention, MultiHeads):
    """`num_heads` times `softmax(q @ k.T / sqrt(key_dim)) @ v` side by side, mapped back to the size of the query.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, width']` (else the value),
    output `[steps, features]` or `[steps, output_shape]`. `q`, `k` and `v` are the inputs mapped by `query/kernel` and
    `key/kernel` `[features, num_heads, key_dim]` and `value/kernel` `[width, num_heads, value_dim]`, with biases
    `[num_heads, size]`; `output/kernel` is `[num_heads, value_dim, features]`, `output/bias` `[features]`. With
    `use_gate` each head is multiplied by the sigmoid of the query mapped by `gate/kernel` `[features, num_heads,
    value_dim]` (Qiu et al. 2025), with `rotary_base` `q` and `k` are turned by their places (Su et al. 2021).

    A step is not seen where the mask of the value or of the key says that it is padding, nor, with `use_causal_mask`,
    by an earlier step, nor, with `sliding_window`, by one so far away or farther. A step that sees none, as one that
    the query's mask says is padding, gets the mean of all. The mask of the query is passed on.

    Vaswani et al. 2017; follows Keras 3 `layers.MultiHeadAttention`, where `key_dim` has no default value, and which
    has `attention_axes`, no rotary positions, and 0 in place of that mean if it has dropout;
    `torch.nn.MultiheadAttention` holds the three maps in one transposed matrix.
    """

    keras = "layers.MultiHeadAttention"
    torch = "nn.MultiheadAttention"
    spellings = ("mha", "cross_attention")
    example = "multi_head_attention: {num_heads: 8, key_dim: 64}"


class SelfAttention(HeadedAttention, MultiHeads):
    """`multi_head_attention` of a sequence with itself, for chains: the same weights, the same numbers.

    Input `[time, features]`, output `[time, features]` or `[time, output_shape]`. Weights as those of
    `multi_head_attention`; with `num_key_value_heads` those of `grouped_query_attention`. A step is not seen where
    the mask says that it is padding, nor, with `use_causal_mask`, by an earlier step, nor, with `sliding_window`, by
    one so far away or farther; a step that sees none gets the mean of all, where Keras gives 0 if it has dropout. The
    mask is passed on. Vaswani et al. 2017; follows Keras 3 `layers.MultiHeadAttention` called with one sequence as
    query and value.
    """

    spellings = ("multi_head_self_attention", "mhsa")
    example = "self_attention: {num_heads: 8, use_causal_mask: true}"

    num_key_value_heads: Annotated[
        Size | None, Field(description="Number of heads of key and value, a divisor of `num_heads`; null: `num_heads`.")
    ] = None

    def plan(self, x: TensorType) -> Plan:
        need_sequence(x)
        return self.plan_heads(x, x)

    def heads(self, features: int) -> Heads:
        key_value = self.num_key_value_heads or self.num_heads
        need_groups(self.num_heads, key_value, "num_heads")
        return replace(super().heads(features), key_value=key_value)

    def apply(self, call: Call, x: Array) -> Result:
        mask = call.masks.get("x")
        both = replace(call, masks={"query": mask, "value": mask})
        return masked_as(call, "x", self.attend(both, x, x, slots=("query", "value")))


class GroupedHeads(HeadCounts):
    """Abstract: fewer heads of key and value than of query, all of one size."""

    head_dim: Annotated[Size, Field(description="Size of query, key and value in each head.")]
    num_query_heads: Annotated[Size, Field(description="Number of heads of the query.")]
    num_key_value_heads: Annotated[
        Size, Field(description="Number of heads of key and value, a divisor of `num_query_heads`.")
    ]

    def heads(self, features: int) -> Heads:
        need_groups(self.num_query_heads, self.num_key_value_heads, "num_query_heads")
        return Heads(self.num_query_heads, self.num_key_value_heads, self.head_dim, self.head_dim, features)


class GroupedQueryAttention(CrossAttention, GroupedHeads):
    """`multi_head_attention` whose heads of the query share those of key and value in groups of neighbours.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, width']` (else the value),
    output `[steps, features]`. `query/kernel` is `[features, num_query_heads, head_dim]`, `key/kernel` and
    `value/kernel` are `[width, num_key_value_heads, head_dim]`, with `use_gate` `gate/kernel` is as that of the query;
    biases are `[heads, head_dim]`. `output/kernel` is `[num_query_heads, head_dim, features]`, `output/bias`
    `[features]`. One head of key and value is multi-query attention, as many as of the query `multi_head_attention`.

    Masks as in `multi_head_attention`. Ainslie et al. 2023; with `use_gate` Qiu et al. 2025, with `rotary_base` Su et
    al. 2021. Follows Keras 3 `layers.GroupedQueryAttention`, which has no rotary positions.
    """

    keras = "layers.GroupQueryAttention"
    spellings = ("gqa", "mqa", "multi_query_attention")
    example = "grouped_query_attention: {head_dim: 64, num_query_heads: 8, num_key_value_heads: 2}"
