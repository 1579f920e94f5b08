"""The layers that flip and crop images at random."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.base.type_checks import TensorType, need, show_shape
from modelc.compiler.library.layers.preprocessing.random_image import Draws, RandomImage
from modelc.compiler.library.layers.preprocessing.resizing import middle


class RandomFlip(RandomImage):
    """In training each image is mirrored with probability 1/2; otherwise the identity. `[height, width, channels]`.

    `horizontal` mirrors left and right, `vertical` top and bottom; both are drawn on their own, where Keras 3 draws
    once and mirrors both ways or not at all. Any dtype. What is drawn depends on the place of an image in its batch,
    not on other images. Follows Keras 3 `layers.RandomFlip`.
    """

    keras = "layers.RandomFlip"
    primary = "mode"
    values_of_words: ClassVar[Mapping[str, Any]] = {
        "RandomHorizontalFlip": "horizontal",
        "RandomVerticalFlip": "vertical",
    }
    keeps = "values"
    example = "random_flip: horizontal"
    floats = False

    mode: Annotated[
        Literal["horizontal_and_vertical", "horizontal", "vertical"], Field(description="The directions of the flip.")
    ] = "horizontal_and_vertical"

    def choices(self, shape: tuple[int, ...]) -> Mapping[str, Sequence[int]]:
        return {name: (0, 1) for name in ("horizontal", "vertical") if name in self.mode}

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {name: draws.chance(name) for name in self.choices(shape)}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        for name, axis in (("horizontal", 1), ("vertical", 0)):
            if name in drawn:
                image = jnp.where(drawn[name], jnp.flip(image, axis), image)
        return image


class RandomCrop(RandomImage):
    """In training a part of each image at a random place, otherwise its middle: `[height, width, channels]` both.

    Images are at least as large as the part. Any dtype. What is drawn depends on the place of an image in its batch,
    not on other images. Follows Keras 3 `layers.RandomCrop`, which cuts a whole batch at one place, enlarges images
    that are too small, and leaves them whole outside training.
    """

    keras = "layers.RandomCrop"
    keeps = "values"
    idle = False
    example = "random_crop: {height: 28, width: 28}"
    floats = False

    height: Annotated[Size, Field(description="Height of the output.")]
    width: Annotated[Size, Field(description="Width of the output.")]

    def after(self, x: TensorType) -> TensorType:
        for name, size, whole in (("height", self.height, x.shape[0]), ("width", self.width, x.shape[1])):
            message = f"`{name}` is {size}, but the images are {show_shape(x.shape[:2])}"
            need(size <= whole, message, help=f"choose at most {whole}, or add `resizing` before it", argument=name)
        return x.with_shape(self.height, self.width, x.shape[-1])

    def still(self, x: Array) -> Array:
        return middle(x, (self.height, self.width))

    def choices(self, shape: tuple[int, ...]) -> Mapping[str, Sequence[int]]:
        return {"top": tiles(shape[0], self.height), "left": tiles(shape[1], self.width)}

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {
            "top": draws.place("top", shape[0] - self.height + 1),
            "left": draws.place("left", shape[1] - self.width + 1),
        }

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        size = (self.height, self.width, image.shape[2])
        return lax.dynamic_slice(image, (drawn["top"], drawn["left"], 0), size)


def tiles(whole: int, size: int) -> tuple[int, ...]:
    """Where parts of `size` begin that together cover an axis of `whole`."""
    return (*range(0, whole - size, size), whole - size)
