"""What to write for the words of others that freeze weights, for a time or for good, or train some otherwise than others: in `train`, among the arguments
of a layer, and beside it.
"""

from collections.abc import Mapping

from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.base.update_words import GROUPED, GROUPING

BY_PATHS = "write `freeze: [backbone]` below `train:`, what stays as it is by the names of its nodes and blocks"
BESIDE = "write `trainable: false` beside the layer, node or block whose weights and statistics stay as they are"
SECTION_WORDS = (
    "freeze_backbone", "freeze_base", "freeze_encoder", "freeze_layers", "freeze_until", "freeze_weights", "frozen", "frozen_layers",
    "is_trainable", "requires_grad", "trainable", "trainable_layers", "trainable_weights",
)  # fmt: skip
LAYER_WORDS = ("freeze", "freeze_weights", "frozen", "is_frozen", "no_grad", "stop_training")
IN_PHASES = (
    "write `phases: [{name: head, epochs: 5, freeze: [backbone]}, {name: all, epochs: 10, optimizer: {adam: 1e-5}}]` below `train:`, in "
    "place of `epochs`"
)
PHASE_WORDS = (
    "curriculum", "fine_tune", "fine_tune_at", "fine_tune_epochs", "fine_tuning", "freeze_epochs", "frozen_epochs", "training_phases",
    "unfreeze", "unfreeze_after", "unfreeze_at", "unfreeze_epoch",
)  # fmt: skip
KEYS: Mapping[str, str] = {
    **dict.fromkeys(map(fold, SECTION_WORDS), BY_PATHS),
    **dict.fromkeys(map(fold, PHASE_WORDS), IN_PHASES),
}
"""For keys of a section, without case and separators."""
ARGUMENTS: Mapping[str, str] = {
    **dict.fromkeys(LAYER_WORDS, BESIDE),
    **GROUPING,
    **dict.fromkeys(("learning_rate", "lr"), GROUPED),
}
"""For arguments of a layer and keys beside it. Values of words that freeze say the opposite of `trainable`."""
