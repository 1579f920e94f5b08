"""Decoupled weight decay: which weights decay, and where in an optimizer."""

from typing import Any

from modelc.compiler.library.base.lazy import jax, optax
from modelc.compiler.library.base.stacked_weights import rank


def decays(params: Any) -> Any:
    """A tree as `params`: True for every weight that decays, those of rank 2 and above."""
    return jax.tree_util.tree_map_with_path(lambda path, weight: rank(str(path[0].key), weight) >= 2, params)


def decayed(weight_decay: float) -> "tuple[optax.GradientTransformation, ...]":
    """What adds the decay to a direction, before it is scaled by the learning rate; nothing where there is none."""
    return (optax.add_decayed_weights(weight_decay, mask=decays),) if weight_decay else ()


def descent(
    direction: "optax.GradientTransformation", weight_decay: float, rate: "optax.ScalarOrSchedule"
) -> "optax.GradientTransformation":
    """An optimizer that goes by `direction` and the decay, times the learning rate."""
    return optax.chain(direction, *decayed(weight_decay), by_rate(rate))


def by_rate(rate: "optax.ScalarOrSchedule") -> "optax.GradientTransformation":
    """What scales a direction by the learning rate, downwards."""
    return optax.scale_by_learning_rate(rate)  # type: ignore[attr-defined]  # optax exports it without saying so
