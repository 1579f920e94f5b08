"""The layer that attends from one sequence to another with several heads."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Plan, Result, Slot
from modelc.compiler.library.layers.attention.base import SLOTS, masked_as, need_sequences
from modelc.compiler.library.layers.attention.heads import HeadedAttention, MultiHeads


class MultiHeadAttention(HeadedAttention, MultiHeads):
    """`num_heads` times `softmax(q @ k.T / sqrt(key_dim)) @ v` side by side, mapped back to the size of the query.

    Inputs `query` `[steps, features]`, `value` `[time, width]` and optionally `key` `[time, width']` (else the value),
    output `[steps, features]` or `[steps, output_shape]`. `q`, `k` and `v` are the inputs mapped by `query/kernel` and
    `key/kernel` `[features, num_heads, key_dim]` and `value/kernel` `[width, num_heads, value_dim]`, with biases
    `[num_heads, size]`; `output/kernel` is `[num_heads, value_dim, features]`, `output/bias` `[features]`. With
    `use_gate` each head is multiplied by the sigmoid of the query mapped by `gate/kernel` `[features, num_heads,
    value_dim]` (Qiu et al. 2025), with `rotary_base` `q` and `k` are turned by their places (Su et al. 2021).

    A step is not seen where the mask of the value or of the key says that it is padding, nor, with `use_causal_mask`, by
    an earlier step, nor, with `sliding_window`, by one so far away or farther. A step that sees none, as one that the
    query's mask says is padding, gets the mean of all. The mask of the query is passed on.

    Vaswani et al. 2017; follows Keras 3 `layers.MultiHeadAttention`, where `key_dim` has no default value, and which has
    `attention_axes`, no rotary positions, and 0 in place of that mean if it has dropout; `torch.nn.MultiheadAttention` holds the three maps in one transposed matrix.
    """

    keras: ClassVar[str] = "layers.MultiHeadAttention"
    torch: ClassVar[str] = "nn.MultiheadAttention"
    slots: ClassVar[tuple[Slot, ...]] = SLOTS
    spellings: ClassVar[tuple[str, ...]] = ("mha", "cross_attention")
    example: ClassVar[str] = "multi_head_attention: {num_heads: 8, key_dim: 64}"

    def plan(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Plan:
        need_sequences(query, value, key)
        return self.plan_heads(query, value, key)

    def apply(self, call: Call, query: Array, value: Array, key: Array | None = None) -> Result:
        y = self.attend(call, query, value, key, slots=("query", "value", "key"))
        return masked_as(call, "query", y)
