"""The losses. This registry is the complete list."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.loss import Loss

LOSSES: Registry[Loss] = Registry(
    Loss,
    {
        "binary_cross_entropy": "losses.binary_cross_entropy:BinaryCrossEntropy",
        "binary_dice": "losses.overlap:BinaryDice",
        "binary_focal_cross_entropy": "losses.binary_cross_entropy:BinaryFocalCrossEntropy",
        "binary_tversky": "losses.overlap:BinaryTversky",
        "categorical_hinge": "losses.hinge:CategoricalHinge",
        "contrastive": "losses.similarity:Contrastive",
        "cosine_embedding": "losses.similarity:CosineEmbedding",
        "cosine_similarity": "losses.similarity:CosineSimilarity",
        "cross_entropy": "losses.cross_entropy:CrossEntropy",
        "ctc": "losses.ctc:CTC",
        "dice": "losses.overlap:Dice",
        "focal_cross_entropy": "losses.cross_entropy:FocalCrossEntropy",
        "generalized_cross_entropy": "losses.cross_entropy:GeneralizedCrossEntropy",
        "hinge": "losses.hinge:Hinge",
        "huber": "losses.regression:Huber",
        "info_nce": "losses.in_batch:InfoNCE",
        "kl_divergence": "losses.cross_entropy:KLDivergence",
        "log_cosh": "losses.regression:LogCosh",
        "mean_absolute_error": "losses.regression:MeanAbsoluteError",
        "mean_absolute_percentage_error": "losses.regression:MeanAbsolutePercentageError",
        "mean_squared_error": "losses.regression:MeanSquaredError",
        "mean_squared_logarithmic_error": "losses.regression:MeanSquaredLogarithmicError",
        "minimize": "losses.without_target:Minimize",
        "none": "losses.without_target:NoLoss",
        "poisson": "losses.regression:Poisson",
        "quantile": "losses.quantile:Quantile",
        "squared_hinge": "losses.hinge:SquaredHinge",
        "supervised_contrastive": "losses.in_batch:SupervisedContrastive",
        "symmetric_mean_absolute_percentage_error": "losses.regression:SymmetricMeanAbsolutePercentageError",
        "triplet": "losses.similarity:Triplet",
        "tversky": "losses.overlap:Tversky",
    },
)
