"""The regularizers. This table is the list: what is not here does not exist."""

from typing import Annotated

from modelc.compiler.library.base.registry import Chosen, Table
from modelc.compiler.library.contracts.regularizer import Regularizer

REGULARIZERS: Table[Regularizer] = Table(
    Regularizer,
    {
        "l1": "regularizers.norms:L1",
        "l1_l2": "regularizers.norms:L1L2",
        "l2": "regularizers.norms:L2",
        "orthogonal": "regularizers.orthogonal:OrthogonalRegularizer",
    },
)

RegularizerField = Annotated[Regularizer | None, Chosen(REGULARIZERS, optional=True)]
