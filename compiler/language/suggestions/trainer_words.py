"""What to write for the words of trainers of others, such as Hugging Face's, Lightning's and spaCy's, that are keys of `train` nowhere here."""

from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.library.base.registry import fold

PRECISION = "write `precision: mixed_bfloat16` below `model:`, or `mixed_float16`, which has a smaller range and scales the loss"
HALF = "write `precision: mixed_float16` below `model:`, or `mixed_bfloat16`, which has the range of float32 and needs no loss scale"
NO_SCALE = "remove it: under `precision: mixed_float16` the scale of the loss is found as training goes, and no other needs one"
AHEAD = "remove it: rows come to the device ahead of their steps by themselves"
SAVE = "`modelc train SPEC --checkpoint-every '100 steps'`, or `10 min`, says when to save"
KEPT = "every run keeps its best and its last weights"
LINES = "remove it: `modelc train` prints a line for each epoch, and `metrics.jsonl` in the run has it"
BEST = "remove it: every value of the log knows which way is better"
SEEDED = "remove it: equal specs, seeds and devices give equal weights, to the bit"
DROPOUT = "dropout is a layer: write `dropout: 0.1` among `layers`, where values are to be dropped"
FOLDER = "remove it: `modelc train SPEC --run-dir DIR` says where the run is"
EVALUATED = "remove it: rows are evaluated in batches of `batch_size` too"


def as_precision(value: Any, spec: Mapping[str, Any]) -> str:
    """How mixed precision is written, that of theirs first."""
    half = isinstance(value, str) and "16" in value and "bf" not in value
    return HALF if half else PRECISION


WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "disable_tqdm", "enable_progress_bar", "log_every_n_steps", "log_interval", "logger", "logging_dir", "logging_first_step",
            "logging_steps", "logging_strategy", "progress_bar", "report_to",
        ),
        LINES,
    ),
    **dict.fromkeys(("dropout", "dropout_rate"), DROPOUT),
    **dict.fromkeys(("output_dir", "overwrite_output_dir", "run_dir", "run_name", "save_dir"), FOLDER),
    **dict.fromkeys(("greater_is_better", "mode", "monitor_mode"), BEST),
    **dict.fromkeys(("benchmark", "cudnn_benchmark", "cudnn_deterministic", "deterministic", "full_determinism"), SEEDED),
    **dict.fromkeys(("eval_batch_size", "per_device_eval_batch_size", "val_batch_size", "validation_batch_size"), EVALUATED),
}  # fmt: skip
KEYS: Mapping[str, str | Callable[[Any, Mapping[str, Any]], str]] = {
    **{fold(word): text for word, text in WORDS.items()},
    **dict.fromkeys(("amp", "autocast", "bf16", "dtypepolicy", "halfprecision", "mixedprecision", "usemixedprecision"), as_precision),
    **dict.fromkeys(("fp16", "float16"), HALF),
    **dict.fromkeys(
        ("dynamicgrowthsteps", "dynamiclossscale", "gradscaler", "initialscale", "lossscale", "lossscalefactor", "scaleloss"), NO_SCALE
    ),
    **dict.fromkeys(("dataloadernumworkers", "numworkers", "persistentworkers", "pinmemory", "prefetch", "workers"), AHEAD),
    **dict.fromkeys(
        ("jitcompile", "runeagerly", "stepsperexecution"), "remove it: all is compiled, many steps in one loop"
    ),
    **dict.fromkeys(
        (
            "checkpoint", "checkpointevery", "checkpointfrequency", "checkpointing", "checkpointinterval", "checkpoints",
            "enablecheckpointing", "loadbestmodelatend", "modelcheckpoint", "savebestonly", "savecheckpoints", "saveevery", "savefreq",
            "savelast", "savesteps", "savestrategy", "savetopk", "savetotallimit",
        ),
        f"remove it: {SAVE}; {KEPT}",
    ),
    "restorebestweights": "remove it: every run keeps its best and its last weights",
    "verbose": "remove it: `modelc train` prints a line for each epoch",
}  # fmt: skip
"""By key, without case and separators."""
