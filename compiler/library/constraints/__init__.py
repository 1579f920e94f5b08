"""The constraints. This registry is the complete list."""

from typing import Annotated

from modelc.compiler.library.base.registry import FromRegistry, Registry
from modelc.compiler.library.contracts.weight_rules import Constraint

CONSTRAINTS: Registry[Constraint] = Registry(
    Constraint,
    {
        "max_norm": "constraints.norms:MaxNorm",
        "min_max_norm": "constraints.norms:MinMaxNorm",
        "non_negative": "constraints.non_negative:NonNegativeConstraint",
        "unit_norm": "constraints.norms:UnitNorm",
    },
)

ConstraintField = Annotated[Constraint | None, FromRegistry(CONSTRAINTS, optional=True)]
"""The type of a field that holds a constraint, or none."""
