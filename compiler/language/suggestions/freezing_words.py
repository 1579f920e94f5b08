"""What to write for the words of others that freeze weights, for a time or for good, or train some otherwise than others: in `train`, among the arguments
of a layer, and beside it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.base.update_words import GROUPED, GROUPING

BY_PATHS = "write `freeze: [backbone]` below `train:`, what stays as it is by the names of its nodes and blocks"
BESIDE = "write `trainable: false` beside the layer, node or block whose weights and statistics stay as they are"
NORMALIZATIONS = "write `freeze: ['**/batch_norm']` below `train:`, the normalizations by their paths; they compute with their moving statistics then"
FROZEN_WORDS = (
    "freeze_backbone", "freeze_base", "freeze_encoder", "freeze_layers", "freeze_until", "freeze_weights", "frozen", "frozen_layers",
    "layers_to_freeze", "non_trainable", "untrainable",
)  # fmt: skip
TRAINED_WORDS = (
    "is_trainable",
    "requires_grad",
    "trainable",
    "trainable_layers",
    "trainable_weights",
    "train_only",
    "unfrozen",
)
LAYER_WORDS = ("freeze", "freeze_weights", "frozen", "is_frozen", "no_grad", "stop_training")
IN_PHASES = (
    "write `phases: [{name: head, epochs: 5, freeze: [backbone]}, {name: all, epochs: 10, optimizer: {adam: 1e-5}}]` below `train:`, in "
    "place of `epochs`"
)
PHASE_WORDS = (
    "curriculum", "fine_tune", "fine_tune_at", "fine_tune_epochs", "fine_tuning", "freeze_epochs", "frozen_epochs",
    "gradual_unfreeze", "gradual_unfreezing", "training_phases", "thaw", "unfreeze", "unfreeze_backbone", "unfreeze_layers", "unfreeze_after", "unfreeze_at", "unfreeze_epoch",
)  # fmt: skip


def as_frozen(value: Any, spec: Mapping[str, Any]) -> str:
    """How the nodes are frozen that a word freezes."""
    return BY_PATHS.replace("backbone", ", ".join(texts_in(value)) or "backbone")


def as_trained(value: Any, spec: Mapping[str, Any]) -> str:
    """How all nodes are frozen but those that a word trains."""
    trained = texts_in(value)
    others = [name for name in names_of_nodes(spec) if name not in trained] if trained else []
    return BY_PATHS.replace("backbone", ", ".join(others) or "backbone")


def texts_in(value: Any) -> list[str]:
    """The names in a value, which is one or a list of them."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def names_of_nodes(spec: Mapping[str, Any]) -> Iterator[str]:
    """The names that the model of a spec gives to its nodes, or layers of a chain."""
    model = spec.get("model")
    parts: Mapping[str, Any] = model if isinstance(model, Mapping) else {}
    layers, nodes = parts.get("layers"), parts.get("nodes")
    for one in layers if isinstance(layers, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            yield one["name"]
    yield from nodes if isinstance(nodes, Mapping) else ()


def rate_in(spec: Mapping[str, Any]) -> Any:
    """The learning rate of the optimizer of a spec, the highest of a schedule; None where it cannot be told."""
    from modelc.compiler.library.optimizers import OPTIMIZERS

    train = spec.get("train")
    optimizer = train.get("optimizer") if isinstance(train, Mapping) else None
    name = (
        optimizer if isinstance(optimizer, str) else next(iter(optimizer), "") if isinstance(optimizer, Mapping) else ""
    )
    rate = optimizer[name] if isinstance(optimizer, Mapping) and name else {}
    if isinstance(rate, Mapping) and name in OPTIMIZERS:
        rate = rate.get("learning_rate", OPTIMIZERS.find(name).model_fields["learning_rate"].default)
    for _ in range(2):
        # A schedule, and its arguments.
        rate = rate.get("learning_rate", next(iter(rate.values()), None)) if isinstance(rate, Mapping) else rate
    return rate


def as_factor(value: Any, spec: Mapping[str, Any]) -> str:
    """How the learning rate of a group is written, which is a factor of that of the optimizer."""
    numbers: list[float] = [one for one in (value, rate_in(spec)) if type(one) in (int, float) and one > 0]
    factor = f"{numbers[0] / numbers[1]:.6g}" if len(numbers) > 1 else "0.1"
    return f"a group has a factor of the optimizer's rate: write `learning_rate_factor: {factor}`, its rate divided by that of the optimizer"


GROUP_KEYS: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = dict.fromkeys(
    ("baselearningrate", "learningrate", "lr", "maxlr"), as_factor
)
"""For keys of a group of weights, without case and separators."""
KEYS: Mapping[str, str | Callable[[Any, Mapping[str, Any]], str]] = {
    **dict.fromkeys(map(fold, FROZEN_WORDS), as_frozen),
    **dict.fromkeys(map(fold, TRAINED_WORDS), as_trained),
    **dict.fromkeys(("bneval", "freezebatchnorm", "freezebn", "normeval"), NORMALIZATIONS),
    **dict.fromkeys(map(fold, PHASE_WORDS), IN_PHASES),
}
"""For keys of a section, without case and separators."""
UNFROZEN = "leave out of `freeze` what is to be trained: a phase trains all that it does not freeze"
ARGUMENTS: Mapping[str, str] = {
    **dict.fromkeys(LAYER_WORDS, BESIDE),
    **GROUPING,
    **dict.fromkeys(("learning_rate", "lr"), GROUPED),
}
"""For arguments of a layer and keys beside it. Values of words that freeze say the opposite of `trainable`."""


def freezing_in_phase(word: str, value: Any, spec: Mapping[str, Any]) -> str:
    """What to write in a phase for a word that freezes, or trains; empty for all others."""
    advice = KEYS.get(fold(word), "")
    if isinstance(advice, str):
        return UNFROZEN if advice == IN_PHASES else ""
    return advice(value, spec).replace(" below `train:`", "")
