"""How much each class counts in a loss: the argument `class_weight`, its classes given by name or by index."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from modelc.compiler.errors import PlanError, need
from modelc.compiler.numbers import NonNegative

if TYPE_CHECKING:
    from jax import Array

ClassWeight = dict[str, NonNegative] | None
"""Weights by class; a class that is left out counts 1."""


def by_index(weights: Mapping[str, float], names: tuple[str, ...], count: int) -> dict[str, float]:
    """`weights` with every class by its index, as text. `names` are those of the classes, empty where they have none.

    Raises PlanError E304 for a class that is not there or is given twice. An index will not do where names are
    numerals.
    """
    numerals = any(name.isdecimal() for name in names)
    found: dict[str, float] = {}
    for written, weight in weights.items():
        if written in names:
            index = names.index(written)
        elif written.isdecimal() and not numerals:
            index = int(written)
        else:
            raise unknown(written, names, count)
        need(
            index < count,
            f"`class_weight` is about the class {written}, there are {count}",
            help=f"classes count from 0 to {count - 1}",
            argument="class_weight",
            code="E304",
        )
        need(
            str(index) not in found,
            f"`class_weight` has the class `{names[index] if names else index}` twice",
            help="give each class once, by its name or its index",
            argument="class_weight",
            code="E304",
        )
        found[str(index)] = weight
    return found


def unknown(written: str, names: tuple[str, ...], count: int) -> PlanError:
    """The error for a class that is neither a name nor an index."""
    if names:
        close = get_close_matches(written, names, n=1)
        cure = f"did you mean `{close[0]}`?" if close else "use the names of the classes"
        note = f"classes: {', '.join(names)}"
    else:
        cure = f"write indexes from 0 to {count - 1}, or name the classes: `category: {{classes: [...]}}` of the target"
        note = "the classes of this target have no names"
    return PlanError(
        f"`class_weight` names no class: `{written}`", help=cure, note=note, argument="class_weight", code="E304"
    )


def weight_vector(weights: Mapping[str, float], count: int, like: "Array") -> "Array":
    """The weights of all `count` classes, given by index, in the dtype of `like`."""
    import jax.numpy as jnp

    return jnp.asarray([weights.get(str(index), 1.0) for index in range(count)], like.dtype)
