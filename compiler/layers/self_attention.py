"""The layer that attends from a sequence to itself with several heads."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from modelc.compiler.layer import Call, Plan, Result
from modelc.compiler.layers.attending import masked_as, need_sequence
from modelc.compiler.layers.heads import HeadedAttention
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class SelfAttention(HeadedAttention):
    """`multi_head_attention` of a sequence with itself, for chains: the same weights, the same numbers.

    Input `[time, features]`, output `[time, features]` or `[time, output_shape]`. Weights as those of
    `multi_head_attention`. A step is not seen where the mask says that it is padding, nor, with `use_causal_mask`, by
    an earlier step; a padded step gets the mean of all. The mask is passed on. Vaswani et al. 2017; follows Keras 3
    `layers.MultiHeadAttention` called with one sequence as query and value.
    """

    spellings: ClassVar[tuple[str, ...]] = ("multi_head_self_attention", "mhsa")
    example: ClassVar[str] = "self_attention: {num_heads: 8, use_causal_mask: true}"

    def plan(self, x: TensorType) -> Plan:
        need_sequence(x)
        return self.plan_heads(x, x)

    def apply(self, call: Call, x: "Array") -> Result:
        mask = call.masks.get("x")
        both = replace(call, masks={"query": mask, "value": mask})
        return masked_as(call, "x", self.attend(both, x, x, slots=("query", "value")))
