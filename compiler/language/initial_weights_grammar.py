"""The grammar of `train.initial_weights`."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.initial_weights import LAYOUTS
from modelc.compiler.language.shapes import Either, Exclusion, Items, Keys, Need, Value, text

EXAMPLE = "{run: runs/first, take: [{from: encoder, to: backbone}]}"
FROM_WHERE = "say where they come from: `initial_weights: {run: runs/first}`, or `{file: weights.safetensors}`"


def as_initial_weights(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How the place of weights is written that stands there alone."""
    if not isinstance(value, str) or not value:
        return FROM_WHERE
    return f"write `{key}: {{{'file' if value.endswith('.safetensors') else 'run'}: {value}}}`"


TAKEN = Keys(
    "an entry of `take`",
    {
        "from": text("A path or pattern of weights where they are taken from; by default all.", "a path of weights"),
        "to": text('The path that they have here, if it is another; `""` is the top.', "a path of weights"),
    },
    (Need(("from", "to"), "write `{from: encoder, to: backbone}`"),),
)
WEIGHTS_FROM = Keys(
    "`initial_weights`",
    {
        "run": text("A run, whose best weights are taken: its folder, below that of the spec.", "the folder of a run"),
        "file": text("A safetensors file.", "the path of a file"),
        "layout": Value(
            {"type": "string", "enum": list(LAYOUTS)},
            "Whose names and axes a file has: those of modelc, or of a `state_dict` of PyTorch.",
        ),
        "take": Items(
            Either(TAKEN, value=text("", "a path of weights"), alone="from"),
            "Which weights are taken; by default all that both have.",
            ("nothing", "name what is to be taken, `take: [encoder]`, or leave `take` out for all that both have"),
            "write a list: `take: [encoder, {from: head, to: top}]`",
        ),
    },
    (Need(("run", "file"), FROM_WHERE, "from nowhere"),),
    excluded=(
        Exclusion("run", "file", "weights come from one place; several of them stand in a list"),
        Exclusion("run", "layout", "a run has the layout of modelc", "remove `layout`"),
    ),
    help=as_initial_weights,
)
INITIAL_WEIGHTS = Either(
    WEIGHTS_FROM,
    Items(WEIGHTS_FROM),
    description="Weights to begin with, of a run or a file, or a list of such; all others begin as usual.",
    expected=f"a mapping, such as {EXAMPLE}",
    help=as_initial_weights,
    if_empty=("from nowhere", FROM_WHERE),
)
