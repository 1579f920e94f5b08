"""Similarity of names: typos, and the names in other frameworks."""

from collections.abc import Collection
from typing import Any

from modelc.compiler.library.base.registry import Registry, bare, fold

ARGUMENTS = {
    "output_dim": ("dim", "embed_dim", "embedding_dim", "embedding_size"),
    "dims": ("axes", "pattern", "perm"),
    "axis": ("axes", "dim"),
    "rotary_base": ("max_wavelength", "rope", "rope_theta", "rotary", "theta"),
    "base": ("max_wavelength", "rope_theta", "theta"),
    "batch_size": ("batch",),
    "beta_1": ("betas",),
    "dilation_rate": ("dilation",),
    "dropout": ("attention_dropout", "attn_dropout"),
    "early_stopping": ("patience",),
    "epochs": ("max_epochs", "n_epochs", "num_epochs"),
    "epsilon": ("eps",),
    "units": ("features", "hidden_size", "hidden_units", "num_units", "out_features", "size"),
    "filters": ("channels", "features", "num_filters", "out_channels"),
    "from": ("input", "inputs", "parents", "source", "sources"),
    "head_dim": ("key_dim",),
    "indices_or_sections": ("chunks", "sections"),
    "input_dim": ("num_embeddings", "vocab_size"),
    "kernel_initializer": ("kernel_init",),
    "kernel_size": ("kernel",),
    "key_dim": ("head_dim",),
    "learning_rate": ("learning_rate_init", "lr"),
    "loss": ("criterion", "loss_fn", "loss_function", "objective"),
    "max_value": ("a_max", "max", "x_max"),
    "min_value": ("a_min", "min", "x_min"),
    "negative_slope": ("alpha",),
    "num_heads": ("n_heads", "nhead", "num_attention_heads"),
    "num_key_value_heads": ("n_kv_heads", "num_kv_heads"),
    "num_query_heads": ("n_heads", "nhead", "num_attention_heads", "num_heads"),
    "optimizer": ("optim",),
    "pool_size": ("kernel_size",),
    "power_iterations": ("n_power_iterations",),
    "rate": ("drop_path_rate", "drop_prob", "p"),
    "seed": ("random_seed",),
    "shape": ("target_shape",),
    "sliding_window": ("window", "window_size"),
    "source": ("dataset",),
    "strides": ("stride",),
    "targets": ("labels",),
    "use_bias": ("bias",),
    "use_causal_mask": ("causal", "is_causal"),
    "validation": ("validation_data", "validation_split"),
    "weight_decay": ("decay",),
}
"""Arguments and keys, each with what Keras 2, PyTorch, scikit-learn and Lightning call it; the likeliest come first."""

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
    return same or [candidate for candidate, others in ARGUMENTS.items() if name in others and candidate in known]


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
