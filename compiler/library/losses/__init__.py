"""The losses. This table is the list: what is not here does not exist."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.loss import Loss

LOSSES: Registry[Loss] = Registry(
    Loss,
    {
        "binary_cross_entropy": "losses.binary_cross_entropy:BinaryCrossEntropy",
        "binary_dice": "losses.dice:BinaryDice",
        "binary_focal_cross_entropy": "losses.focal:BinaryFocalCrossEntropy",
        "binary_tversky": "losses.tversky:BinaryTversky",
        "categorical_hinge": "losses.hinge:CategoricalHinge",
        "contrastive": "losses.contrastive:Contrastive",
        "cosine_embedding": "losses.contrastive:CosineEmbedding",
        "cosine_similarity": "losses.cosine_similarity:CosineSimilarity",
        "cross_entropy": "losses.cross_entropy:CrossEntropy",
        "ctc": "losses.ctc:CTC",
        "dice": "losses.dice:Dice",
        "focal_cross_entropy": "losses.focal:FocalCrossEntropy",
        "generalized_cross_entropy": "losses.generalized_cross_entropy:GeneralizedCrossEntropy",
        "hinge": "losses.hinge:Hinge",
        "huber": "losses.huber:Huber",
        "kl_divergence": "losses.kl_divergence:KLDivergence",
        "log_cosh": "losses.log_cosh:LogCosh",
        "mean_absolute_error": "losses.mean_absolute_error:MeanAbsoluteError",
        "mean_absolute_percentage_error": "losses.mean_absolute_percentage_error:MeanAbsolutePercentageError",
        "mean_squared_error": "losses.regression:MeanSquaredError",
        "mean_squared_logarithmic_error": "losses.mean_squared_logarithmic_error:MeanSquaredLogarithmicError",
        "minimize": "losses.minimize:Minimize",
        "none": "losses.none:NoLoss",
        "poisson": "losses.poisson:Poisson",
        "squared_hinge": "losses.hinge:SquaredHinge",
        "triplet": "losses.triplet:Triplet",
        "tversky": "losses.tversky:Tversky",
    },
)
