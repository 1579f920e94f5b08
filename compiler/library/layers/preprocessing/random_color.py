"""The layers that change pixel values of images at random: brightness, contrast, random erasing."""

from collections.abc import Mapping
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field, Numbers
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.layers.preprocessing.random_image import (
    Draws,
    Parts,
    RandomImage,
    Range,
    Share,
    ValueRange,
)


class RandomBrightness(RandomImage):
    """In training a random number is added to all values of an image, clipped to `value_range`; otherwise the identity.

    Input and output `[height, width, channels]`, floats. The number is uniform in `factor`, in shares of the whole
    range: 0.2 is up to 51 either way of 0 to 255. What is drawn depends on the place of an image in its batch, not on
    other images. Follows Keras 3 `layers.RandomBrightness`.
    """

    keras = "layers.RandomBrightness"
    primary = "factor"
    spellings = ("brightness",)
    example = "random_brightness: {factor: 0.1, value_range: [0, 1]}"

    factor: Annotated[
        Range, Field(description="Range as fractions of `value_range`: a pair, or one number for both directions.")
    ]
    value_range: ValueRange = (0.0, 255.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        low, high = self.value_range
        return {"delta": draws.uniform("delta", *self.factor) * (high - low)}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        return jnp.clip(image + drawn["delta"], *self.value_range)


class RandomContrast(RandomImage):
    """In training `y = (x - mean) * factor + mean` for each channel of an image, clipped to `value_range`; otherwise
    the identity.

    Input and output `[height, width, channels]`, floats. The factor is uniform from `1 - lower` to `1 + upper`; a
    single number stands for both, as Keras 3's documentation says, while its code takes 0 for `lower`. What is drawn
    depends on the place of an image in its batch, not on other images. Follows Keras 3 `layers.RandomContrast`.
    """

    keras = "layers.RandomContrast"
    primary = "factor"
    spellings = ("contrast",)
    example = "random_contrast: {factor: 0.2, value_range: [0, 1]}"

    factor: Annotated[
        Parts, Field(description="Decrease and increase of the contrast: a pair, or one number for both.")
    ]
    value_range: ValueRange = (0.0, 255.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {"factor": draws.uniform("factor", 1 - self.factor[0], 1 + self.factor[1])}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        mean = jnp.mean(image, (0, 1), keepdims=True)
        return jnp.clip((image - mean) * drawn["factor"] + mean, *self.value_range)


class RandomErasing(RandomImage):
    """In training a random rectangle of an image is overwritten; otherwise the identity. Zhong et al. 2020.

    Input and output `[height, width, channels]`, floats. An image is changed with a probability that is itself uniform
    in `factor`: the default, [0, 1], changes half of them. The sides are square roots of shares drawn from `scale`.
    Without `fill_value` the rectangle holds normal noise with the deviation of the end of `value_range`, clipped to it.
    What is drawn depends on the place of an image in its batch, not on other images. Follows Keras 3
    `layers.RandomErasing`.
    """

    keras = "layers.RandomErasing"
    primary = "factor"
    spellings = ("cutout", "random_cutout")
    example = "random_erasing: {factor: [0.25, 0.25], fill_value: 0, value_range: [0, 1]}"

    factor: Annotated[Share, Field(description="Range of probabilities: a pair, or one number for a range from 0.")] = (
        0.0,
        1.0,
    )
    scale: Annotated[
        Share, Field(description="Range as fractions of the area: a pair, or one number for a range from 0.")
    ] = (0.02, 0.33)
    fill_value: Annotated[
        Numbers | None, Field(description="Value of the rectangle: one number, one per channel, or null for noise.")
    ] = None
    value_range: ValueRange = (0.0, 255.0)

    def after(self, x: TensorType) -> TensorType:
        if self.fill_value is not None:
            count, channels = len(self.fill_value), x.shape[-1]
            message = f"`fill_value` has {count} numbers, but the images have {channels} channels"
            help = "give one number for all, or one for each channel"
            need(count in (1, channels), message, help=help, argument="fill_value")
        return x

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        drawn: dict[str, Array] = {"erased": draws.chance("erased", draws.uniform("share", *self.factor))}
        for name, size in (("height", shape[0]), ("width", shape[1])):
            length = jnp.sqrt(draws.uniform(name, *self.scale)) * size
            begin = draws.uniform(f"{name} place") * (size - length)
            drawn |= {f"{name} begin": begin, f"{name} end": begin + length}
        if self.fill_value is None:
            drawn["noise"] = draws.normal("noise", shape)
        return drawn

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        y, x = jnp.arange(image.shape[0])[:, None, None], jnp.arange(image.shape[1])[None, :, None]
        within = (y >= drawn["height begin"]) & (y < drawn["height end"])
        within &= (x >= drawn["width begin"]) & (x < drawn["width end"])
        fill = drawn["noise"] * self.value_range[1] if self.fill_value is None else jnp.array(self.fill_value)
        return jnp.where(within & drawn["erased"], jnp.clip(fill, *self.value_range), image)
