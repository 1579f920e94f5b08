"""What `plan` of the attention layers refuses, in the words a user reads."""

from typing import Any

import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS


@pytest.mark.parametrize("name", ["attention", "additive_attention", "multi_head_attention", "grouped_query_attention"])
@pytest.mark.parametrize(
    ("given", "code", "message", "cure", "slot"),
    [
        (
            {"query": [7], "value": [5, 4]},
            "E301",
            "expected a sequence [time, features] as `query`, got [7]",
            "ids need `embedding` before it",
            "query",
        ),
        (
            {"query": [7, 4], "value": [5, 2, 2]},
            "E301",
            "expected a sequence [time, features] as `value`, got [5, 2, 2]",
            "for each place as a step, write `reshape: [10, 2]` before it",
            "value",
        ),
        (
            {"query": [7, 4], "value": [5, 4], "key": [6, 4]},
            "E302",
            "expected `key` and `value` with the same number of steps, got 6 and 5 steps",
            "use sequences of the same length for both, or omit `key`",
            "key",
        ),
    ],
)
def test_sequences_that_do_not_fit_are_blamed_on_their_slot(
    name: str, given: dict[str, list[int]], code: str, message: str, cure: str, slot: str
) -> None:
    raw: Any = {name: {}}
    if name == "multi_head_attention":
        raw = {name: 2}
    elif name == "grouped_query_attention":
        raw = {name: {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1}}
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(**{slot: TensorType(tuple(shape)) for slot, shape in given.items()})
    error = caught.value
    assert (error.code, error.message, error.help, error.slot) == (code, message, cure, slot)


def test_inputs_of_two_dtypes_are_refused() -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build("attention").plan(TensorType((7, 4)), TensorType((5, 4), "bfloat16"))
    assert caught.value.message == "expected `query` and `value` of the same dtype, got float32 and bfloat16"
    assert (caught.value.code, caught.value.slot) == ("E303", "value")


@pytest.mark.parametrize(("key", "slot"), [(None, "value"), (TensorType((5, 3)), "key")])
def test_scores_want_as_many_features_on_both_sides(key: TensorType | None, slot: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build("additive_attention").plan(TensorType((7, 4)), TensorType((5, 3)), key)
    assert caught.value.message == f"expected `query` and `{slot}` with the same number of features, got 4 and 3"
    assert caught.value.help == "add `dense: 4` to one of them, or use `multi_head_attention`"
    assert (caught.value.code, caught.value.slot) == ("E302", slot)


@pytest.mark.parametrize("name", ["rotary_embedding", "sinusoidal_position_encoding", "position_embedding"])
def test_positions_want_a_sequence(name: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(name).plan(TensorType((6,)))
    assert caught.value.message in (
        "expected a sequence [time, features], got [6]",
        "expected a sequence [time, ..., features], got [6]",
    )
    assert caught.value.help == "ids need `embedding` before it"


@pytest.mark.parametrize(
    ("raw", "message", "cure", "argument"),
    [
        (
            {"self_attention": {"num_heads": 4, "num_key_value_heads": 3}},
            "4 heads of the query cannot be divided among 3 heads of key and value",
            "make `num_heads` a multiple of `num_key_value_heads`",
            "num_heads",
        ),
        (
            {"self_attention": {"num_heads": 3}},
            "4 features cannot be divided among 3 heads",
            "give `key_dim`, or make `num_heads` a divisor of 4",
            "num_heads",
        ),
        (
            {"self_attention": {"num_heads": 2, "key_dim": 3, "rotary_base": 10}},
            "`rotary_base` rotates pairs of features, but each head has 3",
            "give the heads an even size, or omit `rotary_base`",
            "rotary_base",
        ),
        (
            {"rotary_embedding": {}},
            "5 features cannot be rotated in pairs",
            "let the layer before it output 6 features",
            "",
        ),
    ],
    ids=str,
)
def test_heads_that_do_not_fit_are_refused(raw: Any, message: str, cure: str, argument: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(TensorType((5, 5 if "rotary_embedding" in raw else 4)))
    assert (caught.value.message, caught.value.help, caught.value.argument) == (message, cure, argument)
