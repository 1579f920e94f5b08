"""The losses. This table is the list: what is not here does not exist."""

from modelc.compiler.loss import Loss
from modelc.compiler.named import Table

LOSSES: Table[Loss] = Table(
    "loss",
    {
        "binary_cross_entropy": "losses.binary_cross_entropy:BinaryCrossEntropy",
        "cross_entropy": "losses.cross_entropy:CrossEntropy",
        "mean_absolute_error": "losses.mean_absolute_error:MeanAbsoluteError",
        "mean_squared_error": "losses.mean_squared_error:MeanSquaredError",
        "minimize": "losses.minimize:Minimize",
        "none": "losses.none:NoLoss",
    },
)
