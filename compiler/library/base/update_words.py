"""What others call what is done to gradients and weights in a step beside the optimizer, and what is written for it here.

Texts for the help of messages only: `{value}` stands for the value of theirs.
"""

from collections.abc import Mapping

TOGETHER = "write `clip_gradients: {global_norm: {value}}` below `train:`, the largest norm of all gradients together"
EACH = (
    "write `clip_gradients: {norm: {value}}` below `train:`, the largest norm of the gradient of each weight, as in Keras; "
    "`global_norm` is that of all together"
)
ELEMENTS = (
    "write `clip_gradients: {value: {value}}` below `train:`, the largest absolute value of an element of a gradient"
)
AVERAGED = (
    "write `weight_averaging: {ema: {value}}` below `train:`: validation, the best weights and exports use the averages"
)

CLIPPING: Mapping[str, str] = {
    "clipnorm": EACH,
    **dict.fromkeys(
        (
            "clip", "clip_by_global_norm", "clip_grad", "clip_grad_norm", "clip_gradient", "clipping", "global_clipnorm",
            "global_norm", "grad_clip", "grad_clip_norm", "grad_clipping", "gradient_clip", "gradient_clip_norm",
            "gradient_clip_val", "gradient_clipping", "max_grad_norm", "max_gradient_norm",
        ),
        TOGETHER,
    ),
    "clip_by_norm": EACH,
    **dict.fromkeys(
        (
            "clip_by_value", "clip_grad_value", "clipvalue", "grad_clip_value", "gradient_clip_value",
        ),
        ELEMENTS,
    ),
    "gradient_clip_algorithm": "the key below `clip_gradients:` says it: `clip_gradients: {global_norm: 1.0}`, or `{value: 0.5}`",
}  # fmt: skip
AVERAGING: Mapping[str, str] = {
    **dict.fromkeys(
        ("average_weights", "ema", "exponential_moving_average", "model_ema", "moving_average", "polyak", "polyak_averaging", "use_ema"),
        AVERAGED,
    ),
    **dict.fromkeys(("ema_decay", "ema_momentum"), AVERAGED),
    "ema_overwrite_frequency": "leave it out: training goes on from its own weights, and validation, the best weights and exports use "
    "those of `weight_averaging: {ema: 0.999}`",
    "swa": "an average in which all steps count the same is not there; `weight_averaging: {ema: 0.999}` below `train:` is one in which "
    "later steps count more",
}  # fmt: skip
ACCUMULATION: Mapping[str, str] = dict.fromkeys(
    (
        "accum_steps", "accumulate_grad_batches", "accumulate_gradient", "accumulate_gradients", "accumulation", "accumulation_steps", "grad_accum",
        "grad_accum_steps", "grad_accumulation", "grad_accumulation_steps", "gradient_accumulation_steps",
    ),
    "write `gradient_accumulation: {value}` below `train:`, and a `batch_size` {value} times as large: it counts the rows of an update "
    "here, which are cut into {value} parts",
)  # fmt: skip
GROUPED = 'write `param_groups: [{paths: ["backbone/**"], learning_rate_factor: 0.1}]` below `train:`'
UNDECAYED = 'write `param_groups: [{paths: ["**/embeddings"], weight_decay: 0}]` below `train:`; biases and scales of normalizations never decay'
GROUPING: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "discriminative_learning_rates", "layer_decay", "layer_lr_decay", "layer_wise_lr", "layerwise_learning_rate_decay", "layerwise_lr_decay", "learning_rate_factor",
            "learning_rate_multiplier", "llrd", "lr_factor", "lr_mult", "lr_multiplier", "lr_scale",
        ),
        GROUPED,
    ),
    **dict.fromkeys(
        ("exclude_from_weight_decay", "no_decay", "no_weight_decay", "weight_decay_exclude"), UNDECAYED
    ),
}  # fmt: skip
CHECKPOINTING: Mapping[str, str] = dict.fromkeys(
    ("activation_checkpointing", "recompute", "remat", "rematerialization", "rematerialize"),
    "write `gradient_checkpointing: true` below `train:`, or the blocks that are computed again, such as `[encoder/*]`",
)
TRUNCATION: Mapping[str, str] = dict.fromkeys(
    (
        "backprop_steps",
        "bptt",
        "bptt_steps",
        "tbptt",
        "tbptt_length",
        "tbptt_steps",
        "truncated_bptt",
        "truncated_bptt_steps",
    ),
    "the steps of a row are the span of truncated back-propagation: cut sequences into rows of so many steps, and write `stateful: epoch` "
    "in the recurrent layers and `shuffle: false` below `train:`",
)
"""Words for gradients that flow through so many steps; keys of `train` alone."""
OF_LAYERS: Mapping[str, str] = {**CHECKPOINTING, "gradient_checkpointing": CHECKPOINTING["remat"]}
"""Those that others write at layers."""
UPDATE_WORDS: Mapping[str, str] = {**CLIPPING, **AVERAGING, **ACCUMULATION, **CHECKPOINTING, **GROUPING}
"""All of them, as keys of `train` and as arguments of optimizers."""
