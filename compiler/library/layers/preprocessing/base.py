"""The base of layers that turn values into ids: output modes of ids, and counts of values for fitting."""

from collections.abc import Iterable
from typing import Literal

from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.contracts.layer import Batch, Call, Result, TensorType, need

Mode = Literal["int", "one_hot", "multi_hot", "count"]
MODES = "The ids themselves; each id one-hot encoded; or all ids of the last axis as one row of flags or of counts."
"""What `output_mode` is, for its description."""
PENDING = 2**20
"""As many values wait, or as many as are known already, before they are counted together."""


def encoded(x: TensorType, depth: int, mode: str) -> TensorType:
    """The type of ids of the type `x` in a form. Raises PlanError where there is no axis to put together."""
    if mode == "int":
        return x.with_dtype("int32")
    message = f"`output_mode: {mode}` combines the ids of an axis, but there is only a single id"
    need(x.rank >= 1 or mode == "one_hot", message, help="write `output_mode: one_hot`", argument="output_mode")
    shape = x.shape[:-1] if mode != "one_hot" or x.shape[-1:] == (1,) else x.shape
    return TensorType((*shape, depth), mask=x.mask and len(shape) > 0)


def encode(call: Call, ids: Array, depth: int, mode: str, weights: Array | None = None) -> Array | Result:
    """Integer `ids` below `depth` in a form that `encoded` describes, `weights` being what each counts.

    Masked ids count nothing, any other outside of 0 to `depth` gives NaN, or -1 as it is, and never another id.
    """
    mask = call.masks.get("x")
    wide = ids.astype(jnp.promote_types(ids.dtype, "int32"))
    known = (wide >= 0) & (wide < depth)
    if mode == "int":
        wide = jnp.where(known, wide, -1).astype("int32")
        return wide if mask is None else Result.of(wide, masks={"output": mask})
    hot, strange = wide[..., None] == jnp.arange(depth), ~known
    if mask is not None:
        real = mask.reshape(*mask.shape, *[1] * (wide.ndim - mask.ndim))
        hot, strange = hot & real[..., None], strange & real
    if mode == "one_hot":
        single = ids.ndim > 1 and ids.shape[-1] == 1
        y, bad = (hot[..., 0, :], strange[..., 0]) if single else (hot, strange)
    else:
        # Not by a maximum, which on XLA's CPU backend may lose NaN.
        bad = jnp.any(strange, -1)
        counts = hot if weights is None else jnp.where(hot, weights[..., None], 0.0)
        y = jnp.any(hot, -2) if mode == "multi_hot" else jnp.sum(counts, -2, dtype="float32")
    y = jnp.where(bad[..., None], jnp.nan, y.astype("float32"))
    return y if mask is None or y.ndim == 2 else Result.of(y, masks={"output": mask})


def tally(batches: Iterable[Batch]) -> tuple[NumpyArray, NumpyArray]:
    """The distinct values of all unmasked steps, in increasing order, and the count of each. Memory is that of both."""
    known: tuple[NumpyArray, NumpyArray] | None = None
    pending: list[tuple[NumpyArray, NumpyArray]] = []
    for batch in batches:
        values = batch.values if batch.mask is None else batch.values[batch.mask]
        pending.append(np.unique(values, return_counts=True))
        if sum(len(part) for part, _ in pending) > max(PENDING, len(known[0]) if known else 0):
            known = merged([known, *pending] if known else pending)
            pending = []
    return merged([known, *pending] if known else pending)


def merged(parts: list[tuple[NumpyArray, NumpyArray]]) -> tuple[NumpyArray, NumpyArray]:
    """Several tallies as one."""
    together = np.unique(np.concatenate([values for values, _ in parts]))
    counted = np.zeros(len(together), "int64")
    for values, counts in parts:
        # No value is in one part twice. Searching what is sorted is several times faster than sorting with an index.
        counted[np.searchsorted(together, values)] += counts
    return together, counted
