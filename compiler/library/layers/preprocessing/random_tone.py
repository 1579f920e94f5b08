"""The layers that change colours and sharpness of images at random: grayscale, inversion, saturation, hue, sharpness."""

from collections.abc import Mapping
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.layers.preprocessing.random_image import Draws, Part, RandomImage, Share, ValueRange

RGB = (3,)


class RandomGrayscale(RandomImage):
    """In training an image becomes grey with the probability `factor`; otherwise the identity.

    Input and output `[height, width, 3]`, floats: all three channels are `0.2989 red + 0.5870 green + 0.1140 blue`, the
    luma of ITU-R BT.601. What is drawn depends on the place of an image in its batch, not on other images. Follows
    Keras 3 `layers.RandomGrayscale`.
    """

    keras = "layers.RandomGrayscale"
    primary = "factor"
    spellings = ("random_greyscale",)
    related = ("grayscale",)
    example = "random_grayscale: 0.2"
    takes = RGB

    factor: Annotated[Part, Field(description="Probability that an image becomes grey.")] = 0.5

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {"grey": draws.chance("grey", self.factor)}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        red, green, blue = planes(image)
        luma = 0.2989 * red + 0.5870 * green + 0.1140 * blue
        return jnp.where(drawn["grey"], luma[..., None], image)


class RandomInvert(RandomImage):
    """In training light and dark of an image are exchanged at random, `y = low + high - x`; otherwise the identity.

    Input and output `[height, width, channels]`, floats. An image is changed with a probability that is itself uniform
    in `factor`: the default, [0, 1], changes half of them. What is drawn depends on the place of an image in its batch,
    not on other images. Follows Keras 3 `layers.RandomInvert`, which leaves out `low`, the start of `value_range`.
    """

    keras = "layers.RandomInvert"
    primary = "factor"
    related = ("invert",)
    example = "random_invert: {factor: [0.1, 0.1], value_range: [0, 1]}"

    factor: Annotated[Share, Field(description="Range of probabilities: a pair, or one number for a range from 0.")] = (
        0.0,
        1.0,
    )
    value_range: ValueRange = (0.0, 255.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {"inverted": draws.chance("inverted", draws.uniform("share", *self.factor))}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        return jnp.where(drawn["inverted"], sum(self.value_range) - image, image)


class RandomSaturation(RandomImage):
    """In training an image becomes more or less colourful; otherwise the identity. `[height, width, 3]`, floats.

    The saturation of HSV is multiplied by `f / (1 - f)`, up to 1, with `f` uniform in `factor`: 0 is grey, 0.5 changes
    nothing, 1 is fully saturated. Hue and value stay. What is drawn depends on the place of an image in its batch, not
    on other images. Follows Keras 3 `layers.RandomSaturation`, which saturates beyond 1 where values reach beyond 1.
    """

    keras = "layers.RandomSaturation"
    primary = "factor"
    related = ("saturation",)
    example = "random_saturation: [0.4, 0.6]"
    takes = RGB

    factor: Annotated[Share, Field(description="Range of strengths: a pair, or one number for a range from 0.")]
    value_range: ValueRange = (0.0, 255.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        factor = draws.uniform("factor", *self.factor)
        return {"factor": factor / (1 - factor + 1e-7)}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        # At one hue and value, the distances of channels to the largest are in proportion to the saturation.
        low = self.value_range[0]
        channels = planes(image)
        value, extent = largest_and_extent(*channels)
        most = jnp.where(extent > 0, value - low, 1) / jnp.where(extent > 0, extent, 1)
        factor = jnp.minimum(drawn["factor"], most)
        return jnp.stack([value - (value - plane) * factor for plane in channels], -1)


class RandomHue(RandomImage):
    """In training the hue of an image is turned, all colours by one angle; otherwise the identity.

    Input and output `[height, width, 3]`, floats. The angle is uniform in `factor`, in half turns, either way: 1 makes
    every colour its opposite. Saturation and value of HSV stay. The result is clipped to `value_range`. What is drawn
    depends on the place of an image in its batch, not on other images. Follows Keras 3 `layers.RandomHue`.
    """

    keras = "layers.RandomHue"
    primary = "factor"
    related = ("hue",)
    example = "random_hue: {factor: 0.1, value_range: [0, 1]}"
    takes = RGB

    factor: Annotated[
        Share, Field(description="Range of angles in half turns: a pair, or one number for a range from 0.")
    ]
    value_range: ValueRange = (0.0, 255.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {"turn": draws.sign("sign") * draws.uniform("factor", *self.factor) * 0.5}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        """Smith 1978: the hue from the largest channel and the two others, and the channels from hue and extent."""
        red, green, blue = planes(image)
        value, extent = largest_and_extent(red, green, blue)
        scale = 1 / jnp.where(extent > 0, extent, 1)
        sixths = jnp.where(value == green, (blue - red) * scale + 2, (red - green) * scale + 4)
        sixths = jnp.where(value == red, (green - blue) * scale, sixths) + drawn["turn"] * 6
        hue = sixths - 6 * jnp.floor(sixths / 6)
        # What is left of the extent at each channel: all at its own hue, nothing two sixths and more from it.
        shares = (
            jnp.clip(jnp.abs(hue - 3) - 1, 0, 1),
            jnp.clip(2 - jnp.abs(hue - 2), 0, 1),
            jnp.clip(2 - jnp.abs(hue - 4), 0, 1),
        )
        turned = jnp.stack([value - extent * (1 - share) for share in shares], -1)
        return jnp.clip(turned, *self.value_range)


class RandomSharpness(RandomImage):
    """In training an image becomes sharper or smoother; otherwise the identity. `[height, width, channels]`, floats.

    `y = x + (1 - 2 f) * (smooth(x) - x)`, clipped to `value_range`, with `f` uniform in `factor`: 0 is smooth, 0.5
    changes nothing, 1 is sharper. `smooth` weighs 3 x 3 pixels by 1/13, the middle by 5/13, with zeros around the
    image. What is drawn depends on the place of an image in its batch, not on other images. Follows Keras 3
    `layers.RandomSharpness`.
    """

    keras = "layers.RandomSharpness"
    primary = "factor"
    related = ("RandomAdjustSharpness", "sharpness")
    example = "random_sharpness: {factor: [0.3, 0.7], value_range: [0, 1]}"

    factor: Annotated[Share, Field(description="Range of strengths: a pair, or one number for a range from 0.")]
    value_range: ValueRange = (0.0, 255.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {"factor": draws.uniform("factor", *self.factor)}

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        padded = jnp.pad(image, ((1, 1), (1, 1), (0, 0)))
        columns = padded[:-2] + padded[1:-1] + padded[2:]
        around = columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]
        smooth = (around + 4 * image) / 13
        return jnp.clip(image + (1 - 2 * drawn["factor"]) * (smooth - image), *self.value_range)


def planes(image: Array) -> tuple[Array, Array, Array]:
    """Red, green and blue apart: XLA computes along a last axis of three several times more slowly. The gradient of a
    split joins three arrays, that of three slices would compute all channels' gradients for each of them."""
    red, green, blue = (jnp.squeeze(plane, -1) for plane in jnp.split(image, 3, -1))
    return red, green, blue


def largest_and_extent(red: Array, green: Array, blue: Array) -> tuple[Array, Array]:
    """The largest channel of each pixel (the value of HSV), and how far it is from the smallest."""
    largest = jnp.maximum(jnp.maximum(red, green), blue)
    return largest, largest - jnp.minimum(jnp.minimum(red, green), blue)
