"""Optimizers that look at a weight as a whole, such as at its norm: for the copies of a repeat, at that of each."""

from collections.abc import Callable
from typing import Any

from modelc.compiler.library.base.lazy import Array, jax, optax
from modelc.compiler.library.base.stacked_weights import is_stacked, rank
from modelc.compiler.library.optimizers.weight_decay import can_decay


def per_weight(make: "Callable[[bool], optax.GradientTransformation]") -> "optax.GradientTransformation":
    """The transformation that `make` gives for a weight that decays, or for one that does not, on each weight by itself. Copies of
    a repeat that are held stacked on one another are weights of their own.

    Its state is that of one weight with a tree, by path and name, in place of each array. So what is kept in the shape of a weight
    is found by the last two keys of the way to it, as in all optimizers of optax.
    """

    def made(way: tuple[Any, ...], weight: Array) -> "tuple[optax.GradientTransformation, bool]":
        path = str(way[0].key)
        return make(can_decay(str(way[-1].key), rank(path, weight))), is_stacked(path)

    def init(params: Any) -> Any:
        def of_one(way: tuple[Any, ...], weight: Array) -> Any:
            one, has_copies = made(way, weight)
            return jax.vmap(one.init)(weight) if has_copies else one.init(weight)

        states = jax.tree_util.tree_map_with_path(of_one, params)
        outer: Any = jax.tree_util.tree_structure(params)
        first = outer.flatten_up_to(states)[0]
        inner: Any = jax.tree_util.tree_structure(first)
        return jax.tree_util.tree_transpose(outer, inner, states) if inner.num_leaves else first

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        def of_one(way: tuple[Any, ...], gradient: Array, kept: Any, weight: Array) -> Any:
            one, has_copies = made(way, weight)
            return (jax.vmap(one.update) if has_copies else one.update)(gradient, kept, weight)

        outer: Any = jax.tree_util.tree_structure(params)
        inner: Any = jax.tree_util.tree_structure(state, is_leaf=lambda part: isinstance(part, dict))
        # Without a part there is nothing to transpose, and jax refuses it.
        is_empty = not inner.num_leaves
        kept = (
            outer.unflatten([state] * outer.num_leaves)
            if is_empty
            else jax.tree_util.tree_transpose(inner, outer, state)
        )
        found = jax.tree_util.tree_map_with_path(of_one, updates, kept, params)
        pair = jax.tree_util.tree_structure((0, inner.unflatten(range(inner.num_leaves))))
        return jax.tree_util.tree_transpose(outer, pair, found)

    return optax.GradientTransformation(init, update)
