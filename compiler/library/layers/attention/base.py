"""The base of attention layers: checks of the inputs, attention masks, and means weighted by scores."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Fraction
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import batch_help
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, Slot, Weight, need, need_floats
from modelc.compiler.library.layers.regularization.dropout import drop

SLOTS = (Slot("query"), Slot("value"), Slot("key", required=False))
"""The inputs of an attention layer, in Keras's order; a key that is not given is the value."""

HIDDEN = -2e38
"""The score of a step that may not be seen, lower than any other. Where none may, all weigh the same."""


def need_sequence(x: TensorType, slot: str = "") -> None:
    """Raise PlanError unless `x` is a float sequence `[time, features]`."""
    message = f"expected a sequence [time, features]{f' as `{slot}`' if slot else ''}, got {show_shape(x.shape)}"
    need(x.rank == 2, message, help=sequence_help(x), slot=slot)
    need_floats(x, slot=slot)


def sequence_help(x: TensorType) -> str:
    """How `x`, which is no sequence, becomes one."""
    if x.rank < 2:
        return "ids need `embedding` before it"
    steps = show_shape((prod(x.shape[:-1]), x.shape[-1]))
    return f"for each place as a step, write `reshape: {steps}` before it{batch_help(x, 2)}"


def need_sequences(query: TensorType, value: TensorType, key: TensorType | None) -> None:
    """Raise PlanError unless all are float sequences `[time, features]` of one dtype, key and value of one length."""
    for slot, x in (("query", query), ("value", value), ("key", key)):
        if x is None:
            continue
        need_sequence(x, slot)
        message = f"expected `query` and `{slot}` of the same dtype, got {query.dtype} and {x.dtype}"
        help = "`rescaling: 1` converts any dtype to float32"
        need(x.dtype == query.dtype, message, help=help, slot=slot, code="E303")
    if key is not None:
        message = (
            f"expected `key` and `value` with the same number of steps, got {key.shape[0]} and {value.shape[0]} steps"
        )
        help = "use sequences of the same length for both, or omit `key`"
        need(key.shape[0] == value.shape[0], message, help=help, slot="key", code="E302")


def visible(
    call: Call, query: Array, value: Array, causal: bool, slots: tuple[str, ...], window: int | None = None
) -> Array | None:
    """Which steps of the value each step of the query may see, `[batch or 1, query time, value time]`; None for all.

    A step is seen unless the mask of any of `slots` says that it, or the step that looks, is padding; with `causal`
    no step sees a later one, with `window` none that is so far away. Keras 3
    `MultiHeadAttention._compute_attention_mask`.
    """
    seen: list[Array] = []
    for slot in slots:
        mask = call.masks.get(slot)
        if mask is not None:
            seen.append(mask[:, :, None] if slot == "query" else mask[:, None, :])
    if causal or window is not None:
        ahead = jnp.arange(value.shape[1])[None, None, :] - jnp.arange(query.shape[1])[None, :, None]
        seen += ([ahead <= 0] if causal else []) + ([] if window is None else [jnp.abs(ahead) < window])
    if not seen:
        return None
    joined = seen[0]
    for more in seen[1:]:
        joined = joined & more
    return joined


def weigh(call: Call, scores: Array, seen: Array | None, dropout: float) -> Array:
    """The weights of `scores` along their last axis: a softmax over what is `seen`, in training with some dropped."""
    weights = jax.nn.softmax(scores if seen is None else jnp.where(seen, scores, HIDDEN), axis=-1)
    return drop(weights, dropout, call.random("dropout")) if call.train and dropout > 0 else weights


def masked_as(call: Call, slot: str, y: Array) -> Result:
    """The result `y` with the mask of the input `slot`, if it has one."""
    mask = call.masks.get(slot)
    return Result.of(y, masks={} if mask is None else {"output": mask})


class ScoredAttention(Layer):
    """Abstract: one score for each pair of steps, from which `y = softmax(scores) @ value`."""

    slots = SLOTS
    masking = "use"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("heads", "num_heads"), "it has one head: `multi_head_attention` and `self_attention` have several"
        ),
    }

    dropout: Annotated[Fraction, Field(description="Dropout rate of the attention weights.")] = 0.0
    use_causal_mask: Annotated[
        bool, Field(description="Whether each step of the query attends only to itself and earlier steps.")
    ] = False

    def plan(self, query: TensorType, value: TensorType, key: TensorType | None = None) -> Plan:
        need_sequences(query, value, key)
        keys = value if key is None else key
        message = (
            f"expected `query` and `{'value' if key is None else 'key'}` with the same number of features, "
            f"got {query.shape[-1]} and {keys.shape[-1]}"
        )
        help = f"add `dense: {query.shape[-1]}` to one of them, or use `multi_head_attention`"
        need(keys.shape[-1] == query.shape[-1], message, help=help, slot="value" if key is None else "key", code="E302")
        return Plan.of(query.with_shape(query.shape[0], value.shape[-1]), self.weights(query.shape[-1]))

    def apply(self, call: Call, query: Array, value: Array, key: Array | None = None) -> Result:
        wide = jnp.promote_types(query.dtype, "float32")
        scores = self.scores(call, query.astype(wide), (value if key is None else key).astype(wide))
        seen = visible(call, query, value, self.use_causal_mask, ("value", "key"))
        y = (weigh(call, scores, seen, self.dropout) @ value.astype(wide)).astype(query.dtype)
        mask: Any = call.masks.get("query")
        return masked_as(call, "query", y if mask is None else jnp.where(mask[:, :, None], y, 0))

    def weights(self, features: int) -> dict[str, Weight]:
        """The weights of the scores, for steps of so many features."""
        raise NotImplementedError

    def scores(self, call: Call, query: Array, key: Array) -> Array:
        """The score of each pair of steps: `[batch, query time, key time]`."""
        raise NotImplementedError
