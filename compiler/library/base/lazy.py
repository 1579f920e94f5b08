"""Lazy imports of jax, numpy and optax: checking a spec must load none of them.

Modules of `compiler` and `cli` take `jnp`, `np`, `Array` and the like from here, at their top, and from nowhere else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["Array", "NumpyArray", "jax", "jnp", "lax", "np", "optax"]

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    from jax import Array, lax

    NumpyArray = np.ndarray[Any, Any]
else:

    class LazyModule:
        """Stands for a module, and imports it when one of its attributes is asked for."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            return getattr(import_module(self._name), attribute)

    jax, jnp, lax = LazyModule("jax"), LazyModule("jax.numpy"), LazyModule("jax.lax")
    np, optax = LazyModule("numpy"), LazyModule("optax")

    class Array:
        """Stands for `jax.Array` in annotations. Nothing is an instance of it: ask `isinstance` for `jax.Array`."""

    class NumpyArray:
        """Stands for `np.ndarray` in annotations. Nothing is an instance of it: ask `isinstance` for `np.ndarray`."""
