"""Weight decay: which weights decay, and where in an optimizer."""

from typing import Any

from modelc.compiler.library.base.lazy import jax, optax
from modelc.compiler.library.base.stacked_weights import rank

LEAST_AXES = 2
SPARED = ("alpha", "beta", "bias", "gamma", "scale")
"""What layers call biases, the scales of normalizations and slopes, whatever axes these have: biases of attention have two."""


def decays(params: Any) -> Any:
    """A tree as `params`: True for every weight that decays."""

    def one(way: tuple[Any, ...], weight: Any) -> bool:
        return can_decay(str(way[-1].key), rank(str(way[0].key), weight))

    return jax.tree_util.tree_map_with_path(one, params)


def can_decay(name: str, axes: int) -> bool:
    """Whether a weight of this name, such as `query/bias`, with so many axes is one of those that decay."""
    return axes >= LEAST_AXES and name.rpartition("/")[2] not in SPARED


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
