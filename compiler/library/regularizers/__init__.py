"""The regularizers. This registry is the complete list."""

from typing import Annotated

from modelc.compiler.library.base.registry import FromRegistry, Registry
from modelc.compiler.library.contracts.weight_rules import Regularizer

REGULARIZERS: Registry[Regularizer] = Registry(
    Regularizer,
    {
        "l1": "regularizers.norms:L1",
        "l1_l2": "regularizers.norms:L1L2",
        "l2": "regularizers.norms:L2",
        "orthogonal": "regularizers.orthogonal:OrthogonalRegularizer",
    },
)

RegularizerField = Annotated[Regularizer | None, FromRegistry(REGULARIZERS, optional=True)]
"""The type of a field that holds a regularizer, or none."""
