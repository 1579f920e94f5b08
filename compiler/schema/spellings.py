"""What a misspelt name was probably meant to be: by another framework's word for it, else by likeness."""

import difflib
from collections.abc import Collection

from modelc.compiler.named import fold

ARGUMENTS = {
    "alpha": "negative_slope",
    "batch": "batch_size",
    "betas": "beta_1",
    "bias": "use_bias",
    "channels": "filters",
    "decay": "weight_decay",
    "dilation": "dilation_rate",
    "dim": "axis",
    "embedding_dim": "output_dim",
    "eps": "epsilon",
    "hidden_size": "units",
    "hidden_units": "units",
    "kernel": "kernel_size",
    "kernel_init": "kernel_initializer",
    "kernel_size": "pool_size",
    "learning_rate_init": "learning_rate",
    "lr": "learning_rate",
    "max_epochs": "epochs",
    "num_embeddings": "input_dim",
    "num_epochs": "epochs",
    "num_filters": "filters",
    "num_units": "units",
    "optim": "optimizer",
    "out_channels": "filters",
    "out_features": "units",
    "p": "rate",
    "patience": "early_stopping",
    "random_seed": "seed",
    "size": "units",
    "stride": "strides",
    "validation_split": "validation",
}
"""Arguments and keys as Keras 2, PyTorch, scikit-learn and Lightning call them."""


def closest(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name that `name` most likely stands for, or None."""
    for candidate in allowed:
        if fold(candidate) == fold(name):
            return candidate
    if ARGUMENTS.get(name) in allowed:
        return ARGUMENTS[name]
    close = difflib.get_close_matches(name.lower(), allowed, n=1, cutoff=0.6)
    return close[0] if close else None
