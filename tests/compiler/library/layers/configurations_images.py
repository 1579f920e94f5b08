"""Arguments and input types of the layers for images."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    anything,
    arguments,
    numbers,
    one,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

images = one(tensors(3, 3, 3, 2, dtypes=anything, mask=False))
ranges = st.sampled_from([0.2, "1/3", [-0.5, 0.25], [0, 0]])
shares = st.sampled_from([0, 0.4, [0.1, 1]])
affine = {
    "maybe_fill_mode": st.sampled_from(["reflect", "constant", "wrap", "nearest"]),
    "maybe_interpolation": st.sampled_from(["bilinear", "nearest"]),
    "maybe_fill_value": numbers,
}
value_ranges = {"maybe_value_range": st.sampled_from([[0, 1], [-1, 1], [1, 0]])}

CONFIGURATIONS: Configurations = {
    "center_crop": (arguments(height=sizes, width=sizes), images),
    "random_brightness": (arguments(factor=ranges, **value_ranges), images),
    "random_contrast": (arguments(factor=shares, **value_ranges), images),
    "random_crop": (arguments(height=sizes, width=sizes), images),
    "random_erasing": (
        arguments(
            maybe_factor=shares,
            maybe_scale=shares,
            maybe_fill_value=st.sampled_from([None, 0.5, [0, 1, 2]]),
            **value_ranges,
        ),
        images,
    ),
    "random_flip": (
        arguments(maybe_mode=st.sampled_from(["horizontal", "vertical", "horizontal_and_vertical"])),
        images,
    ),
    "random_grayscale": (arguments(maybe_factor=st.sampled_from([0, 0.3, 1])), images),
    "random_hue": (arguments(factor=shares, **value_ranges), images),
    "random_invert": (arguments(maybe_factor=shares, **value_ranges), images),
    "random_rotation": (arguments(factor=ranges, **affine), images),
    "random_saturation": (arguments(factor=shares, **value_ranges), images),
    "random_sharpness": (arguments(factor=shares, **value_ranges), images),
    "random_shear": (arguments(maybe_x_factor=ranges, maybe_y_factor=ranges, **affine), images),
    "random_translation": (arguments(height_factor=ranges, width_factor=ranges, **affine), images),
    "random_zoom": (arguments(height_factor=ranges, maybe_width_factor=ranges, **affine), images),
    "resizing": (
        arguments(
            height=sizes,
            width=sizes,
            maybe_interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]),
            maybe_crop_to_aspect_ratio=yes_or_no,
            maybe_pad_to_aspect_ratio=yes_or_no,
            maybe_fill_value=st.sampled_from([0, 0.5]),
            maybe_antialias=yes_or_no,
        ),
        images,
    ),
}

image = normal(3, 5, 6, 3)
USES: dict[str, tuple[Any, Any]] = {
    "center_crop": ({"height": 3, "width": 4}, image),
    "random_brightness": ({"factor": 0.5, "value_range": [-3, 3]}, image),
    "random_contrast": ({"factor": 0.5, "value_range": [-3, 3]}, image),
    "random_crop": ({"height": 3, "width": 4}, image),
    "random_erasing": ({"factor": [1, 1], "value_range": [-3, 3]}, image),
    "random_flip": ({}, image),
    "random_grayscale": (0.5, image),
    "random_hue": ({"factor": 1, "value_range": [-3, 3]}, image),
    "random_invert": ({"value_range": [-3, 3]}, image),
    "random_rotation": (0.3, image),
    "random_saturation": ({"factor": 1, "value_range": [-3, 3]}, image),
    "random_sharpness": ({"factor": 1, "value_range": [-3, 3]}, image),
    "random_shear": ({"x_factor": 0.5, "y_factor": 0.2}, image),
    "random_translation": ({"height_factor": 0.5, "width_factor": 0.5}, image),
    "random_zoom": ({"height_factor": 0.5}, image),
    "resizing": ({"height": 3, "width": 7}, image),
}
"""One use of each, with a batch of three rows."""

RANDOM = tuple(name for name in USES if name.startswith("random_"))
"""Those that draw random numbers in training."""
PADDED = ("random_contrast", "random_crop", "random_erasing")
"""Of these, one of each kind: rows are looked after in what all of them share."""
