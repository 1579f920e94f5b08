"""How far apart vectors are: what losses of several values of the model share. No loss of its own."""

from typing import Annotated, Literal

from pydantic import Field

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import need, need_float_output, need_steps_apart

Distance = Annotated[
    Literal["euclidean", "squared_euclidean", "manhattan", "cosine"],
    Field(description="How far vectors are apart; `cosine` is 1 minus the cosine of their angle."),
]


def need_alike(first: TensorType, *others: TensorType) -> None:
    """Raise PlanError E304 unless all are `[..., size]` floats of one shape: what is compared is never broadcast."""
    for type_ in (first, *others):
        need_float_output(type_)
        need(
            type_.shape == first.shape,
            f"vectors of shape {show_shape(first.shape)} cannot be compared with vectors of shape "
            f"{show_shape(type_.shape)}",
            help="give all the values of the loss one shape",
            code="E304",
        )
        need_steps_apart(type_)
    need(
        first.rank >= 1,
        "a distance is between vectors, and the values are single numbers",
        help="give the values an axis of features, `[size]`",
        code="E304",
    )


def between(first: Array, second: Array, kind: str) -> Array:
    """The distance of vectors `[..., size]`, `[...]`. Where two vectors are equal, its gradient is 0."""
    if kind == "cosine":
        return 1.0 - comparisons.cosine(first, second)
    difference = first - second
    if kind == "manhattan":
        return jnp.sum(jnp.abs(difference), axis=-1)
    squares = jnp.sum(jnp.square(difference), axis=-1)
    if kind == "squared_euclidean":
        return squares
    # The derivative of a root is infinite at 0, and a selection of its value alone would make the gradient NaN.
    apart = squares > 0
    return jnp.where(apart, jnp.sqrt(jnp.where(apart, squares, 1.0)), 0.0)
