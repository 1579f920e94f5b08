"""Numeric comparisons and drawn values for the tests of the kit."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FORWARD, GRADIENT = 1e-5, 1e-4
"""How far values and gradients may be from those of an oracle, relative to the largest expected one."""


def close(found: Any, expected: Any, tolerance: float, what: str) -> None:
    """Equal within `tolerance` of the largest expected value, or of 0.1 where that is all but zero."""
    import numpy as np

    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    finite = np.isfinite(expected)
    largest = max(float(np.max(np.abs(expected), initial=0, where=finite)), 0.1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * largest, err_msg=what)


def all_close(found: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float, what: str) -> None:
    """`close` of each entry; the same names."""
    assert found.keys() == expected.keys(), f"{what}: {sorted(found)}, expected {sorted(expected)}"
    for name, value in expected.items():
        close(found[name], value, tolerance, f"{what}, {name}")


def normal(shape: tuple[int, ...], seed: int) -> "np.ndarray[Any, Any]":
    """Standard normal values as float32."""
    import numpy as np

    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def is_float(value: Any) -> bool:
    import jax.numpy as jnp

    return bool(jnp.issubdtype(jnp.result_type(value), jnp.floating))


def garbage(value: Any, rows: int = 2) -> Any:
    """`value` with `rows` more rows that nobody should read: NaN, or a negative number, or true."""
    import numpy as np

    value = np.asarray(value)
    bad = np.nan if is_float(value) else True if value.dtype == bool else np.array(-7).astype(value.dtype)
    return np.concatenate([value, np.full((rows, *value.shape[1:]), bad, value.dtype)])


def quickly(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` compiled for one call: compiling it well would take longer than running it.

    What it gives are arrays of numpy: each operation on one of jax would be a program of its own that is compiled.
    """
    import jax

    options: Any = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    compiled: Callable[..., Any] = jax.jit(function, compiler_options=options)
    return lambda *given: jax.device_get(compiled(*given))


def repeated(value: Any, rows: int = 2) -> Any:
    """`value` with its last row `rows` times more, as batches of data are filled up."""
    import numpy as np

    return np.concatenate([value, *[value[-1:]] * rows])


def widened(tree: Any) -> Any:
    """All floats of `tree` as float64, for use where jax has these."""
    import jax
    import numpy as np

    return jax.tree.map(lambda x: np.asarray(x, "float64") if is_float(x) else np.asarray(x), tree)


def check_slopes(function: Callable[..., Any], *arguments: Any, what: str) -> None:
    """Compare the gradient of the scalar `function` with a finite difference in a random direction, in float64."""
    import jax

    with jax.enable_x64(True):
        wide = jax.eval_shape(lambda given: function(*given), widened(arguments)).dtype == "float64"
    # What is computed in float32 by intent, such as the way from integers to floats, has coarser differences.
    step, tolerance = (1e-6, 1e-5) if wide else (1e-2, 1e-2)

    def slopes(arguments: Any, direction: Any) -> Any:
        gradient = jax.grad(lambda given: function(*given))(arguments)
        along = sum((x * d).sum() for x, d in zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True))
        ahead, behind = (
            function(*jax.tree.map(lambda x, d, sign=sign: x + sign * step * d, arguments, direction))
            for sign in (1, -1)
        )
        return along, (ahead - behind) / (2 * step), ahead

    leaves, structure = jax.tree.flatten(arguments)
    if not leaves:
        return
    with jax.enable_x64(True):
        direction = jax.tree.unflatten(structure, [normal(x.shape, seed=70 + index) for index, x in enumerate(leaves)])
        along, difference, value = map(float, quickly(slopes)(widened(arguments), widened(direction)))
    # What rounding leaves of the difference grows with the values themselves.
    assert abs(along - difference) <= tolerance * max(abs(difference), 0.1) + 1e-3 * tolerance * abs(value), (
        f"{what}: the gradient is {along} in a direction in which the slope is {difference}"
    )
