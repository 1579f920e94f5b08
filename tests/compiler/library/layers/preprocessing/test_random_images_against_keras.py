"""Images changed at random: with the same numbers drawn, what Keras 3 does; the draws themselves by their distribution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from scipy import ndimage as scipy_ndimage

from modelc.compiler.library.base.prng import root_key
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.preprocessing.random_image import Draws, RandomImage
from tests.compiler.library.layers.comparing import close, compare
from tests.compiler.library.layers.families import kind_of
from tests.compiler.library.layers.preprocessing.configurations import RANDOM, USES
from tests.compiler.library.layers.running import QUICK, build, filled, normal

L = keras.layers
ndimage: Any = scipy_ndimage
Drawn = Mapping[str, Any]
x = normal(4, 6, 9, 3)
pixels = np.random.default_rng(0).uniform(0.02, 0.98, (4, 6, 9, 3)).astype("float32")


@dataclass
class Case:
    """A layer of ours, Keras's, and the numbers that ours drew as Keras's `transform_images` takes them."""

    raw: Any
    oracle: Any
    numbers: Callable[[Any, Drawn], Any]
    images: np.ndarray

    @property
    def name(self) -> str:
        (layer,) = self.raw
        return str(layer)


def draw(layer: Any, count: int, shape: tuple[int, ...], seed: int = 0) -> Drawn:
    """What `count` images of `shape` draw."""
    keys = jax.vmap(jax.random.fold_in, (None, 0))(root_key(seed), jnp.arange(count))
    # Not compiled as one: jax keeps the parts, which all layers share.
    drawn: Drawn = jax.vmap(lambda key: layer.draw(Draws(key), shape))(keys)
    return drawn


def column(*values: Any) -> Any:
    return jnp.stack(values, axis=1)


def rotated(oracle: Any, drawn: Drawn) -> Any:
    none, one = jnp.zeros(len(x)), jnp.ones(len(x))
    matrix = oracle._compute_affine_matrix(0.5, 0.5, jnp.rad2deg(drawn["angle"]), none, none, one, none, none, 6, 9)
    return {"rotation_matrix": matrix}


def flipped(name: str) -> Callable[[Any, Drawn], Any]:
    return lambda oracle, drawn: {"flips": drawn[name][:, None, None, None], "input_shape": x.shape}


def erased(oracle: Any, drawn: Drawn) -> Any:
    corners = [drawn[f"{name} {end}"] for name in ("width", "height") for end in ("begin", "end")]
    filling = drawn["noise"] * 3 if "noise" in drawn else jnp.full_like(x, oracle.fill_value)
    return {
        "apply_erasing": drawn["erased"],
        "batch_masks": oracle._generate_batch_mask(x.shape, corners),
        "fill_value": jnp.clip(filling, *oracle.value_range),
    }


def values(keras_name: str, name: str) -> Callable[[Any, Drawn], Any]:
    return lambda oracle, drawn: {keras_name: drawn[name][:, None, None, None]}


CASES = [
    Case({"random_flip": "horizontal"}, L.RandomFlip("horizontal"), flipped("horizontal"), x),
    Case({"random_flip": "vertical"}, L.RandomFlip("vertical"), flipped("vertical"), x),
    Case({"random_rotation": 1.0}, L.RandomRotation(1.0), rotated, x),
    Case(
        {"random_translation": {"height_factor": 1.0, "width_factor": 0.5, "fill_mode": "constant", "fill_value": 2.5}},
        L.RandomTranslation(1.0, 0.5, fill_mode="constant", fill_value=2.5),
        lambda oracle, drawn: {"translations": column(drawn["right"], drawn["down"]), "input_shape": x.shape},
        x,
    ),
    Case(
        {"random_zoom": {"height_factor": [-0.5, 1.0], "width_factor": 0.7, "fill_mode": "wrap"}},
        L.RandomZoom((-0.5, 1.0), 0.7, fill_mode="wrap"),
        lambda oracle, drawn: {
            "height_zoom": drawn["height"][:, None],
            "width_zoom": drawn["width"][:, None],
            "input_shape": x.shape,
        },
        x,
    ),
    Case(
        {"random_shear": {"x_factor": [0.2, 0.9], "y_factor": 0.7, "interpolation": "nearest", "fill_mode": "nearest"}},
        L.RandomShear((0.2, 0.9), 0.7, interpolation="nearest", fill_mode="nearest"),
        lambda oracle, drawn: {"shear_factor": column(drawn["x"], drawn["y"]), "input_shape": x.shape},
        x,
    ),
    Case(
        {"random_brightness": {"factor": 0.5, "value_range": [-2, 2]}},
        L.RandomBrightness(0.5, (-2, 2)),
        values("rgb_delta", "delta"),
        x[:1],
    ),
    Case(
        {"random_contrast": {"factor": [0.9, 0.5], "value_range": [-2, 2]}},
        L.RandomContrast(0.5, (-2, 2)),
        values("contrast_factor", "factor"),
        x,
    ),
    *(
        Case(
            {"random_erasing": {"factor": [0.6, 0.9], "scale": [0.1, 0.8], "value_range": [-3, 3], **more}},
            L.RandomErasing(0.5, value_range=(-3, 3), **more),
            erased,
            x,
        )
        for more in ({}, {"fill_value": 0.5})
    ),
    Case({"random_grayscale": {}}, L.RandomGrayscale(), lambda oracle, drawn: drawn["grey"][:, None, None, None], x),
    Case(
        {"random_invert": {"value_range": [0, 1]}},
        L.RandomInvert(value_range=(0, 1)),
        lambda oracle, drawn: {"apply_inversion": drawn["inverted"]},
        pixels,
    ),
    *(
        Case({name: {"factor": 1, "value_range": [0, 1]}}, cls(1.0, (0, 1)), lambda oracle, drawn: dict(drawn), pixels)
        for name, cls in (("random_saturation", L.RandomSaturation), ("random_sharpness", L.RandomSharpness))
    ),
    Case(
        {"random_hue": {"factor": 1, "value_range": [0, 1]}},
        L.RandomHue(1.0, (0, 1)),
        lambda oracle, drawn: {"factor": drawn["turn"]},
        pixels,
    ),
    Case({"random_crop": {"height": 3, "width": 4}}, None, lambda oracle, drawn: drawn, x),
]
COMPARED = {case.name for case in CASES}


def test_with_the_same_numbers_drawn_images_and_gradients_are_those_of_keras() -> None:
    layers: list[Any] = [LAYERS.build(case.raw) for case in CASES]
    drawn = [draw(layer, len(case.images), case.images.shape[1:]) for layer, case in zip(layers, CASES, strict=True)]

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        given = zip(layers, inputs, drawn, strict=True)
        return tuple(jax.vmap(layer.change)(images, numbers) for layer, images, numbers in given), {}

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        outputs = []
        for case, images, numbers in zip(CASES, inputs, drawn, strict=True):
            given = case.numbers(case.oracle, numbers)
            if case.name == "random_crop":
                places = zip(numbers["top"].tolist(), numbers["left"].tolist(), strict=True)
                outputs.append(jnp.stack([images[i, y : y + 3, x : x + 4] for i, (y, x) in enumerate(places)]))
            else:
                outputs.append(case.oracle.transform_images(images, given, training=True))
        return tuple(outputs), {}

    compare(ours, theirs, {}, [jnp.asarray(case.images) for case in CASES], [str(case.raw) for case in CASES])


MODES = {"reflect": "reflect", "constant": "grid-constant", "wrap": "grid-wrap", "nearest": "nearest"}
"""What SciPy calls our `fill_mode`."""


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_beyond_the_edges_lies_what_scipy_says(interpolation: str) -> None:
    arguments = {"factor": 1.0, "interpolation": interpolation, "fill_value": 2.5}
    layers: list[Any] = [LAYERS.build({"random_rotation": {**arguments, "fill_mode": mode}}) for mode in MODES]
    drawn = draw(layers[0], len(x), x.shape[1:])
    found = jax.jit(lambda x: [jax.vmap(layer.change)(x, drawn) for layer in layers], compiler_options=QUICK)(x)
    down, along = np.mgrid[:6, :9] - np.array([2.5, 4]).reshape(2, 1, 1)
    for mode, images in zip(MODES.values(), found, strict=True):
        for image, result, angle in zip(x, images, np.asarray(drawn["angle"]), strict=True):
            places = [
                np.sin(angle) * along + np.cos(angle) * down + 2.5,
                np.cos(angle) * along - np.sin(angle) * down + 4,
            ]
            for channel in range(3):
                order = 1 if interpolation == "bilinear" else 0
                right = ndimage.map_coordinates(image[..., channel], places, order=order, mode=mode, cval=2.5)
                close(result[..., channel], right, 1e-5, mode)


@pytest.mark.parametrize("name", RANDOM)
def test_each_image_is_changed_on_its_own_and_by_the_key_alone(name: str) -> None:
    arguments, images = USES[name]
    same = np.repeat(images[:1], 24, 0)
    running = filled({name: arguments}, same)

    @partial(jax.jit, compiler_options=QUICK)
    def run(images: Any, key: Any) -> Any:
        return running(images, train=True, key=key).outputs["output"]

    first = np.asarray(run(same, root_key(0)))
    np.testing.assert_array_equal(first, run(same, root_key(0)))
    assert not np.array_equal(first, run(same, root_key(1)))
    assert len({row.tobytes() for row in first}) > 1, "equal images are changed alike"
    others = same + (np.arange(24) >= 5)[:, None, None, None]
    np.testing.assert_array_equal(first[:5], run(others, root_key(0))[:5])
    still = running.output(same)
    np.testing.assert_array_equal(still, running.output(same, key=root_key(0)))
    if name == "random_crop":
        np.testing.assert_array_equal(still, same[:, 1:4, 1:5])
    else:
        np.testing.assert_array_equal(still, same)
    with pytest.raises(ValueError, match="needs a key"):
        running.output(same, train=True)


COUNT = 3000
UNIFORM: list[tuple[Any, str, float, float]] = [
    ({"random_rotation": 0.25}, "angle", -np.pi / 2, np.pi / 2),
    ({"random_rotation": [0.1, "1/4"]}, "angle", 0.2 * np.pi, np.pi / 2),
    ({"random_translation": {"height_factor": 0.5, "width_factor": [0, 0.1]}}, "down", -3, 3),
    ({"random_translation": {"height_factor": 0.5, "width_factor": [0, 0.1]}}, "right", 0, 0.9),
    ({"random_zoom": {"height_factor": [-0.5, 0], "width_factor": 0.2}}, "height", 0.5, 1),
    ({"random_zoom": {"height_factor": [-0.5, 0], "width_factor": 0.2}}, "width", 0.8, 1.2),
    ({"random_shear": {"x_factor": 0.3}}, "x", -0.3, 0.3),
    ({"random_shear": {"y_factor": 0.4}}, "y", -0.4, 0.4),
    ({"random_brightness": 0.2}, "delta", -51, 51),
    ({"random_brightness": {"factor": [0, 0.5], "value_range": [-1, 1]}}, "delta", 0, 1),
    ({"random_hue": 0.4}, "turn", -0.2, 0.2),
    ({"random_sharpness": 0.7}, "factor", 0, 0.7),
    ({"random_contrast": 0.2}, "factor", 0.8, 1.2),
    ({"random_contrast": [0.5, 0.1]}, "factor", 0.5, 1.1),
]


@pytest.mark.parametrize(("raw", "number", "low", "high"), UNIFORM)
def test_numbers_are_uniform_in_their_range(raw: Any, number: str, low: float, high: float) -> None:
    drawn = np.asarray(draw(LAYERS.build(raw), COUNT, (6, 9, 3))[number], "float64")
    slack = 1e-6 * max(abs(low), abs(high))
    assert low - slack <= drawn.min() and drawn.max() <= high + slack
    # Six standard deviations of the mean of so many, and of their variance.
    width = (high - low) / np.sqrt(12)
    assert abs(drawn.mean() - (low + high) / 2) < 6 * width / np.sqrt(COUNT)
    assert abs(drawn.var() / width**2 - 1) < 6 * np.sqrt(0.8 / COUNT)


def share(values: Any, expected: float) -> None:
    assert abs(np.mean(values) - expected) < 6 * np.sqrt(expected * (1 - expected) / COUNT)


def test_chances_and_places_are_what_they_are_said_to_be() -> None:
    flips = draw(LAYERS.build("random_flip"), COUNT, (6, 9, 3))
    share(flips["horizontal"], 0.5)
    share(flips["vertical"], 0.5)
    share(flips["horizontal"] & flips["vertical"], 0.25)
    crops = draw(LAYERS.build({"random_crop": {"height": 4, "width": 9}}), COUNT, (6, 9, 3))
    for place in range(3):
        share(crops["top"] == place, 1 / 3)
    assert not np.any(crops["left"])
    erasing = draw(LAYERS.build({"random_erasing": {"scale": [0.25, 0.25], "fill_value": 0}}), COUNT, (6, 9, 3))
    share(erasing["erased"], 0.5)
    np.testing.assert_allclose(erasing["height end"] - erasing["height begin"], 3, rtol=1e-5)
    np.testing.assert_allclose(erasing["width end"] - erasing["width begin"], 4.5, rtol=1e-5)
    assert np.min(erasing["width begin"]) >= 0 and np.max(erasing["width end"]) <= 9 + 1e-5
    share(np.asarray(erasing["width begin"]) < 2.25, 0.5)
    always = draw(LAYERS.build({"random_erasing": {"factor": [1, 1]}}), 50, (6, 9, 3))
    assert np.all(always["erased"])
    never = draw(LAYERS.build({"random_erasing": 0}), 50, (6, 9, 3))
    assert not np.any(never["erased"])
    share(draw(LAYERS.build({"random_grayscale": 0.2}), COUNT, (6, 9, 3))["grey"], 0.2)
    share(draw(LAYERS.build({"random_invert": [0.2, 0.4]}), COUNT, (6, 9, 3))["inverted"], 0.3)
    factor = np.asarray(draw(LAYERS.build({"random_saturation": 1}), COUNT, (6, 9, 3))["factor"])
    share(factor < 1, 0.5)
    shears = draw(LAYERS.build({"random_shear": {"x_factor": [0.2, 0.3], "y_factor": [0.1, 0.2]}}), COUNT, (6, 9, 3))
    share(np.asarray(shears["x"]) > 0, 0.5)
    assert np.all((np.asarray(shears["x"]) > 0) == (np.asarray(shears["y"]) > 0))


def test_bytes_are_moved_as_bytes_and_narrow_floats_stay_narrow() -> None:
    bytes_ = np.arange(96, dtype="uint8").reshape(2, 4, 6, 2)
    for raw in ("random_flip", {"random_crop": {"height": 2, "width": 2}}):
        assert build(raw, bytes_).output(bytes_, train=True, key=root_key(0)).dtype == np.uint8
    narrow = jnp.asarray(x[:, :4, :4], "bfloat16")
    running = build({"random_contrast": USES["random_contrast"][0]}, narrow)
    found = running(narrow, train=True, key=root_key(0)).outputs["output"]
    wide = running(narrow.astype("float32"), train=True, key=root_key(0)).outputs["output"]
    assert found.dtype == jnp.bfloat16
    close(found.astype("float32"), wide, 2**-8)


def test_ranges_that_do_not_begin_at_zero_are_minded() -> None:
    signed = pixels * 2 - 1
    for name, number in (("random_invert", "inverted"), ("random_saturation", "factor")):
        layers: list[Any] = [LAYERS.build({name: {"factor": 1, "value_range": each}}) for each in ([-1, 1], [0, 1])]
        drawn = draw(layers[0], 4, (6, 9, 3))
        found, unsigned = (
            jax.vmap(layer.change)(images, drawn) for layer, images in zip(layers, (signed, pixels), strict=True)
        )
        assert number in drawn
        close(found, unsigned * 2 - 1, 1e-5)


@pytest.mark.parametrize(
    "name", [name for name in LAYERS if name.startswith("random_") and kind_of(name) == "preprocessing"]
)
def test_every_random_layer_for_images_is_told_apart(name: str) -> None:
    assert name in RANDOM and issubclass(LAYERS.find(name), RandomImage)
