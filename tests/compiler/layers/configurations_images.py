"""Arguments and input types of the layers for images."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.layers.drawing import Configurations, anything, arguments, one, sizes, tensors, yes_or_no
from tests.compiler.layers.running import normal

images = one(tensors(3, 3, 3, 2, dtypes=anything, mask=False))

CONFIGURATIONS: Configurations = {
    "center_crop": (arguments(height=sizes, width=sizes), images),
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
    "resizing": ({"height": 3, "width": 7}, image),
}
"""One use of each, with a batch of three rows."""
