"""What to write for the words of others that end a training by the clock, such as `max_minutes`, and for a `trainer` with them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from modelc.compiler.language.durations import UNITS, as_duration
from modelc.compiler.language.suggestions.spelling import spelled

BESIDE = "beside `epochs` or `steps` or in their place"
WORDS: Mapping[str, tuple[str, ...]] = {
    "s": (
        "maxruntime", "maxruntimesecs", "maxseconds", "maxsecs", "maxtraintime", "maxtrainingtime", "maxwalltime", "timebudget",
        "trainingtime", "traintime", "walltime", "walltimelimit",
    ),
    "min": ("maxmins", "maxminutes", "maxtimemins", "maxtimeminutes", "timebudgetmins", "timelimitmins", "timelimitminutes"),
    "h": ("maxhours", "maxtimehours", "timebudgethours", "timelimithours"),
}  # fmt: skip
"""Words, without case and separators, by the unit of a number behind them."""


def as_ending(unit: str, value: Any, spec: Any = None) -> str:
    """How such a word with this value is written."""
    return f"write `time: {as_duration(value, UNITS[unit]) or '10 min'}`, {BESIDE}"


def as_trainer(value: Any, spec: Any = None) -> str:
    """Where the settings of a `trainer` are written; of those that say how long to train, what."""
    from modelc.compiler.language.suggestions.foreign_keys import key_hint

    written, told = [], []
    for key, one in value.items() if isinstance(value, Mapping) else ():
        right = spelled(str(key), ("epochs", "steps", "time"))
        if right == "time":
            written.append(f"`time: {as_duration(one) or '10 min'}`")
        elif right is not None and type(one) is int:
            written.append(f"`{right}: {one}`")
        elif hint := key_hint(str(key), one, spec or {}):
            told.append(f"for `{key}`, {hint}")
    below = f"write {', '.join(written)} below `train:`" if written else "what says how to train stands below `train:`"
    return "; ".join((below, *told))


KEYS: Mapping[str, str | Callable[[Any, Any], str]] = {
    **{word: partial(as_ending, unit) for unit, words in WORDS.items() for word in words},
    "trainer": as_trainer,
    "trainingargs": as_trainer,
    "trainingarguments": as_trainer,
}
