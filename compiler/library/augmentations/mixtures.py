"""Augmentations that mix each row with another one of its batch, and their targets with it."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.prng import derive, of_rows
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.base.type_checks import need
from modelc.compiler.library.contracts.augmentation import Augmentation, Augmented, check_sizes


class Mixture(Augmentation):
    """Abstract: each row becomes a part of itself and a part of another valid row, drawn anew in each step.

    Labels become distributions over their classes, for losses that take these; other targets are mixed as numbers.
    """

    mixes: ClassVar[bool] = True
    primary = "alpha"

    alpha: Annotated[
        Positive,
        Field(description="The parts of two rows are drawn from the beta distribution with twice this number."),
    ]

    def check_parts(self, parts: Sequence[Augmented]) -> None:
        for part in parts:
            shape, help = show_shape(part.type.shape), "name those that are to be mixed: `of: [photo, kind]`"
            message = f"`{part.name}` has labels of shape {shape}: rows are mixed whole, with one label each"
            need(not part.labels or part.type.rank == 0, message, help=help, code="E309")
            message = f"the input `{part.name}` has ids, of which there is no mixture"
            need(part.is_target or not part.labels, message, help=help, code="E309")
            message = f"the input `{part.name}` has values of {part.type.dtype}, of which there is no mixture"
            need(part.is_target or part.type.dtype != "bool", message, help=help, code="E309")
            message = f"the number of classes of the labels `{part.name}` is not known"
            need(not part.labels or part.classes is not None, message, help="say it: `classes: 10`", code="E309")

    def augment(self, key: Array, parts: Sequence[Augmented], arrays: Sequence[Array], valid: Array) -> list[Array]:
        other = partners(derive(key, "partner"), valid)
        own = self.own_parts(key, parts, len(valid))
        return [
            mixed(part, x, other, own[part.type.rank == 3 and not part.is_target])
            for part, x in zip(parts, arrays, strict=True)
        ]

    def own_parts(self, key: Array, parts: Sequence[Augmented], rows: int) -> tuple[Array, Array]:
        """How much of itself each row keeps, `[rows]`, and how much of each pixel of its images, `[rows, ...]`."""
        raise NotImplementedError

    def shares(self, key: Array, rows: int) -> Array:
        """A number from the beta distribution for each row, `[rows]`."""
        return jax.vmap(lambda key: jax.random.beta(key, self.alpha, self.alpha))(of_rows(derive(key, "share"), rows))


def partners(key: Array, valid: Array) -> Array:
    """For each valid row the place of another one, which no other row has, and for padding rows their own."""
    drawn = jax.vmap(jax.random.uniform)(of_rows(key, len(valid)))
    order = jnp.argsort(jnp.where(valid, drawn, 2.0))
    rank, count = jnp.argsort(order), jnp.sum(valid)
    following = jnp.where(rank < count, (rank + 1) % jnp.maximum(count, 1), rank)
    return order[following]


def mixed(part: Augmented, x: Array, other: Array, own: Array) -> Array:
    """`x` with `own` of each row and the rest of its `other`: inputs in their dtype, targets in float32 or wider."""
    if part.labels:
        assert part.classes is not None
        x = jax.nn.one_hot(x, part.classes)
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    weight = own.reshape(own.shape + (1,) * (x.ndim - own.ndim))
    found = weight * wide + (1 - weight) * wide[other]
    if part.is_target:
        return found
    return (jnp.rint(found) if jnp.issubdtype(x.dtype, jnp.integer) else found).astype(x.dtype)


class MixUp(Mixture):
    """Each row becomes the weighted mean of itself and another one, and its targets too, in training.

    `x * l + x' * (1 - l)`, with `l` from the beta distribution of `alpha` for each row; labels as distributions over classes,
    for `cross_entropy` and other losses that take them. The other row is one of the same batch, drawn so that each is it once.
    Follows Keras 3 `layers.MixUp`.
    """

    keras = "layers.MixUp"
    spellings = ("mix_up",)
    example = "mixup: 0.2"

    def own_parts(self, key: Array, parts: Sequence[Augmented], rows: int) -> tuple[Array, Array]:
        share = self.shares(key, rows)
        return share, share


class CutMix(Mixture):
    """A box of each image is replaced by that of another one in the same place, and its targets are mixed by the areas.

    The box has the form of the image and the area `1 - l`, with `l` from the beta distribution of `alpha`, about a random pixel;
    what lies outside is cut off, and the labels are mixed as the pixels are. All images have one height and width. The other
    row is one of the same batch, drawn so that each is it once. Follows Keras 3 `layers.CutMix`.
    """

    keras = "layers.CutMix"
    spellings = ("cut_mix",)
    example = "cutmix: 1.0"

    def check_parts(self, parts: Sequence[Augmented]) -> None:
        super().check_parts(parts)
        inputs = [part for part in parts if not part.is_target]
        wrong = next((part for part in inputs if part.type.rank != 3), None)
        message = f"the input `{wrong and wrong.name}` has rows of shape {show_shape(wrong.type.shape if wrong else ())}, and boxes are cut of images `[height, width, channels]`"
        need(wrong is None, message, help="`mixup` mixes rows of every shape", code="E309")
        need(
            bool(inputs),
            "no image is named, of which boxes could be cut",
            help="name one: `of: [photo, kind]`",
            code="E309",
        )
        check_sizes(inputs)

    def own_parts(self, key: Array, parts: Sequence[Augmented], rows: int) -> tuple[Array, Array]:
        height, width = next(part.type.shape[:2] for part in parts if not part.is_target)
        side = jnp.sqrt(1 - self.shares(key, rows))
        outside = []
        for name, size, axis in (("row", height, 1), ("column", width, 2)):
            middle = jax.vmap(jax.random.uniform)(of_rows(derive(key, name), rows)) * size
            place = jnp.arange(size) + 0.5
            distance = jnp.abs(place[None, :] - middle[:, None])
            outside.append(jnp.expand_dims(distance >= side[:, None] * size / 2, 3 - axis))
        kept = outside[0] | outside[1]
        return jnp.mean(kept, axis=(1, 2), dtype="float32"), kept.astype("float32")
