"""Similarity of names: typos, and the names in other frameworks."""

from collections.abc import Collection
from functools import cache
from typing import Any

from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.window_words import WORDS as WINDOW_WORDS
from modelc.compiler.library.base.registry import Registry, bare, fold

ARGUMENTS = {
    "output_dim": ("dim", "embed_dim", "embedding_dim", "embedding_size"),
    "dims": ("axes", "pattern", "perm"),
    "axis": ("axes", "concat_axis", "concat_dim", "dim"),
    "rotary_base": ("max_wavelength", "rope", "rope_theta", "rotary", "theta"),
    "base": ("max_wavelength", "rope_theta", "theta"),
    "batch_size": ("batch", "mini_batch_size", "minibatch_size", "per_device_train_batch_size", "train_batch_size"),
    "beta_1": ("betas", "adam_beta1", "b1"),
    "beta_2": ("adam_beta2", "b2"),
    "dilation_rate": ("dilation",),
    "dropout": ("attention_dropout", "attn_dropout"),
    "early_stopping": (
        "patience",
        "early_stop",
        "early_stopping_patience",
        "early_stopping_rounds",
        "n_iter_no_change",
    ),
    "ema": ("beta", "decay", "ema_decay", "ema_momentum", "momentum"),
    "time": ("max_duration", "max_time", "time_limit"),
    "validate_every": ("check_val_every_n_epoch", "validation_freq", "validation_frequency"),
    "epochs": ("max_epochs", "n_epochs", "num_epochs", "num_train_epochs", "train_epochs"),
    "epsilon": ("eps", "adam_epsilon"),
    "units": ("features", "hidden_size", "hidden_units", "num_units", "out_features", "size"),
    "filters": ("channels", "features", "num_filters", "out_channels"),
    "from": ("input", "inputs", "parents", "source", "sources"),
    "global_norm": ("clip_global_norm", "clipglobalnorm", "global_clipnorm", "max_grad_norm", "max_norm"),
    "groups": ("num_groups",),
    "head_dim": ("key_dim",),
    "indices_or_sections": ("chunks", "sections"),
    "input_dim": ("num_embeddings", "vocab_size"),
    "kernel_initializer": ("init", "kernel_init", "weight_init", "weight_initializer"),
    "kernel_size": ("kernel",),
    "key_dim": ("head_dim",),
    "learning_rate": ("learn_rate", "learning_rate_init", "lr"),
    "loss": ("criterion", "loss_fn", "loss_function", "objective"),
    "max_value": ("a_max", "max", "x_max"),
    "min_value": ("a_min", "min", "x_min"),
    "negative_slope": ("alpha",),
    "norm": ("clip_norm", "clipnorm"),
    "num_heads": ("heads", "n_heads", "nhead", "num_attention_heads"),
    "num_key_value_heads": ("n_kv_heads", "num_kv_heads"),
    "num_query_heads": ("n_heads", "nhead", "num_attention_heads", "num_heads"),
    "optimizer": ("optim",),
    "pool_size": ("kernel_size",),
    "power_iterations": ("n_power_iterations",),
    "rate": ("drop_path_rate", "drop_prob", "p"),
    "rho": ("alpha", "smoothing_constant"),
    "seed": ("random_seed", "random_state"),
    "shape": ("target_shape",),
    "sliding_window": ("window", "window_size"),
    "source": ("dataset",),
    "steps": ("max_iterations", "max_steps", "num_steps", "num_train_steps", "total_steps"),
    "strides": ("stride",),
    "targets": ("labels",),
    "use_bias": ("bias",),
    "use_causal_mask": ("causal", "is_causal"),
    "validation": ("validation_data", "validation_split"),
    "t_mul": ("T_mult",),
    "warmup_steps": ("num_warmup_steps",),
}
"""Arguments and keys, each with what Keras 2, PyTorch, scikit-learn and Lightning call it; the likeliest come first."""

GUESSED = {
    "augment": ("augmentation", "augmentations", "data_augmentation", "transform", "transforms"),
    "index": ("as", "counter", "loop_var", "var", "variable"),
    "join": ("aggregate", "aggregation", "combine", "fusion", "merge", "merge_mode"),
    "layers": ("body", "main", "main_path"),
    "merge_mode": ("combine", "join", "merge"),
    "param_groups": ("parameter_groups", "params_groups"),
    "params": ("args", "arguments", "parameters"),
    "paths": ("params", "parameters", "pattern", "patterns", "layers", "modules", "names", "nodes"),
    "learning_rate_factor": (
        "learning_rate_multiplier",
        "learning_rate_scale",
        "lr_factor",
        "lr_mult",
        "lr_multiplier",
        "lr_ratio",
        "lr_scale",
    ),
    "repeat": ("copies", "count", "n_times", "num_repeats", "repeats", "repetitions", "times"),
    "class_weight": ("class_weights",),
    "weight": ("coef", "coefficient", "factor", "loss_weight"),
    "name": ("alias", "as", "id", "label", "layer_name"),
    "shortcut": ("bypass", "downsample", "identity", "project", "projection", "skip", "skip_connection"),
    "classes": ("class_names", "n_classes", "num_classes"),
    "inputs": ("feature", "features"),
    "key": ("k", "keys"),
    "query": ("q", "queries"),
    "targets": ("label", "target", "y"),
    "value": ("v", "values", "clip_value", "clipvalue"),
    "phases": ("phase", "stage", "stages", "training_stages"),
    "trainable": ("is_trainable", "requires_grad"),
    "tied": ("share_weights", "shared", "shared_weights", "tie", "tie_weights"),
    "times": ("copies", "count", "n", "n_times", "num", "num_layers", "number", "repetitions"),
}
"""Keys of this language that others have not, each with words that say the same."""

OTHER_VALUES = {
    "axes", "betas", "chunks", "dataset", "dim", "label", "max_wavelength", "pattern", "patience", "per_device_train_batch_size", "perm", "rope", "rotary",
    "sections", "size", "validation_data", "validation_split",
}  # fmt: skip
"""Words of `ARGUMENTS` whose value is not what stands here under the other name."""
ELSEWHERE = {
    "adamax", "adan", "atanh", "bilinear", "crelu", "dsplit", "dstack", "geglu", "glu", "hsplit", "hstack", "nadam", "nadamw",
    "radam", "rrelu", "sort", "swiglu", "tan", "vsplit", "vstack",
}  # fmt: skip
"""What is no typo, however near it is to something here: names without case and separators that mean something else."""

OTHERWISE = dict.fromkeys(("bn", "batchnorm", "batchnorm1d", "batchnorm2d", "batchnorm3d"), "momentum")
"""Things of others, without case and separators, with the argument that has the same name here and is counted
otherwise: the momentum of PyTorch is what Keras and modelc take from 1.
"""

FAR = 3
"""So many letters away is no typo."""
LONGEST = 100
"""Characters of a name that can be a typo of another, or like it."""


WORDS = (*ARGUMENTS.items(), *GUESSED.items(), *WINDOW_WORDS.items())


@cache
def keys_by_word() -> dict[str, list[str]]:
    """The keys of this language by each word that says the same elsewhere."""
    found: dict[str, list[str]] = {}
    for right, others in WORDS:
        for word in dict.fromkeys(others):
            found.setdefault(word, []).append(right)
    return found


def spelled(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name that `name` certainly stands for: the same but for case and separators, or another word for it."""
    return next(iter(synonyms(name, allowed)), None)


def synonyms(name: str, known: Collection[str] | Registry[Any]) -> list[str]:
    """Those of the known names that `name` is, but for case and separators, or is another word for."""
    if isinstance(known, Registry):
        words = lookups().once(("words", known.kind), lambda: words_of(known))
        return list(words.get(fold(bare(name)), ()))
    names = tuple(known)
    same = list(lookups().once(("folded", names), lambda: folded(names)).get(fold(name), ()))
    return same or [right for right in keys_by_word().get(name, ()) if right in known]


def folded(names: Collection[str]) -> dict[str, list[str]]:
    """`names` by what they are without case and separators."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(fold(name), []).append(name)
    return found


def words_of(registry: Registry[Any]) -> dict[str, list[str]]:
    """The entries of a registry by what they are called, by others too, without case and separators."""
    words: dict[str, list[str]] = {}
    for entry in registry:
        for word in dict.fromkeys(map(fold, (entry, *registry.find(entry).words()))):
            words.setdefault(word, []).append(entry)
    return words


def nearest(name: str, word: str, names: tuple[str, ...]) -> tuple[str | None, str]:
    """The one of `names` that `name` is a typo of, None if there is none, and the one that `word` is most like."""
    if len(name) > LONGEST:
        return None, ""

    def compare() -> tuple[str | None, str]:
        short = [other for other in names if len(other) <= LONGEST]
        typo = typo_of(name, short)
        return typo, typo or like(word.lower(), short)

    nothing: tuple[str | None, str] = (None, "")
    return lookups().once((name, word, names), compare, max(len(names), 1), nothing)


def like(word: str, names: Collection[str]) -> str:
    """The one of `names` that `word` is so like that it can be meant by it: one letter off, or two in long names, some
    of its words, or its words in another order. Empty where there is none: what only shares letters means something else (`hashing`, `masking`).
    """
    if fold(word.rpartition(".")[2]) in ELSEWHERE:
        return ""
    far = min(max(1, min(len(word) // 4, FAR - 1)), len(word) - 1)
    near = [(distance(word, other.lower(), FAR), other) for other in names]
    least = min((letters for letters, _ in near), default=FAR)
    if least <= far:
        return most_alike(word, [other for letters, other in near if letters == least], 0.0)
    parts = sorted(word.split("_"))
    begun = [
        other
        for other in names
        if len(word) > FAR and (f"_{word}_" in f"_{other.lower()}_" or sorted(other.lower().split("_")) == parts)
    ]
    return begun[0] if len(begun) == 1 else ""


def typo_of(name: str, allowed: Collection[str]) -> str | None:
    """The allowed name of which `name` is a typo, where no other is as near and no one else calls a thing so.

    A typo is a letter too much, too little, wrong or swapped with the next; two of them in names of 8 letters and more.
    Digits are never typos: there may well be a `conv3` to be written yet where only `conv2` is found.
    """
    written = name.lower()
    if fold(name.rpartition(".")[2]) in ELSEWHERE:
        return None
    digits = [letter for letter in written if letter.isdigit()]
    alike = [(distance(written, candidate.lower(), FAR), candidate) for candidate in allowed]
    near = sorted(one for one in alike if one[0] < FAR and [letter for letter in one[1] if letter.isdigit()] == digits)
    if not near or (len(near) > 1 and near[0][0] == near[1][0]):
        return None
    typos, candidate = near[0]
    return candidate if typos <= min(len(candidate) // 4, 2) else None


def distance(one: str, other: str, most: int) -> int:
    """How many letters have to be put in, taken out, replaced or swapped with the next to make `other` of `one`.

    The optimal string alignment distance; `most` where it is that or more.
    """
    letters, others = set(one), set(other)
    if max(abs(len(one) - len(other)), len(letters - others), len(others - letters)) >= most:
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
