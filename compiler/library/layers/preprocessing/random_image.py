"""The base of layers that augment images in training: random numbers for each image, and their arguments.

A layer says what it draws for one image and what it does with it; rows and training are looked after here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field

from modelc.compiler.library.base.fields import Number, ReadRange, read_tuple
from modelc.compiler.library.base.lazy import Array, jax, jnp, np
from modelc.compiler.library.base.prng import derive, of_rows
from modelc.compiler.library.contracts.augmentation import Augmentation, Augmented, check_sizes
from modelc.compiler.library.contracts.layer import (
    Call,
    Kept,
    Layer,
    Plan,
    PlanError,
    TensorType,
    need,
    need_floats,
    show_shape,
)
from modelc.compiler.library.layers.convolutional.window_fields import need_space

Signed = Annotated[Number, Field(ge=-1, le=1)]
Part = Annotated[Number, Field(ge=0, le=1)]
Range = Annotated[tuple[Signed, Signed], BeforeValidator(ReadRange(-1))]
"""From -1 to 1: a pair, or a number for as much either way."""
Share = Annotated[tuple[Part, Part], BeforeValidator(ReadRange(0))]
"""From 0 to 1: a pair, or a number for all from 0 up to it."""
Parts = Annotated[tuple[Part, Part], BeforeValidator(ReadRange(0, twice=True))]
"""Two numbers from 0 to 1, or one for both."""
ValueRange = Annotated[
    tuple[Number, Number],
    BeforeValidator(read_tuple),
    Field(description="Smallest and largest value that an image may have: [0, 1] behind `rescaling: 1/255`."),
]


class RandomImage(Layer, Augmentation):
    """Abstract: a change of each image in training by numbers drawn for it alone; otherwise the identity.

    What is drawn depends on the seed, the step, the node and the place of the image in its batch, and on nothing else:
    not on the other images, nor on how many rows only pad the batch. bfloat16 is computed in float32.
    """

    keeps: ClassVar[Kept] = "range"
    idle: ClassVar[bool] = True
    takes: ClassVar[tuple[int, ...]] = ()
    """How many channels fit; empty for any."""
    floats: ClassVar[bool] = True
    """Whether it computes with the values, rather than moving them."""

    def plan(self, x: TensorType) -> Plan:
        need_space(x, 2)
        if self.floats:
            need_floats(x)
        message = f"expected images of {' or '.join(map(str, self.takes))} channels, got {x.shape[-1]}"
        need(not self.takes or x.shape[-1] in self.takes, message, help="this layer needs red, green and blue channels")
        low, high = getattr(self, "value_range", (0, 1))
        help = "write the smaller value first"
        need(low < high, f"`value_range` goes from {low:g} to {high:g}", help=help, argument="value_range")
        return Plan.of(self.after(x))

    def after(self, x: TensorType) -> TensorType:
        """The type of the output for images of the type `x`."""
        return x

    def apply(self, call: Call, x: Array) -> Array:
        if not call.train:
            return self.still(x)
        return self.changed(call.random("rows"), x).astype(x.dtype)

    def changed(self, key: Array, x: Array) -> Array:
        """A batch of images, each changed by what is drawn from `key` and its place; in float32 or wider where it computes with
        values.
        """
        keys = of_rows(key, x.shape[0])
        shape = x.shape[1:]
        drawn = jax.vmap(lambda key: self.draw(Draws(key), shape))(keys)
        wide = x.astype(jnp.promote_types(x.dtype, "float32")) if self.floats else x
        return jax.vmap(self.change)(wide, drawn)

    def check_parts(self, parts: Sequence[Augmented]) -> None:
        for part in parts:
            of_pixels = part.type.rank == 2 if part.labels else part.type.rank == 3
            form = "[height, width]" if part.labels else "[height, width, channels]"
            message = f"`{part.name}` has rows of shape {show_shape(part.type.shape)}, expected {form}"
            help = "name the images, and the labels of their pixels, that change together: `of: [photo, mask]`"
            need(of_pixels, message, help=help, code="E309")
            if part.labels:
                self.check_labels(part)
                continue
            try:
                self.plan(part.type.with_dtype("float32") if self.floats else part.type)
            except PlanError as error:
                raise replace(error, message=f"`{part.name}`: {error.message}", code="E309") from None
        check_sizes(parts)

    def check_labels(self, part: Augmented) -> None:
        """Raise PlanError E309 where labels of pixels cannot be changed as images are."""
        message = f"`{part.name}` has labels, and values are changed here"
        need(not self.floats, message, help="name the images alone: `of: photo`", code="E309")

    def for_labels(self, part: Augmented) -> Self:
        """How labels of pixels are changed where images are changed so."""
        return self

    def augment(self, key: Array, parts: Sequence[Augmented], arrays: Sequence[Array], valid: Array) -> list[Array]:
        found = []
        for part, x in zip(parts, arrays, strict=True):
            images = x[..., None] if part.labels else x
            changed = (self.for_labels(part) if part.labels else self).changed(key, images)
            if jnp.issubdtype(x.dtype, jnp.integer) and changed.dtype != x.dtype:
                limits = np.iinfo(np.dtype(x.dtype.name))
                changed = jnp.clip(jnp.rint(changed), limits.min, limits.max)
            found.append((changed[..., 0] if part.labels else changed).astype(x.dtype))
        return found

    def still(self, x: Array) -> Array:
        """What becomes of a batch outside training."""
        return x

    def choices(self, shape: tuple[int, ...]) -> Mapping[str, Sequence[int]]:
        """Of a layer that moves values, what each of its numbers may be for images of `shape`: so much of it that every value
        that may come out does. Empty for all others.
        """
        return {}

    def draws(self, x: TensorType) -> int:
        choices = self.choices(x.shape)
        return prod(map(len, choices.values())) if choices else 0

    def drawn(self, x: Array, number: Array | int) -> Array:
        chosen = {}
        for name, values in self.choices(x.shape[1:]).items():
            chosen[name] = jnp.asarray(values)[number % len(values)]
            number = number // len(values)
        return jax.vmap(self.change, (0, None))(x, chosen)

    def draw(self, draws: "Draws", shape: tuple[int, ...]) -> Mapping[str, Array]:
        """The numbers for one image of `shape`, by name."""
        raise NotImplementedError

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        """One image `[height, width, channels]`, changed by the numbers drawn for it."""
        raise NotImplementedError


class Draws:
    """Random numbers for one image: each by its name, so that no other number changes with it."""

    def __init__(self, key: Array) -> None:
        self.key = key

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Array:
        """A float from `low` up to `high`."""
        return jax.random.uniform(derive(self.key, name), minval=low, maxval=high)

    def chance(self, name: str, share: float | Array = 0.5) -> Array:
        """True with the probability `share`."""
        return self.uniform(name) < share

    def place(self, name: str, count: int) -> Array:
        """An integer from 0 up to but without `count`."""
        return jnp.minimum(self.uniform(name) * count, count - 1).astype("int32")

    def sign(self, name: str) -> Array:
        """1 or -1."""
        return jnp.where(self.chance(name), 1.0, -1.0)

    def normal(self, name: str, shape: tuple[int, ...]) -> Array:
        """Standard normal floats."""
        return jax.random.normal(derive(self.key, name), shape)
