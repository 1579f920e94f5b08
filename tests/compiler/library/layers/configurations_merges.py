"""Arguments and input types of the layers that merge branches."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import Configurations, arguments, axes, branches, yes_or_no
from tests.compiler.library.layers.running import normal

CONFIGURATIONS: Configurations = {
    "average": (arguments(maybe_broadcast=yes_or_no), branches()),
    "dot": (arguments(axes=axes | st.lists(axes, min_size=1, max_size=3), maybe_normalize=yes_or_no), branches()),
    "maximum": (arguments(maybe_broadcast=yes_or_no), branches()),
    "minimum": (arguments(maybe_broadcast=yes_or_no), branches()),
    "subtract": (arguments(maybe_broadcast=yes_or_no), branches()),
}

two = (normal(3, 4, 5), normal(3, 4, 5, seed=1))
USES: dict[str, tuple[Any, Any]] = {
    "average": ({}, two),
    "dot": ({"axes": -1, "normalize": True}, two),
    "maximum": ({}, two),
    "minimum": ({}, two),
    "subtract": ({}, two),
}
"""One use of each, with a batch of three rows."""
