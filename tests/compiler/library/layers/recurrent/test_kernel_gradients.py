"""The gradient of a recurrent kernel as one product after the run against plain differentiation of the run."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import QUICK, filled, normal

x = normal(3, 4, 9)  # so many features that all steps are multiplied at once
holes = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)
FRAMES = normal(3, 4, 6, 2)
CASES: list[tuple[Any, Any, Any, str, float]] = [
    ({"lstm": {"units": 3, "return_sequences": True, "recurrent_dropout": 0.4}}, x, holes, "float32", 1e-5),
    ({"lstm": {"units": 3, "go_backwards": True}}, x, holes, "float64", 1e-12),
    ({"lstm": {"units": 3, "dropout": 0.4}}, x[:1, :1], None, "bfloat16", 0.05),
    ({"conv_lstm1d": {"filters": 2, "kernel_size": 3, "recurrent_dropout": 0.4}}, FRAMES, holes, "float32", 1e-5),
    ({"bidirectional": {"layer": {"stacked_rnn": [{"lstm": 2}, {"lstm": 3}]}}}, x, holes, "float32", 1e-5),
]


@pytest.mark.parametrize(("raw", "inputs", "mask", "dtype", "tolerance"), CASES, ids=lambda part: str(part)[:20])
def test_the_gradient_is_that_of_plain_differentiation(
    raw: Any, inputs: Any, mask: Any, dtype: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = {} if mask is None else {"x": jnp.asarray(mask)}
    running, key = filled(raw, inputs, masks), jax.random.key(1)

    def gradients() -> Any:
        # A function of its own each time: jax remembers what it has traced.
        def total(params: Any, given: Any) -> Any:
            outputs = running.with_params(params, given, masks=masks, train=True, key=key).outputs
            return sum(jnp.sum(value * normal(*value.shape, seed=5)) for value in outputs.values())

        wide = dtype == "float64"
        params = jax.tree.map(lambda weight: jnp.asarray(weight, dtype if wide else "float32"), running.params)
        run = jax.jit(jax.grad(total, (0, 1)), compiler_options=QUICK)
        return run(params, jnp.asarray(inputs, dtype)), str(jax.make_jaxpr(total)(params, inputs)).count("custom_vjp")

    with jax.enable_x64(dtype == "float64"):
        found, collects = gradients()
        for layer in running.layer.layers():
            if hasattr(layer, "gathers"):
                monkeypatch.setattr(type(layer), "gathers", False)
        expected, plain_collects = gradients()
    # Convolutions have gradients of their own.
    assert collects > plain_collects
    assert any("recurrent_kernel" in name for name in found[0])
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert ours.dtype == theirs.dtype
        close(np.asarray(ours, "float64"), np.asarray(theirs, "float64"), tolerance)
