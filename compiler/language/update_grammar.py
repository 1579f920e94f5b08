"""The grammar of what is done to gradients and weights in each step beside the optimizer: keys of `train`."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.field_schema import RATIO, merged, positive_number
from modelc.compiler.language.shapes import Either, Exclusion, Items, Keys, Need, Shape, Value, boolean, integer, text
from modelc.compiler.library.base.fields import read_ratio

CLIP = "write `clip_gradients: {global_norm: 1.0}`"
CHECKPOINT = "write `gradient_checkpointing: true`, or name blocks, such as `[encoder/*]`"
AVERAGE = "write `weight_averaging: {ema: 0.999}`, what the averages keep of themselves in each step"
ONE_BOUND = "keep one: each bounds all gradients of a step"


def as_clipping(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How a bound alone is written."""
    return f"write `{key}: {{global_norm: {value}}}`" if is_number(value) else CLIP


def as_averaging(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How the decay of averages alone is written."""
    return f"write `{key}: {{ema: {value}}}`" if is_number(value) and 0 < value < 1 else AVERAGE


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def bound(description: str) -> Value:
    return Value(positive_number(), description, read=read_ratio)


UPDATE: Mapping[str, Shape] = {
    "gradient_accumulation": integer(
        "Into how many parts the rows of a step are cut, whose gradients are computed one after the other and added: less memory, "
        "and the same update.",
        1,
        2**16,
    ),
    "gradient_checkpointing": Either(
        items=Items(
            text("Nodes: a node or block by its path, with `*` and `**`.", "a pattern of nodes"),
            if_empty=("no node", CHECKPOINT),
        ),
        value=boolean("Whether the backward pass computes values again, part of the model by part.")._replace(
            help=CHECKPOINT
        ),
        description="What the backward pass computes again instead of keeping it: `true` for parts of the whole model, or patterns of "
        "nodes and blocks, each of which is computed again as a whole.",
    ),
    "clip_gradients": Keys(
        "`clip_gradients`",
        {
            "global_norm": bound("The largest norm of all gradients together: longer ones are scaled down to it."),
            "norm": bound("The largest norm of the gradient of each weight by itself."),
            "value": bound("The largest absolute value of each element of a gradient."),
        },
        (Need(("global_norm", "norm", "value"), CLIP),),
        "How gradients are clipped before the optimizer takes them: `{global_norm: 1.0}`, `{norm: 1.0}` or `{value: 0.5}`.",
        tuple(
            Exclusion(first, second, help=ONE_BOUND)
            for first, second in (("global_norm", "norm"), ("global_norm", "value"), ("norm", "value"))
        ),
        expected="a mapping with its bound",
        help=as_clipping,
    ),
    "weight_averaging": Keys(
        "`weight_averaging`",
        {
            "ema": Value(
                merged([{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, RATIO]),
                "What an exponential moving average of the weights keeps of itself in each step.",
                read=read_ratio,
            )
        },
        (Need(("ema",), AVERAGE),),
        "Averages of the weights over the steps, which validation, the best weights and exports use: `{ema: 0.999}`.",
        expected="a mapping with `ema`",
        help=as_averaging,
    ),
}
"""The keys by name, as they stand under `train`."""
