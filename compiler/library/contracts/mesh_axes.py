"""The axes of a mesh of devices, and along which of them the axes of weights lie where a spec does not say it."""

from collections.abc import Mapping

MESH_AXES = ("data", "model")
"""Along `data` lie the rows of a batch, along `model` the axes of weights that rules say."""
WHOLE = "none"
"""In place of an axis of the mesh: an axis of weights that lies along none of them."""
RULES: Mapping[str, str] = {"embed": WHOLE, "heads": "model", "mlp": "model", "vocab": "model"}
"""The logical names that layers give the axes of their weights, and the axis of the mesh along which each lies; other
names, and axes without one, lie along none.
"""
