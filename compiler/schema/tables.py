"""All tables of named things, by kind."""

from typing import Any

from modelc.compiler.constraints import CONSTRAINTS
from modelc.compiler.initializers import INITIALIZERS
from modelc.compiler.layers import ACTIVATIONS, LAYERS
from modelc.compiler.losses import LOSSES
from modelc.compiler.metrics import METRICS
from modelc.compiler.named import Table
from modelc.compiler.optimizers import OPTIMIZERS
from modelc.compiler.readers import READERS
from modelc.compiler.regularizers import REGULARIZERS
from modelc.compiler.schedules import SCHEDULES
from modelc.compiler.sources import SOURCES

TABLES: tuple[Table[Any], ...] = (
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
)


def table_of(kind: str) -> Table[Any]:
    """The table of one kind. Raises StopIteration for a kind that does not exist."""
    return next(table for table in TABLES if table.kind == kind)
