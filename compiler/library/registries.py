"""All registries, by kind."""

from typing import Any

from modelc.compiler.library.augmentations import AUGMENTATIONS
from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.constraints import CONSTRAINTS
from modelc.compiler.library.initializers import INITIALIZERS
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.regularizers import REGULARIZERS
from modelc.compiler.library.schedules import SCHEDULES
from modelc.compiler.library.sources import SOURCES

TABLES: tuple[Registry[Any], ...] = (
    LAYERS,
    ACTIVATIONS,
    INITIALIZERS,
    REGULARIZERS,
    CONSTRAINTS,
    LOSSES,
    METRICS,
    OPTIMIZERS,
    SCHEDULES,
    SOURCES,
    READERS,
    AUGMENTATIONS,
)


def table_of(kind: str) -> Registry[Any]:
    """The table of one kind. Raises StopIteration for a kind that does not exist."""
    return next(table for table in TABLES if table.kind == kind)
