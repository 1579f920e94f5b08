"""Arguments and input types of the layers of `preprocessing`."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    anything,
    arguments,
    axes,
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
image = normal(3, 5, 6, 3)
statistics = st.lists(st.floats(0, 4), min_size=1, max_size=3) | st.floats(0, 4)
modes = st.sampled_from(["int", "one_hot", "multi_hot", "count"])
whole = st.sampled_from(["int32", "uint8", "int8", "float32"])
integers = st.integers(-5, 20)


@st.composite
def weighted(draw: Any) -> dict[str, Any]:
    """Ids, sometimes with weights that mostly fit."""
    x = draw(tensors(0, 1, 1, 2, 3, dtypes=whole))
    if draw(yes_or_no):
        return {"x": x}
    weights = draw(st.sampled_from([x.with_dtype("float32"), x.with_dtype("bfloat16").with_mask(False), x]))
    return {"x": x, "count_weights": weights}


x = normal(3, 4, 5)
ids = np.array([[1, 0, 3], [4, 4, 0], [2, 2, 2]], "int32")

CONFIGURATIONS: Configurations = {
    "rescaling": (
        arguments(scale=numbers | st.just("1/255"), maybe_offset=numbers),
        one(tensors(0, 1, 2, dtypes=anything)),
    ),
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
    "one_hot": (arguments(num_classes=sizes), one(tensors(0, 1, 1, 2, dtypes=whole))),
    "category_encoding": (
        arguments(num_tokens=sizes, maybe_output_mode=st.sampled_from(["one_hot", "multi_hot", "count", "count"])),
        weighted(),
    ),
    "discretization": (
        arguments(maybe_num_bins=st.integers(2, 7), maybe_output_mode=modes)
        | arguments(bin_boundaries=st.lists(numbers, min_size=1, max_size=3) | numbers, maybe_output_mode=modes),
        one(tensors(0, 1, 1, 2, 3, dtypes=anything)),
    ),
    "integer_lookup": (
        arguments(max_tokens=sizes, maybe_num_oov_indices=st.integers(1, 3), maybe_output_mode=modes)
        | arguments(
            vocabulary=st.lists(integers, min_size=1, max_size=4),
            maybe_num_oov_indices=st.integers(1, 3),
            maybe_mask_token=integers,
            maybe_output_mode=modes,
        ),
        one(tensors(0, 1, 1, 2, 3, dtypes=whole)),
    ),
    "normalization": (
        arguments(
            maybe_axis=st.none() | axes | st.lists(axes, min_size=1, max_size=2),
            maybe_mean=statistics,
            maybe_variance=statistics,
            maybe_invert=yes_or_no,
        )
        | arguments(mean=st.floats(0, 4), variance=st.floats(0.5, 4), maybe_axis=axes, maybe_invert=yes_or_no),
        one(tensors(0, 1, 2, 2, 3, dtypes=anything)),
    ),
}
USES: dict[str, tuple[Any, Any]] = {
    "rescaling": (2, x),
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
    "category_encoding": (5, ids),
    "one_hot": (5, ids),
    "discretization": ({"num_bins": 4, "output_mode": "count"}, x),
    "integer_lookup": ({"max_tokens": 5}, ids),
    "normalization": ({}, x),
}
"""One use of each, with a batch of three rows."""

RANDOM = tuple(name for name in USES if name.startswith("random_"))
"""Those that draw random numbers in training."""
