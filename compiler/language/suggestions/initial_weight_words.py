"""What to write for the words of others for weights that a training begins with: in `train`, and among the arguments of a layer."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.library.base.registry import fold

FROM_RUN = "`initial_weights: {run: runs/NAME}`, or `{file: weights.safetensors}`"
WRITTEN = f"write {FROM_RUN} below `train:`"
NOT_DOWNLOADED = f"nothing is downloaded: {WRITTEN}, of a run or a file that is there"
OF_TORCH = "save the `state_dict` with `safetensors.torch.save_file`, and write `initial_weights: {file: {file}, layout: torch}` below `train:`"
OF_KERAS = (
    "save the arrays with `safetensors.numpy.save_file`, by the names that runs write, such as `dense:kernel`, and write "
    "`initial_weights: {file: {file}}` below `train:`"
)
FILES: Mapping[str, str] = {
    **dict.fromkeys((".weights.h5", ".h5", ".hdf5", ".keras"), OF_KERAS),
    **dict.fromkeys((".bin", ".ckpt", ".pt", ".pth"), OF_TORCH),
}
"""What to do with files of others, by their endings."""
NAMES = ("imagenet", "default")
"""What others call weights that they download, without case and separators."""
SECTION_WORDS = (
    "backbone_weights", "ckpt", "from_pretrained", "init_checkpoint", "init_from", "init_weights", "initial_checkpoint",
    "initialize_from", "load_from", "load_path", "load_state_dict", "load_weights", "pretrained", "pretrained_model",
    "pretrained_weights", "restore_weights", "start_from", "transfer_from", "transfer_learning", "use_pretrained",
    "warm_start", "warm_start_from", "weights_file", "weights_path",
)  # fmt: skip
LAYER_WORDS = ("load_weights", "pretrained", "pretrained_weights", "use_pretrained", "weights_file", "weights_path")
OF_LAYER = f"weights begin with those of a run by {FROM_RUN} below `train:`; one array by `kernel_initializer: {{from_file: a.npy}}`"


def as_initial(value: Any, spec: Mapping[str, Any]) -> str:
    """How the place of weights is written below `train`."""
    if not isinstance(value, str) or not value:
        return WRITTEN
    if not is_of_elsewhere(value) or fold(value) in NAMES:
        return NOT_DOWNLOADED
    ending = next((ending for ending in FILES if value.endswith(ending)), "")
    if ending:
        return FILES[ending].replace("{file}", f"{value.removesuffix(ending)}.safetensors")
    return f"write `initial_weights: {{{'file' if value.endswith('.safetensors') else 'run'}: {value}}}` below `train:`"


def is_of_elsewhere(value: Any) -> bool:
    """Whether a value of `weights` is where weights of a model come from, not the column of those of rows."""
    return isinstance(value, str) and ("/" in value or "." in value or fold(value) in NAMES)


KEYS: Mapping[str, Any] = {**dict.fromkeys(map(fold, SECTION_WORDS), as_initial), "imagenet": NOT_DOWNLOADED}
"""For keys of a section, without case and separators."""
ARGUMENTS: Mapping[str, str] = {**dict.fromkeys(LAYER_WORDS, OF_LAYER), "weights": OF_LAYER}
"""For arguments of a layer and keys beside it."""
ABSENT: Mapping[str, str] = dict.fromkeys(("frompretrained", "pretrained"), f"this is no layer: {WRITTEN}")
"""For what stands as a layer."""
