"""What a misspelt name was probably meant to be: by another framework's word for it, else by likeness."""

import difflib
from collections.abc import Collection

from modelc.compiler.named import fold

ARGUMENTS = {
    "a_max": ("max_value",),
    "a_min": ("min_value",),
    "alpha": ("negative_slope",),
    "attention_dropout": ("dropout",),
    "attn_dropout": ("dropout",),
    "axes": ("dims", "axis"),
    "batch": ("batch_size",),
    "betas": ("beta_1",),
    "bias": ("use_bias",),
    "causal": ("use_causal_mask",),
    "channels": ("filters",),
    "chunks": ("indices_or_sections",),
    "criterion": ("loss",),
    "dataset": ("source",),
    "decay": ("weight_decay",),
    "dilation": ("dilation_rate",),
    "dim": ("output_dim", "axis"),
    "drop_path_rate": ("rate",),
    "drop_prob": ("rate",),
    "embed_dim": ("output_dim",),
    "embedding_dim": ("output_dim",),
    "embedding_size": ("output_dim",),
    "eps": ("epsilon",),
    "features": ("units", "filters"),
    "head_dim": ("key_dim",),
    "hidden_size": ("units",),
    "hidden_units": ("units",),
    "input": ("from",),
    "inputs": ("from",),
    "is_causal": ("use_causal_mask",),
    "kernel": ("kernel_size",),
    "kernel_init": ("kernel_initializer",),
    "kernel_size": ("pool_size",),
    "key_dim": ("head_dim",),
    "learning_rate_init": ("learning_rate",),
    "loss_fn": ("loss",),
    "loss_function": ("loss",),
    "lr": ("learning_rate",),
    "max": ("max_value",),
    "max_epochs": ("epochs",),
    "max_wavelength": ("rotary_base", "base"),
    "min": ("min_value",),
    "n_epochs": ("epochs",),
    "n_heads": ("num_heads", "num_query_heads"),
    "n_kv_heads": ("num_key_value_heads",),
    "n_power_iterations": ("power_iterations",),
    "nhead": ("num_heads", "num_query_heads"),
    "num_attention_heads": ("num_heads", "num_query_heads"),
    "num_embeddings": ("input_dim",),
    "num_epochs": ("epochs",),
    "num_filters": ("filters",),
    "num_heads": ("num_query_heads",),
    "num_kv_heads": ("num_key_value_heads",),
    "num_units": ("units",),
    "objective": ("loss",),
    "optim": ("optimizer",),
    "out_channels": ("filters",),
    "out_features": ("units",),
    "p": ("rate",),
    "parents": ("from",),
    "patience": ("early_stopping",),
    "pattern": ("dims",),
    "perm": ("dims",),
    "random_seed": ("seed",),
    "rope": ("rotary_base",),
    "rope_theta": ("rotary_base", "base"),
    "rotary": ("rotary_base",),
    "sections": ("indices_or_sections",),
    "size": ("units",),
    "source": ("from",),
    "sources": ("from",),
    "stride": ("strides",),
    "target_shape": ("shape",),
    "theta": ("base", "rotary_base"),
    "validation_data": ("validation",),
    "validation_split": ("validation",),
    "vocab_size": ("input_dim",),
    "window": ("sliding_window",),
    "window_size": ("sliding_window",),
    "x_max": ("max_value",),
    "x_min": ("min_value",),
}
"""Arguments and keys as Keras 2, PyTorch, scikit-learn and Lightning call them, and what they are here, the likeliest first."""


def spelled(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name that `name` certainly stands for: the same but for case and separators, or another word for it."""
    for candidate in allowed:
        if fold(candidate) == fold(name):
            return candidate
    return next((candidate for candidate in ARGUMENTS.get(name, ()) if candidate in allowed), None)


def closest(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name that `name` most likely stands for, or None."""
    certain = spelled(name, allowed)
    if certain is not None:
        return certain
    close = difflib.get_close_matches(name.lower(), allowed, n=1, cutoff=0.6)
    return close[0] if close else None
