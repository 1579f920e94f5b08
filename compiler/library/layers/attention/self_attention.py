"""The layer that attends from a sequence to itself with several heads."""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Plan, Result
from modelc.compiler.library.layers.attention.base import masked_as, need_sequence
from modelc.compiler.library.layers.attention.heads import HeadedAttention, Heads, MultiHeads, need_groups


class SelfAttention(HeadedAttention, MultiHeads):
    """`multi_head_attention` of a sequence with itself, for chains: the same weights, the same numbers.

    Input `[time, features]`, output `[time, features]` or `[time, output_shape]`. Weights as those of
    `multi_head_attention`; with `num_key_value_heads` those of `grouped_query_attention`. A step is not seen where
    the mask says that it is padding, nor, with `use_causal_mask`, by an earlier step, nor, with `sliding_window`, by
    one so far away or farther; a step that sees none gets the mean of all, where Keras gives 0 if it has dropout. The
    mask is passed on. Vaswani et al. 2017; follows Keras 3 `layers.MultiHeadAttention` called with one sequence as
    query and value.
    """

    spellings: ClassVar[tuple[str, ...]] = ("multi_head_self_attention", "mhsa")
    example: ClassVar[str] = "self_attention: {num_heads: 8, use_causal_mask: true}"

    num_key_value_heads: Annotated[
        Size | None, Field(description="Number of heads of key and value, a divisor of `num_heads`; null: as many.")
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
