"""Tests of a loss: one value per element in at least float32, independent of other rows, with gradients."""

from collections.abc import Callable
from typing import Any

from modelc.plugin import Loss, TensorType
from modelc.testing.documents import thing
from modelc.testing.numbers import FORWARD, GRADIENT, check_slopes, close, is_float, normal, quickly


def check_loss(
    loss: type[Loss] | str,
    arguments: Any,
    outputs: Any,
    target: Any,
    *,
    oracle: Callable[..., Any] | None = None,
    oracle_gradients: bool = True,
    smooth: bool = True,
) -> None:
    """Run all tests of modelc's own losses on a loss. Raises AssertionError.

    `outputs` is a batch of at least two rows, a tuple of them for a loss of several values, logits where the loss has an
    `activation`; `target` is None where it takes none. `oracle` computes the elements of outputs and target independently;
    it is compared to 1e-5 of the largest value, and its gradients by the outputs to 1e-4 where it is written in jax
    (`oracle_gradients`). `smooth` is false for a loss whose gradient is by intent not the slope of its values.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    with thing(Loss, loss, arguments) as built:
        given = tuple(map(jnp.asarray, outputs if isinstance(outputs, tuple) else (outputs,)))
        target = None if target is None else jnp.asarray(target)
        rows = given[0].shape[0]
        assert rows > 1, "the outputs need at least two rows"
        assert len(given) == len(built.slots), f"the loss takes {', '.join(built.slots)}, got {len(given)} arrays"
        assert built.takes_target == (target is not None), "`takes_target` does not say whether there is a target"
        shape = built.plan(*map(of, given), None if target is None else of(target))
        built.plan(*map(of, given), None)

        def elements_of(given: Any, target: Any) -> Any:
            counts = (jnp.ones(given[0].shape[:1], bool),) if built.masking == "use" else ()
            return built.elements(*given, target, *counts)

        elements = elements_of(given, target)
        assert elements.shape == (rows, *shape), f"elements have shape {elements.shape}, plan promises {(rows, *shape)}"
        assert np.isfinite(elements).all(), "elements are not finite"
        close(quickly(elements_of)(given, target), elements, FORWARD, "jit")
        one = elements_of(*jax.tree.map(lambda x: x[:1], (given, target)))
        close(one, elements[:1], FORWARD, "one row alone")
        half = elements_of(tuple(x.astype("bfloat16") if is_float(x) else x for x in given), target)
        assert half.dtype == "float32", f"elements of bfloat16 values are {half.dtype}: losses are at least float32"

        weight = normal(elements.shape, seed=40)

        def total(*given: Any) -> Any:
            return jnp.sum(elements_of(given, target) * weight.astype(given[0].dtype))

        places = tuple(range(len(given)))
        gradients = quickly(jax.grad(total, places))(*given)
        assert all(np.isfinite(gradient).all() for gradient in gradients), "the gradient is not finite"
        if smooth:
            check_slopes(total, *given, what="float64")
        if oracle is not None:
            close(elements, oracle(*given, target), FORWARD, "oracle")
            if oracle_gradients:
                theirs = jax.grad(lambda *given: jnp.sum(oracle(*given, target) * weight), places)(*given)
                for found, expected in zip(gradients, theirs, strict=True):
                    close(found, expected, GRADIENT, "oracle gradient")


def of(array: Any) -> TensorType:
    """The type of one row."""
    return TensorType(tuple(array.shape[1:]), str(array.dtype))
