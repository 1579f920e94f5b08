"""Arguments and input types of the layers of `attention`."""

from typing import Any

from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from tests.compiler.library.layers.drawing import (
    Configurations,
    arguments,
    floats,
    one,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

SLOW = (
    "additive_attention",
    "attention",
    "grouped_query_attention",
    "multi_head_attention",
    "rotary_embedding",
    "self_attention",
)
"""They take seconds to compile: fewer uses of each are compared."""
features = st.sampled_from([2, 3, 4, 4])
rates = st.sampled_from([0.0, 0.5])
scored = {"maybe_use_scale": yes_or_no, "maybe_dropout": rates, "maybe_use_causal_mask": yes_or_no}
shared = {
    "maybe_dropout": rates,
    "maybe_use_bias": yes_or_no,
    "maybe_use_causal_mask": yes_or_no,
    "maybe_sliding_window": sizes,
    "maybe_use_gate": yes_or_no,
    "maybe_rotary_base": st.sampled_from([None, 10.0]),
}
counts = {
    "num_heads": st.integers(1, 4),
    "maybe_key_dim": sizes,
    "maybe_value_dim": sizes,
    "maybe_output_shape": sizes,
}
grouped = {
    "head_dim": st.sampled_from([1, 2, 4]),
    "num_query_heads": st.integers(1, 4),
    "num_key_value_heads": st.integers(1, 2),
}


@st.composite
def attended(draw: Any) -> dict[str, Any]:
    """A query, a value and sometimes a key: mostly sequences that fit together."""

    def sequence(time: int, dtype: str) -> TensorType:
        return TensorType((time, draw(features)), dtype, draw(yes_or_no))

    dtype, time = draw(floats), draw(sizes)
    inputs = {
        "query": sequence(draw(sizes), dtype),
        "value": sequence(time, draw(st.sampled_from([dtype, dtype, "float32"]))),
    }
    if draw(yes_or_no):
        inputs["key"] = sequence(draw(st.sampled_from([time, time, 3])), dtype)
    if draw(st.integers(0, 9)) == 0:
        inputs["value"] = draw(tensors(1, 3))
    return inputs


sequences = {"query": normal(3, 4, 5), "value": normal(3, 2, 5, seed=1)}
x = normal(3, 4, 5)

CONFIGURATIONS: Configurations = {
    "additive_attention": (arguments(**scored), attended()),
    "attention": (arguments(**scored, maybe_score_mode=st.sampled_from(["dot", "concat"])), attended()),
    "grouped_query_attention": (arguments(**grouped, **shared), attended()),
    "multi_head_attention": (arguments(**counts, **shared), attended()),
    "rotary_embedding": (arguments(maybe_base=st.sampled_from([10.0, "1/2"])), one(tensors(1, 2, 3, 4))),
    "self_attention": (
        arguments(**counts, **shared, maybe_num_key_value_heads=st.integers(1, 2)),
        one(tensors(1, 2, 2, 2)),
    ),
    "class_token": (arguments(), one(tensors(1, 2, 2, 3))),
    "position_embedding": (arguments(maybe_sequence_length=sizes), one(tensors(1, 2, 2, 3))),
    "sinusoidal_position_encoding": (
        arguments(maybe_max_wavelength=st.sampled_from([10.0, 100])),
        one(tensors(1, 2, 2, 3)),
    ),
}
USES: dict[str, tuple[Any, Any]] = {
    "additive_attention": ({"dropout": 0.3}, sequences),
    "attention": ({"dropout": 0.3}, sequences),
    "grouped_query_attention": (
        {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, "use_causal_mask": True},
        sequences,
    ),
    "multi_head_attention": ({"num_heads": 2, "key_dim": 3, "dropout": 0.3}, sequences),
    "rotary_embedding": ({}, normal(3, 4, 6)),
    "self_attention": ({"num_heads": 5, "use_causal_mask": True}, normal(3, 4, 5)),
    "class_token": ({}, x),
    "position_embedding": ({}, x),
    "sinusoidal_position_encoding": ({}, x),
}
"""One use of each, with a batch of three rows."""
