"""Runs one layer on its own, as the compiled model does: builds it, draws its weights and calls `apply`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Batch, Call, Layer, Plan, PlanError, Result
from modelc.compiler.library.layers import LAYERS

QUICK: Any = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""Compiler options for what runs once: compiling it well would take longer than running it."""

Inputs = Mapping[str, Any]
"""By slot: an array or type, or a tuple of these for a `many` slot."""


def types(inputs: Inputs, masks: Inputs | None = None) -> dict[str, Any]:
    """The types of one example of batched arrays; with `masks`, which of them are masked."""

    def one(x: Any, mask: Any) -> TensorType:
        return TensorType(tuple(x.shape[1:]), str(x.dtype), mask=mask is not None)

    found: dict[str, Any] = {}
    for slot, value in inputs.items():
        mask = (masks or {}).get(slot)
        if isinstance(value, tuple):
            found[slot] = tuple(one(x, m) for x, m in zip(value, mask or (None,) * len(value), strict=True))
        else:
            found[slot] = one(value, mask)
    return found


def sample(plan: Plan, seed: int = 0) -> tuple[dict[str, jax.Array], dict[str, jax.Array]]:
    """First weights and state, drawn as the model draws them."""
    key = root_key(seed)
    drawn = [
        {name: entry.initializer.sample(derive(key, name), entry.shape, entry.dtype) for name, entry in part.items()}
        for part in (plan.params, {name: entry for name, entry in plan.state.items() if not entry.per_row})
    ]
    return drawn[0], drawn[1]


def as_result(given: Any) -> Result:
    return Result.given(given)


@dataclass
class Running:
    """A layer with weights and state. `params` and `state` may be changed between calls."""

    layer: Layer
    params: dict[str, Any]
    state: dict[str, Any] = field(default_factory=dict)

    def __call__(self, inputs: Any, **options: Any) -> Result:
        """The result for `inputs`: an array for the slot `x`, a tuple for the slot `inputs`, or a mapping by slot."""
        return self.with_params(self.params, inputs, **options)

    def with_params(
        self,
        params: Mapping[str, Any],
        inputs: Any,
        *,
        train: bool = False,
        masks: Inputs | None = None,
        rows: Any = None,
        key: Any = None,
    ) -> Result:
        call = Call(params, self.state, masks or {}, rows, train, key)
        return as_result(self.layer.apply(call, **by_slot(inputs)))

    def output(self, inputs: Any, **options: Any) -> np.ndarray:
        return np.asarray(self(inputs, **options).outputs["output"])


def by_slot(inputs: Any) -> dict[str, Any]:
    if isinstance(inputs, Mapping):
        return dict(inputs)
    return {"inputs": inputs} if isinstance(inputs, tuple) else {"x": inputs}


def filled(raw: Any, inputs: Any, masks: Inputs | None = None) -> Running:
    """The layer that `raw` stands for, with random weights and state instead of first ones, lest zeros hide a fault;
    with what it learns from `inputs` where it learns."""
    layer = LAYERS.build(raw)
    plan = layer.plan(**types(by_slot(inputs), masks))
    params = {name: normal(*weight.shape, seed=10 + i) * 0.5 for i, (name, weight) in enumerate(plan.params.items())}
    kept = [(name, entry) for name, entry in plan.state.items() if not entry.per_row]
    state = {name: normal(*entry.shape, seed=20 + i) * 0.5 for i, (name, entry) in enumerate(kept)}
    if "moving_variance" in state:
        state["moving_variance"] = np.abs(state["moving_variance"]) + 0.1
    if plan.fitted:
        state |= learnt(layer, by_slot(inputs)["x"], (masks or {}).get("x"))
    return Running(layer, params, state)


def learnt(layer: Layer, x: Any, mask: Any = None, size: int = 1000) -> dict[str, np.ndarray]:
    """What `layer` learns from the rows `x` in batches of `size`."""
    starts = range(0, len(x), size)
    masks = [None if mask is None else np.asarray(mask)[start : start + size] for start in starts]
    batches = (Batch(x[start : start + size], part) for start, part in zip(starts, masks, strict=True))
    return dict(layer.fit(batches))


def build(raw: Any, inputs: Any, masks: Inputs | None = None, seed: int = 0) -> Running:
    """The layer that `raw` stands for, planned for `inputs` (batched arrays) and filled with first weights."""
    layer = LAYERS.build(raw)
    params, state = sample(layer.plan(**types(by_slot(inputs), masks)), seed)
    return Running(layer, params, state)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal values as float32."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def type_of(shape: list[int], dtype: str = "float32") -> TensorType:
    return TensorType(tuple(shape), dtype)


def refusal(raw: Any, *shapes: list[int], dtype: str = "float32") -> PlanError:
    """The error for inputs of these shapes; several go into the slot `inputs`."""
    inputs = [type_of(shape, dtype) for shape in shapes]
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(tuple(inputs) if len(inputs) > 1 else inputs[0])
    return caught.value
