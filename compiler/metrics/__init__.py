"""The metrics. This table is the list: what is not here does not exist."""

from modelc.compiler.metric import Metric
from modelc.compiler.named import Table

METRICS: Table[Metric] = Table(
    Metric,
    {
        "accuracy": "metrics.accuracy:Accuracy",
        "auc": "metrics.auc:AUC",
        "binary_cross_entropy": "metrics.cross_entropy:BinaryCrossEntropy",
        "categorical_hinge": "metrics.hinge:CategoricalHinge",
        "cosine_similarity": "metrics.cosine_similarity:CosineSimilarity",
        "cross_entropy": "metrics.cross_entropy:CrossEntropy",
        "f_beta": "metrics.scores:FBeta",
        "false_negatives": "metrics.confusion:FalseNegatives",
        "false_positives": "metrics.confusion:FalsePositives",
        "hinge": "metrics.hinge:Hinge",
        "kl_divergence": "metrics.cross_entropy:KLDivergence",
        "log_cosh": "metrics.errors:LogCosh",
        "mean_absolute_error": "metrics.errors:MeanAbsoluteError",
        "mean_absolute_percentage_error": "metrics.errors:MeanAbsolutePercentageError",
        "mean_iou": "metrics.mean_iou:MeanIoU",
        "mean_squared_error": "metrics.errors:MeanSquaredError",
        "mean_squared_logarithmic_error": "metrics.errors:MeanSquaredLogarithmicError",
        "poisson": "metrics.errors:Poisson",
        "precision": "metrics.scores:Precision",
        "r2": "metrics.r2:R2",
        "recall": "metrics.scores:Recall",
        "root_mean_squared_error": "metrics.errors:RootMeanSquaredError",
        "squared_hinge": "metrics.hinge:SquaredHinge",
        "top_k_accuracy": "metrics.accuracy:TopKAccuracy",
        "true_negatives": "metrics.confusion:TrueNegatives",
        "true_positives": "metrics.confusion:TruePositives",
    },
)
