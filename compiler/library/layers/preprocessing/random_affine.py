"""The layers that rotate, translate, zoom and shear images at random, each by an affine map from output to input
pixels.
"""

from abc import abstractmethod
from collections.abc import Mapping
from itertools import product
from math import tau
from typing import Annotated, Any, Literal, Self

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need
from modelc.compiler.library.contracts.augmentation import Augmented
from modelc.compiler.library.contracts.reader import LEFT_OUT
from modelc.compiler.library.layers.preprocessing.random_image import Draws, RandomImage, Range

Matrix = tuple[Any, Any, Any, Any, Any, Any]
"""`(a0, a1, a2, b0, b1, b2)`: the output pixel at `(x, y)` is the input at `(a0 x + a1 y + a2, b0 x + b1 y + b2)`."""


class RandomAffine(RandomImage):
    """Abstract: each image read at places that an affine map gives; what lies beyond its edges, `fill_mode` says."""

    fill_mode: Annotated[
        Literal["reflect", "constant", "wrap", "nearest"],
        Field(
            description="Values beyond the edges: `reflect` dcba|abcd|dcba, `wrap` abcd|abcd|abcd, "
            "`nearest` aaaa|abcd|dddd, `constant` the `fill_value`."
        ),
    ] = "reflect"
    interpolation: Annotated[
        Literal["bilinear", "nearest"],
        Field(description="Whether to interpolate between four pixels or to copy the nearest."),
    ] = "bilinear"
    fill_value: Annotated[Number, Field(description="The value beyond the edges, for `fill_mode: constant`.")] = 0.0

    def check_labels(self, part: Augmented) -> None:
        message = f"beyond the edges of `{part.name}` there is no label, and `fill_mode: constant` says one value for images and labels"
        help = "use another `fill_mode`, or let the reader leave out what has no label: `ignore: 255`"
        need(self.fill_mode != "constant" or part.leaves_out, message, help=help, code="E309")

    def for_labels(self, part: Augmented) -> Self:
        return self.model_copy(update={"interpolation": "nearest", "fill_value": float(LEFT_OUT)})

    @abstractmethod
    def matrix(self, drawn: Mapping[str, Any], height: int, width: int) -> Matrix:
        """The map of one image."""

    def change(self, image: Array, drawn: Mapping[str, Any]) -> Array:
        """The formula of `keras.ops.image.affine_transform`, with one place for all channels of a pixel."""
        height, width, channels = image.shape
        a0, a1, a2, b0, b1, b2 = self.matrix(drawn, height, width)
        y, x = jnp.arange(height, dtype="float32")[:, None], jnp.arange(width, dtype="float32")[None, :]
        rows, columns = self.taps(b0 * x + b1 * y + b2), self.taps(a0 * x + a1 * y + a2)
        pixels = image.reshape(height * width, channels)
        total = jnp.zeros_like(image)
        for (row, down), (column, along) in product(rows, columns):
            values = pixels[inside(row, height, self.fill_mode) * width + inside(column, width, self.fill_mode)]
            if self.fill_mode == "constant":
                real = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                values = jnp.where(real[..., None], values, self.fill_value)
            total = total + values * (down * along)[..., None]
        return total

    def taps(self, place: Array) -> list[tuple[Array, Array]]:
        """The pixels along one axis that `place` is read from, and how much each counts."""
        if self.interpolation == "nearest":
            # Halves away from zero, as JAX's map_coordinates rounds.
            nearest = jnp.sign(place) * jnp.floor(jnp.abs(place) + 0.5)
            return [(nearest.astype("int32"), jnp.ones_like(place))]
        lower = jnp.floor(place)
        upper = place - lower
        return [(lower.astype("int32"), 1 - upper), (lower.astype("int32") + 1, upper)]


def inside(index: Array, size: int, fill_mode: str) -> Array:
    """The pixels of an axis of `size` that stand for those at `index`, which may lie beyond its edges."""
    if fill_mode == "wrap":
        return index % size
    if fill_mode == "reflect":
        turned = index % (2 * size)
        return jnp.minimum(turned, 2 * size - 1 - turned)
    return jnp.clip(index, 0, size - 1)


class RandomRotation(RandomAffine):
    """In training each image is turned about its middle by a random angle; otherwise the identity.

    Input and output `[height, width, channels]`, floats. The angle is uniform in `factor`, in full turns,
    counter-clockwise where positive: 0.1 is up to 36 degrees either way. What is drawn depends on the place of an image
    in its batch, not on other images. Follows Keras 3 `layers.RandomRotation`; PyTorch's counts degrees.
    """

    keras = "layers.RandomRotation"
    primary = "factor"
    spellings = ("random_rotate",)
    related = ("rotate",)
    example = "random_rotation: 0.05"

    factor: Annotated[
        Range, Field(description="Range of angles in full turns: a pair, or one number for both directions.")
    ]

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {"angle": draws.uniform("angle", *self.factor) * tau}

    def matrix(self, drawn: Mapping[str, Any], height: int, width: int) -> Matrix:
        cos, sin = jnp.cos(drawn["angle"]), jnp.sin(drawn["angle"])
        x, y = (width - 1) / 2, (height - 1) / 2
        return cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos


class RandomTranslation(RandomAffine):
    """In training each image is moved by a random share of its height and of its width; otherwise the identity.

    Input and output `[height, width, channels]`, floats. Down and to the right where the share is positive. What is
    drawn depends on the place of an image in its batch, not on other images. Follows Keras 3
    `layers.RandomTranslation`.
    """

    keras = "layers.RandomTranslation"
    spellings = ("random_shift",)
    related = ("translate",)
    example = "random_translation: {height_factor: 0.1, width_factor: 0.1}"

    height_factor: Annotated[
        Range, Field(description="Range as fractions of the height: a pair, or one number for both directions.")
    ]
    width_factor: Annotated[
        Range, Field(description="Range as fractions of the width: a pair, or one number for both directions.")
    ]

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        return {
            "down": draws.uniform("down", *self.height_factor) * shape[0],
            "right": draws.uniform("right", *self.width_factor) * shape[1],
        }

    def matrix(self, drawn: Mapping[str, Any], height: int, width: int) -> Matrix:
        return 1.0, 0.0, -drawn["right"], 0.0, 1.0, -drawn["down"]


class RandomZoom(RandomAffine):
    """In training each image is zoomed about its middle by a random factor; otherwise the identity.

    Input and output `[height, width, channels]`, floats. A share of 0.2 shows an area 1.2 times as high and wide (zooms
    out), -0.2 one of 0.8 (zooms in). Without `width_factor` the proportions stay. What is drawn depends on the place of
    an image in its batch, not on other images. Follows Keras 3 `layers.RandomZoom`.
    """

    keras = "layers.RandomZoom"
    primary = "height_factor"
    spellings = ("random_scale",)
    related = ("zoom",)
    example = "random_zoom: 0.1"

    height_factor: Annotated[
        Range, Field(description="Range of zoom factors: a pair, or one number for both directions; above 0 zooms out.")
    ]
    width_factor: Annotated[Range | None, Field(description="The same for the width; null: that of the height.")] = None

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        height = 1 + draws.uniform("height", *self.height_factor)
        width = height if self.width_factor is None else 1 + draws.uniform("width", *self.width_factor)
        return {"height": height, "width": width}

    def matrix(self, drawn: Mapping[str, Any], height: int, width: int) -> Matrix:
        across, down = drawn["width"], drawn["height"]
        return across, 0.0, (width - 1) / 2 * (1 - across), 0.0, down, (height - 1) / 2 * (1 - down)


class RandomShear(RandomAffine):
    """In training each image is sheared by random slopes; otherwise the identity.

    Input and output `[height, width, channels]`, floats. `x_factor` moves rows along by their distance from the top,
    `y_factor` columns down by their distance from the left, both in one direction or both in the other. What is drawn
    depends on the place of an image in its batch, not on other images. Follows Keras 3 `layers.RandomShear`.
    """

    keras = "layers.RandomShear"
    related = ("shear",)
    example = "random_shear: {x_factor: 0.2}"

    x_factor: Annotated[
        Range, Field(description="Range of slopes of columns: a pair, or one number for both directions.")
    ] = (0.0, 0.0)
    y_factor: Annotated[
        Range, Field(description="Range of slopes of rows: a pair, or one number for both directions.")
    ] = (0.0, 0.0)

    def draw(self, draws: Draws, shape: tuple[int, ...]) -> Mapping[str, Array]:
        sign = draws.sign("sign")
        return {"x": sign * draws.uniform("x", *self.x_factor), "y": sign * draws.uniform("y", *self.y_factor)}

    def matrix(self, drawn: Mapping[str, Any], height: int, width: int) -> Matrix:
        return 1.0, drawn["x"], 0.0, drawn["y"], 1.0, 0.0
