"""Similarity of names: typos, and the names in other frameworks."""

from collections.abc import Collection
from typing import Any

from modelc.compiler.library.base.registry import Registry, bare, fold

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
    "labels": ("targets",),
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
"""Arguments and keys as Keras 2, PyTorch, scikit-learn and Lightning call them, and what they are here, the likeliest
first.
"""

OTHER_VALUES = {
    "axes", "betas", "chunks", "dataset", "decay", "dim", "max_wavelength", "pattern", "patience", "perm", "rope", "rotary",
    "sections", "size", "validation_data",
}  # fmt: skip
"""Words of `ARGUMENTS` whose value is not what stands here under the other name."""
ELSEWHERE = {
    "adan", "atanh", "crelu", "dsplit", "dstack", "hsplit", "hstack", "nadam", "nadamw", "radam", "rrelu", "sort", "tan",
    "vsplit", "vstack",
}  # fmt: skip
"""What is no typo, however near it is to something here: names without case and separators that mean something else."""

OTHERWISE = dict.fromkeys(("bn", "batchnorm", "batchnorm1d", "batchnorm2d", "batchnorm3d"), "momentum")
"""Things of others, without case and separators, with the argument that has the same name here and is counted
otherwise: the momentum of PyTorch is what Keras and modelc take from 1.
"""


def spelled(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name that `name` certainly stands for: the same but for case and separators, or another word for it."""
    return next(iter(synonyms(name, allowed)), None)


def synonyms(name: str, known: Collection[str] | Registry[Any]) -> list[str]:
    """Those of the known names that `name` is, but for case and separators, or is another word for."""
    if isinstance(known, Registry):
        folded = fold(bare(name))
        return [entry for entry in known if folded in map(fold, (entry, *known.find(entry).words()))]
    same = [candidate for candidate in known if fold(candidate) == fold(name)]
    return same or [candidate for candidate in ARGUMENTS.get(name, ()) if candidate in known]


def typo_of(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name of which `name` is a typo, where no other is as near and no one else calls a thing so.

    A typo is a letter too much, too little, wrong or swapped with the next; two of them in names of 8 letters and more.
    Digits are never typos: there may well be a `conv3` to be written yet where only `conv2` is found.
    """
    written = name.lower()
    if fold(name.rpartition(".")[2]) in ELSEWHERE:
        return None
    digits = [letter for letter in written if letter.isdigit()]
    alike = [candidate for candidate in allowed if [letter for letter in candidate if letter.isdigit()] == digits]
    near = sorted((distance(written, candidate.lower(), 3), candidate) for candidate in alike)
    if not near or (len(near) > 1 and near[0][0] == near[1][0]):
        return None
    typos, candidate = near[0]
    return candidate if typos <= min(len(candidate) // 4, 2) else None


def distance(one: str, other: str, most: int) -> int:
    """How many letters have to be put in, taken out, replaced or swapped with the next to make `other` of `one`.

    The optimal string alignment distance; `most` where it is that or more.
    """
    if abs(len(one) - len(other)) >= most:
        return most
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) >= most:
            return most
        before, last = last, now
    return min(last[-1], most)
