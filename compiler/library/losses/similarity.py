"""Similarity losses of vectors: distances and angles (contrastive, triplet, cosine)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base import formulas
from modelc.compiler.library.base.fields import Field, Number, Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import TensorType, need, show_shape
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need_float_output,
    need_steps_apart,
    need_vectors,
    of_the_shape,
)

Distance = Annotated[
    Literal["euclidean", "squared_euclidean", "manhattan", "cosine"],
    Field(description="The distance between vectors; `cosine` is 1 minus the cosine of their angle."),
]


def need_alike(first: TensorType, *others: TensorType) -> None:
    """Raise PlanError E304 unless all are `[..., size]` floats of one shape: what is compared is never broadcast."""
    for type_ in (first, *others):
        need_float_output(type_)
        message = (
            f"vectors of shape {show_shape(first.shape)} cannot be compared with vectors of shape "
            f"{show_shape(type_.shape)}"
        )
        need(type_.shape == first.shape, message, help="give all the values of the loss one shape", code="E304")
        need_steps_apart(type_)
    help = "give the values an axis of features, `[size]`"
    need(first.rank >= 1, "a distance is between vectors, and the values are single numbers", help=help, code="E304")


def between(first: Array, second: Array, kind: str) -> Array:
    """The distance of vectors `[..., size]`, `[...]`. Where two vectors are equal, its gradient is 0."""
    if kind == "cosine":
        return 1.0 - formulas.cosine(first, second)
    difference = first - second
    if kind == "manhattan":
        return jnp.sum(jnp.abs(difference), axis=-1)
    squares = jnp.sum(jnp.square(difference), axis=-1)
    if kind == "squared_euclidean":
        return squares
    # The derivative of a root is infinite at 0, and a selection of its value alone would make the gradient NaN.
    apart = squares > 0
    return jnp.where(apart, jnp.sqrt(jnp.where(apart, squares, 1.0)), 0.0)


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between output and target: from -1, the same direction, to 1, opposite ones.

    Output and target `[..., size]` hold vectors on the last axis; the elements have shape `[...]`, and the loss is
    their mean. A vector of zeros has the cosine 0. Follows Keras 3 `CosineSimilarity`; the metric of this name is not
    negative.
    """

    keras = "losses.CosineSimilarity"
    spellings = ("cosine", "cosine_proximity", "cosine_distance")
    example = "cosine_similarity"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        message = f"an angle needs vectors, the output has shape {show_shape(output.shape)}"
        help = "use `mean_squared_error`, or give the last axis of the output more than one value"
        return need_vectors(output, target, message, help)

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return of_the_shape(output)

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "cosine_similarity takes a target"
        values = at_least_float32(output)
        return -formulas.cosine(values, target.astype(values.dtype))


class PairLoss(Loss):
    """Abstract: two values `[..., size]` and a target `[...]`, 1 for alike and 0 for different; elements `[...]`."""

    slots = ("first", "second")

    def plan(self, first: TensorType, second: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_alike(first, second)
        need(
            target is None or target.shape == first.shape[:-1],
            f"pairs of shape {show_shape(first.shape)} need a target of shape {show_shape(first.shape[:-1])}, got "
            f"{show_shape(target.shape if target else ())}",
            help="the target is 1 for similar pairs and 0 for different ones",
            code="E304",
        )
        return first.shape[:-1]

    def bounds(self, first: TensorType, second: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, first: Array, second: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        left, right = at_least_float32(first), at_least_float32(second)
        return self.compare(left, right, target.astype(left.dtype))

    def compare(self, first: Array, second: Array, alike: Array) -> Array:
        """The loss of each pair; all in at least float32."""
        raise NotImplementedError


class Contrastive(PairLoss):
    """Pulls alike pairs together, and different ones apart up to a margin: `t * d**2 / 2 + (1 - t) * max(margin - d,
    0)**2 / 2`.

    Two values `[..., size]` of the model, named by `of: [a, b]` beside the loss; `d` is their distance over the last
    axis. The target `[...]` is 1 for alike and 0 for different. The elements have shape `[...]`, and the loss is their
    mean. Source: Hadsell, Chopra and LeCun 2006 (https://doi.org/10.1109/CVPR.2006.100), whose `Y` is `1 - t`;
    TensorFlow Addons' `ContrastiveLoss` is twice this.
    """

    primary = "margin"
    spellings = ("ContrastiveLoss", "contrastive_loss", "siamese")
    example = "contrastive: {margin: 1.0}"

    margin: Annotated[Positive, Field(description="The distance above which different pairs have no loss.")] = 1.0
    distance: Distance = "euclidean"

    def compare(self, first: Array, second: Array, alike: Array) -> Array:
        apart = between(first, second, self.distance)
        near = between(first, second, "squared_euclidean") if self.distance == "euclidean" else apart
        # A large distance of a different pair may have an infinite square, and 0 times that is NaN.
        near = jnp.where(alike > 0, near, 0.0)
        near = near if self.distance == "euclidean" else jnp.square(near)
        return 0.5 * (alike * near + (1.0 - alike) * jnp.square(jnp.maximum(self.margin - apart, 0.0)))


class CosineEmbedding(PairLoss):
    """Turns alike pairs into one direction, and different ones apart: `t * (1 - cos) + (1 - t) * max(cos - margin, 0)`.

    Two values `[..., size]` of the model, named by `of: [a, b]` beside the loss; `cos` is the cosine of the angle
    between them, 0 for a vector of zeros. The target `[...]` is 1 for alike and 0 for different. The elements have
    shape `[...]`, and the loss is their mean. Follows PyTorch's `CosineEmbeddingLoss`, whose target for different pairs
    is -1.
    """

    torch = "nn.CosineEmbeddingLoss"
    primary = "margin"
    example = "cosine_embedding: {margin: 0.2}"

    margin: Annotated[
        Number, Field(ge=-1, le=1, description="The cosine below which different pairs have no loss.")
    ] = 0.0

    def compare(self, first: Array, second: Array, alike: Array) -> Array:
        cosine = formulas.cosine(first, second)
        return alike * (1.0 - cosine) + (1.0 - alike) * jnp.maximum(cosine - self.margin, 0.0)


class Triplet(Loss):
    """Wants an anchor nearer to a positive than to a negative, by a margin: `max(d(a, p) - d(a, n) + margin, 0)`.

    Three values `[..., size]` of the model, named by `of: [a, p, n]` beside the loss, or `of: {anchor: a, positive: p,
    negative: n}`; `d` is their distance over the last axis. There is no target. The elements have shape `[...]`, and
    the loss is their mean. Source: Schroff, Kalenichenko and Philbin 2015 (https://arxiv.org/abs/1503.03832), for
    vectors of length 1 (`unit_norm`); PyTorch's `TripletMarginLoss` is `distance: euclidean` with a margin of 1.
    """

    torch = "nn.TripletMarginLoss"
    primary = "margin"
    spellings = ("triplet_loss",)
    values_of_words: ClassVar[Mapping[str, Any]] = {"TripletMarginLoss": {"margin": 1, "distance": "euclidean"}}
    example = "triplet: {margin: 0.2}"
    slots = ("anchor", "positive", "negative")
    takes_target = False

    margin: Annotated[Positive, Field(description="How much closer the positive has to be than the negative.")] = 0.2
    distance: Distance = "squared_euclidean"

    def plan(
        self, anchor: TensorType, positive: TensorType, negative: TensorType, target: TensorType | None
    ) -> tuple[int, ...]:
        need_alike(anchor, positive, negative)
        return anchor.shape[:-1]

    def elements(self, anchor: Array, positive: Array, negative: Array, target: Array | None) -> Array:
        middle, near, far = (at_least_float32(values) for values in (anchor, positive, negative))
        gap = between(middle, near, self.distance) - between(middle, far, self.distance)
        return jnp.maximum(gap + self.margin, 0.0)
