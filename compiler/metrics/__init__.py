"""The metrics. This table is the list: what is not here does not exist."""

from modelc.compiler.metric import Metric
from modelc.compiler.named import Table

METRICS: Table[Metric] = Table(
    "metric",
    {
        "accuracy": "metrics.accuracy:Accuracy",
        "mean_absolute_error": "metrics.mean_absolute_error:MeanAbsoluteError",
        "mean_squared_error": "metrics.mean_squared_error:MeanSquaredError",
    },
)
