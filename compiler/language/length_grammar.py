"""The grammar of how long a training is, and of what ends it early: keys of `train`."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.durations import DURATION, as_duration
from modelc.compiler.language.field_schema import RATIO, merged
from modelc.compiler.language.shapes import Either, Keys, Need, Shape, Value, integer
from modelc.compiler.language.suggestions.stopping_words import as_patience
from modelc.compiler.library.base.fields import read_ratio

PATIENCE = "Epochs without a better `monitor` before training stops."


def as_time(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How a duration is written that stands there in another form."""
    return f"write `{key}: {as_duration(value) or '10 min'}`, in `s`, `min` or `h`"


LENGTHS: Mapping[str, Shape] = {
    "epochs": integer("Number of passes over the training rows.", 1, 10**6, nullable=True),
    "steps": integer("Total number of steps, instead of `epochs`.", 1, 10**9, nullable=True),
    "validate_every": integer(
        "Epochs from one evaluation of the validation rows to the next; the last epoch has one too.",
        1,
        10**6,
        nullable=True,
    ),
    "time": Value(
        {"type": ["string", "null"], "pattern": DURATION},
        "How long to train by the clock, such as `10 min`; beside `epochs` or `steps`, whichever ends first.",
        "a duration such as `10 min`",
        help=as_time,
    ),
    "early_stopping": Either(
        Keys(
            "`early_stopping`",
            {
                "patience": integer(PATIENCE, 1, 10**6),
                "min_delta": Value(
                    merged([{"type": "number", "minimum": 0}, RATIO]),
                    "By how much `monitor` must be better than when it last was, to count as better.",
                    read=read_ratio,
                ),
                "start": integer("Epochs at the beginning that do not count.", 0, 10**6),
            },
            (Need(("patience",), "write `patience: 5`, the epochs to wait for a better one"),),
        ),
        value=integer(PATIENCE, 1, 10**6, nullable=True)._replace(help=as_patience),
        description=f"{PATIENCE} `{{patience: 5, min_delta: 0.001, start: 10}}` says what counts as better, and from when on.",
        alone="patience",
    ),
}
"""The keys by name, as they stand under `train`."""
