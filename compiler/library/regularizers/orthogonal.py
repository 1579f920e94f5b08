"""A penalty on rows or columns of a matrix that are not orthogonal to each other."""

from typing import Annotated, Literal

from modelc.compiler.library.base.fields import Field, NonNegative
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need, show_shape
from modelc.compiler.library.contracts.weight_rules import Regularizer


class OrthogonalRegularizer(Regularizer):
    """`factor * mean(|cosine|)` over all pairs of rows (or columns) of a matrix, as Keras 3
    `regularizers.OrthogonalRegularizer`: a half of the sum over the off-diagonal, over the number of pairs."""

    keras = "regularizers.OrthogonalRegularizer"
    primary = "factor"
    example = "orthogonal: {factor: 0.01, mode: columns}"

    factor: Annotated[NonNegative, Field(description="Factor of the penalty.")] = 0.01
    mode: Annotated[
        Literal["rows", "columns"], Field(description="Which vectors are regularized to be orthogonal.")
    ] = "rows"

    def check(self, shape: tuple[int, ...]) -> None:
        message = f"`orthogonal` regularizes matrices, this weight has shape {show_shape(shape)}"
        need(len(shape) == 2, message, help="use `l2` for weights that are not a matrix")

    def penalty(self, weight: Array) -> Array:
        wide = weight.astype(jnp.promote_types(weight.dtype, jnp.float32))
        vectors = wide if self.mode == "rows" else wide.T
        size = vectors.shape[0]
        norms = jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(vectors), axis=1, keepdims=True), 1e-12))
        unit = vectors / norms
        cosines = jnp.abs(unit @ unit.T) * (1.0 - jnp.eye(size, dtype=wide.dtype))
        pairs = size * (size - 1.0) / 2.0
        return self.factor * 0.5 * jnp.sum(cosines) / max(pairs, 1.0)
