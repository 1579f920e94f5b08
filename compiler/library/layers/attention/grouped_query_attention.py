"""The layer that attends from one sequence to another with fewer heads of key and value than of query."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Plan, Result, Slot
from modelc.compiler.library.layers.attention.base import SLOTS, masked_as, need_sequences
from modelc.compiler.library.layers.attention.heads import HeadCounts, HeadedAttention, Heads, need_groups


class GroupedHeads(HeadCounts):
    """Abstract: fewer heads of key and value than of query, all of one size."""

    head_dim: Annotated[Size, Field(description="Size of query, key and value in each head.")]
    num_query_heads: Annotated[Size, Field(description="Number of heads of query and output.")]
    num_key_value_heads: Annotated[
        Size, Field(description="Number of heads of key and value; a divisor of `num_query_heads`.")
    ]

    def heads(self, features: int) -> Heads:
        need_groups(self.num_query_heads, self.num_key_value_heads, "num_query_heads")
        return Heads(self.num_query_heads, self.num_key_value_heads, self.head_dim, self.head_dim, features)


class GroupedQueryAttention(HeadedAttention, GroupedHeads):
    """`multi_head_attention` whose heads of the query share those of key and value in groups of neighbours.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, width']` (else the value),
    output `[steps, features]`. `query/kernel` is `[features, num_query_heads, head_dim]`, `key/kernel` and
    `value/kernel` are `[width, num_key_value_heads, head_dim]`, with `use_gate` `gate/kernel` is as that of the query;
    biases are `[heads, head_dim]`. `output/kernel` is `[num_query_heads, head_dim, features]`, `output/bias`
    `[features]`. One head of key and value is multi-query attention, as many as of the query `multi_head_attention`.

    Masks as in `multi_head_attention`. Ainslie et al. 2023; with `use_gate` Qiu et al. 2025, with `rotary_base` Su et
    al. 2021. Follows Keras 3 `layers.GroupedQueryAttention`, which has no rotary positions.
    """

    keras: ClassVar[str] = "layers.GroupQueryAttention"
    slots: ClassVar[tuple[Slot, ...]] = SLOTS
    spellings: ClassVar[tuple[str, ...]] = ("gqa", "mqa", "multi_query_attention")
    example: ClassVar[str] = "grouped_query_attention: {head_dim: 64, num_query_heads: 8, num_key_value_heads: 2}"

    def plan(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Plan:
        need_sequences(query, value, key)
        return self.plan_heads(query, value, key)

    def apply(self, call: Call, query: Array, value: Array, key: Array | None = None) -> Result:
        y = self.attend(call, query, value, key, slots=("query", "value", "key"))
        return masked_as(call, "query", y)
