"""The attention layers against Keras 3: values, gradients, masks and dropout."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src import backend as keras_backend

from modelc.compiler.library.base.prng import root_key
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.regularization.dropout import drop
from tests.compiler.library.layers.comparing import Case, check, close
from tests.compiler.library.layers.running import QUICK, build, filled, normal

COMPARED = {
    "additive_attention",
    "attention",
    "grouped_query_attention",
    "multi_head_attention",
    "self_attention",
}
L = keras.layers
keras_layers: Any = L
backend: Any = keras_backend

query, value, key = normal(2, 3, 4), normal(2, 5, 6, seed=1), normal(2, 5, 4, seed=2)
same = normal(2, 5, 4, seed=3)
mask_of_query = jnp.array([[1, 1, 0], [1, 0, 1]], bool)
mask_of_value = jnp.array([[1, 1, 0, 1, 0], [1, 0, 0, 0, 0]], bool)
mask_of_key = jnp.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]], bool)
two, three = {"query": query, "value": same}, {"query": query, "value": value, "key": key}
masks_of_two = {"query": mask_of_query, "value": mask_of_value}
masks_of_three = {**masks_of_two, "key": mask_of_key}


def in_order(inputs: Any) -> list[Any]:
    """The inputs by slot in Keras's order."""
    return [inputs[slot] for slot in ("query", "value", "key") if slot in inputs]


def one_list(inputs: Any) -> list[list[Any]]:
    """What Keras's `Attention` is called with."""
    return [in_order(inputs)]


def attention(name: str, cls: Any, inputs: Any, masks: Any = None, causal: bool = False, **arguments: Any) -> Case:
    options: dict[str, Any] = {"use_causal_mask": causal}
    if masks:
        # Keras looks at the value's mask only; that of the key is no less about what may be seen.
        both = masks["value"] & masks["key"] if "key" in inputs else masks["value"]
        options["mask"] = [masks.get("query"), both]
    raw = {name: {**arguments, "use_causal_mask": causal}}
    return Case(raw, lambda: cls(**arguments), inputs, masks=masks or {}, options=options, call=one_list)


SCORED = [
    attention("attention", L.Attention, two),
    attention("attention", L.Attention, three, use_scale=True),
    attention("attention", L.Attention, three, use_scale=True, score_mode="concat"),
    attention("attention", L.Attention, two, masks_of_two, score_mode="concat"),
    attention("attention", L.Attention, two, masks_of_two),
    attention("attention", L.Attention, two, masks_of_two, causal=True),
    attention("attention", L.Attention, three, masks_of_three),
    attention("attention", L.Attention, {"query": query, "value": same[:, :1]}, causal=True),
    attention("additive_attention", L.AdditiveAttention, two),
    attention("additive_attention", L.AdditiveAttention, three, use_scale=False),
    attention("additive_attention", L.AdditiveAttention, three, masks_of_three, causal=True),
    attention("additive_attention", L.AdditiveAttention, {"query": query[:1, :1], "value": same[:1, :1]}),
]


class Masked(L.Layer):
    """Keras's layer, whose masks come with the inputs: sets them, as Keras's own layers would have."""

    def __init__(self, masks: Any, causal: bool, layer: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Keras is untyped
        self.masks, self.causal, self.layer = masks, causal, layer

    def build(self, *given: Any) -> None:
        self.layer.build(*given)

    def call(self, query: Any, value: Any, key: Any = None, training: bool = False) -> Any:
        # Fresh arrays: a mask is set on the object, and query and value may be one.
        arrays = {"query": query + 0, "value": value + 0} | ({} if key is None else {"key": key + 0})
        for slot, mask in self.masks.items():
            backend.set_keras_mask(arrays[slot], mask)
        return self.layer(**arrays, use_causal_mask=self.causal, training=training)


def headed(name: str, cls: Any, inputs: Any, masks: Any, causal: bool, arguments: dict[str, Any]) -> Case:
    raw = {name: {**arguments, "use_causal_mask": causal}}
    if "value_dim" in arguments:
        # Keras takes JAX's fused form, which refuses heads of two sizes, unless it has dropout.
        arguments = {**arguments, "dropout": 0.5}
    return Case(raw, lambda: Masked(masks or {}, causal, cls(**arguments)), inputs, masks=masks or {}, call=in_order)


def heads(inputs: Any, masks: Any = None, causal: bool = False, **arguments: Any) -> Case:
    return headed("multi_head_attention", L.MultiHeadAttention, inputs, masks, causal, arguments)


def groups(inputs: Any, masks: Any = None, causal: bool = False, **arguments: Any) -> Case:
    return headed("grouped_query_attention", keras_layers.GroupQueryAttention, inputs, masks, causal, arguments)


HEADED = [
    heads(two, num_heads=2, key_dim=3),
    heads(two, num_heads=1, key_dim=1, use_bias=False),
    heads(three, num_heads=2, key_dim=3, value_dim=5, output_shape=7),
    heads(two, masks_of_two, num_heads=2, key_dim=3),
    heads(two, {"value": mask_of_value}, num_heads=2, key_dim=3, causal=True),
    heads(three, masks_of_three, num_heads=2, key_dim=3),
    heads(three, {**masks_of_three, "query": None}, num_heads=2, key_dim=3, value_dim=2, causal=True),
    heads({"query": query[:1, :1], "value": same[:1]}, num_heads=2, key_dim=2, causal=True),
    heads(three, {"value": mask_of_value}, num_heads=2, key_dim=3, value_dim=2, use_gate=True, sliding_window=4),
    heads({"query": same, "value": query}, num_heads=2, key_dim=3, sliding_window=1, causal=True),
    groups(three, masks_of_three, head_dim=2, num_query_heads=6, num_key_value_heads=2, causal=True),
    groups(two, masks_of_two, head_dim=3, num_query_heads=3, num_key_value_heads=1, use_bias=False),
    groups(two, head_dim=1, num_query_heads=2, num_key_value_heads=2, use_gate=True, sliding_window=3, causal=True),
    groups({"query": query[:1, :1], "value": same[:1, :1]}, head_dim=1, num_query_heads=1, num_key_value_heads=1),
]


@pytest.mark.parametrize("case", SCORED + HEADED, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("mask", [None, mask_of_value])
def test_self_attention_is_multi_head_attention_of_a_sequence_with_itself(mask: Any) -> None:
    arguments = {"num_heads": 2, "value_dim": 3, "use_causal_mask": True}
    alone, between = filled({"self_attention": arguments}, same), {"query": same, "value": same}
    full = filled({"multi_head_attention": arguments}, between)
    assert {name: x.shape for name, x in alone.params.items()} == {name: x.shape for name, x in full.params.items()}
    masks = {} if mask is None else {"x": mask}
    both = {} if mask is None else {"query": mask, "value": mask}
    np.testing.assert_array_equal(alone.output(same, masks=masks), full.output(between, masks=both))


def test_the_mask_of_the_query_is_passed_on() -> None:
    for name, arguments in (("attention", {}), ("multi_head_attention", {"num_heads": 2})):
        running = filled({name: arguments}, two, masks_of_two)
        np.testing.assert_array_equal(running(two, masks=masks_of_two).masks["output"], mask_of_query)
        assert not running(two, masks={"value": mask_of_value}).masks


def test_what_may_not_be_seen_changes_nothing() -> None:
    late = np.arange(5) >= 2
    hidden, masks = np.where(late[:, None], 99, same).astype("float32"), {"x": jnp.asarray(np.stack([~late, ~late]))}
    for arguments, given in (({}, masks), ({"use_causal_mask": True}, {})):
        running = filled({"self_attention": {"num_heads": 2, **arguments}}, same, given)
        seen, changed = running.output(same, masks=given), running.output(hidden, masks=given)
        np.testing.assert_allclose(seen[:, :2], changed[:, :2], rtol=1e-6)


@pytest.mark.parametrize("name", sorted(COMPARED - {"grouped_query_attention"}))
def test_dropout_drops_weights_as_keras_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours_key = root_key(3)
    headed = name in ("multi_head_attention", "self_attention")
    arguments = {"dropout": 0.5, **({"num_heads": 2, "key_dim": 3} if headed else {})}
    inputs = {"query": same, "value": same}
    running = filled({name: arguments}, {"x": same} if name == "self_attention" else inputs)
    purpose = Call({}, key=ours_key).random("dropout")

    def drawn(x: Any, rate: float, **others: Any) -> Any:
        return drop(x, rate, purpose)

    monkeypatch.setattr(backend.random, "dropout", drawn)
    oracle: Any
    if headed:
        oracle = L.MultiHeadAttention(**arguments)
        oracle.build(same.shape, same.shape)
        called: Sequence[Any] = [same, same]
    else:
        oracle = {"attention": L.Attention, "additive_attention": L.AdditiveAttention}[name](dropout=0.5)
        oracle.build([same.shape, same.shape])
        called = [[same, same]]
    ordered = [f"{part}/{kind}" for part in ("query", "key", "value", "output") for kind in ("kernel", "bias")]
    weights = [running.params[entry] for entry in ordered] if headed else list(running.params.values())
    others = [variable.value for variable in oracle.non_trainable_variables]
    expected, _ = oracle.stateless_call(weights, others, *called, training=True)
    given = {"x": same} if name == "self_attention" else inputs
    found = running.output(given, train=True, key=ours_key)
    close(found, expected, 1e-5)
    assert not np.allclose(found, running.output(given))


def test_kernels_start_with_the_spread_of_the_whole_map() -> None:
    x = np.zeros((1, 2, 24), "float32")
    params = build({"self_attention": {"num_heads": 4, "key_dim": 2, "output_shape": 40}}, x).params
    for name, fans in (("query/kernel", (24, 8)), ("output/kernel", (8, 40))):
        limit = np.sqrt(6 / sum(fans))
        largest = np.max(np.abs(params[name]))
        assert 0.95 * limit < largest <= limit, name
    assert not np.array_equal(params["query/kernel"], params["key/kernel"])


def test_half_precision_scores_are_in_float32() -> None:
    half = (same * 4).astype(jnp.bfloat16)
    raws: list[Any] = [{"attention": {}}, {"self_attention": 2}, {"self_attention": {"num_heads": 2, "value_dim": 3}}]
    for raw in raws:
        inputs = {"query": half, "value": half} if "attention" in raw else {"x": half}
        wide = jax.tree.map(lambda x: x.astype("float32"), inputs)
        running = filled(raw, wide)
        found = running(inputs).outputs["output"]
        assert found.dtype == jnp.bfloat16
        close(found.astype("float32"), running.output(wide), 0.03)


def test_heads_of_two_sizes_and_heads_with_dropout_share_as_the_fused_form_does() -> None:
    arguments = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, "use_causal_mask": True}
    fused = filled({"grouped_query_attention": arguments}, two, masks_of_two)
    plain = filled({"grouped_query_attention": {**arguments, "dropout": 1e-9}}, two, masks_of_two)
    assert fused.params.keys() == plain.params.keys()

    @partial(jax.jit, compiler_options=QUICK)
    def both(inputs: Any, masks: Any) -> Any:
        return plain(inputs, masks=masks, train=True, key=root_key(0)).outputs, fused(inputs, masks=masks).outputs

    found, expected = both(two, masks_of_two)
    close(found["output"], expected["output"], 1e-6)


def test_self_attention_in_groups_is_grouped_query_attention() -> None:
    alone = filled({"self_attention": {"num_heads": 4, "key_dim": 2, "num_key_value_heads": 2}}, same)
    between = {"query": same, "value": same}
    full = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}
    np.testing.assert_array_equal(
        alone.output(same), filled({"grouped_query_attention": full}, between).output(between)
    )


def test_features_are_shared_out_among_the_heads_where_no_size_is_given() -> None:
    plan = LAYERS.build({"self_attention": 4}).plan(TensorType((5, 8)))
    assert plan.params["query/kernel"].shape == (8, 4, 2)
    assert plan.params["output/kernel"].shape == (4, 2, 8)
