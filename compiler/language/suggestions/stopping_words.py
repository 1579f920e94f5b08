"""How early stopping is written that others write: all arguments of Keras's `EarlyStopping`, and of Lightning's and Hugging Face's."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.language.suggestions.foreign_keys import Spec, log_key
from modelc.compiler.language.suggestions.wording import spell
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.registry import fold

PATIENCE, DELTA, START = "patience", "min_delta", "start"
WORDS: Mapping[str, str] = {
    "patience": PATIENCE,
    "epochs": PATIENCE,
    "earlystoppingpatience": PATIENCE,
    "mindelta": DELTA,
    "delta": DELTA,
    "threshold": DELTA,
    "earlystoppingthreshold": DELTA,
    "tol": DELTA,
    "minimprovement": DELTA,
    "start": START,
    "startfromepoch": START,
    "minepochs": START,
    "warmupepochs": START,
}
"""What each argument is here, without case and separators."""
KEPT = ("restorebest", "restorebestweights", "loadbestmodelatend", "savebest", "savebestonly")
NEEDLESS = (
    "direction",
    "mode",
    "strict",
    "verbose",
    "checkfinite",
    "checkonepochend",
    "checkontrainepochend",
    "enabled",
)
"""Arguments that need no counterpart: every value knows which way is better, and what is not finite ends a training."""
LATER = ("baseline", "divergencethreshold", "stoppingthreshold")
FOREIGN = frozenset({*WORDS, *KEPT, *NEEDLESS, *LATER, "monitor", "metric"}) - {
    fold(key) for key in (PATIENCE, DELTA, START)
}


def as_patience(key: str, value: Any, spec: Spec) -> str:
    """How early stopping with these arguments is written: all of them, or said not to be there."""
    if value is True:
        return f"write `{key}: 5`, the epochs to wait for a better one"
    if not isinstance(value, Mapping):
        return ""
    given = {fold(str(name)): number_of(one) for name, one in value.items()}
    if given.get("enabled") is False:
        return f"leave `{key}` out"
    found = {WORDS[name]: one for name, one in given.items() if name in WORDS}
    is_known = type(found.get(PATIENCE)) is int
    # One epoch that is not better ends a training of Keras with patience 0 too.
    written = {PATIENCE: max(found[PATIENCE], 1) if is_known else "N"}
    numbers = {name: one for name, one in found.items() if name != PATIENCE and type(one) in (int, float)}
    written |= {name: numbers[name] for name in (DELTA, START) if numbers.get(name, 0) > 0}
    parts = [f"write `{key}: {written[PATIENCE] if len(written) == 1 else spell(written)}`"]
    monitor = given.get("monitor", given.get("metric"))
    if isinstance(monitor, str):
        parts.append(f"`monitor: {log_key(monitor)}` beside it")
    explained = ", the epochs to wait" if len(parts) == 1 else "; `N` is the epochs to wait"
    helps = [" and ".join(parts) + ("" if is_known else explained)]
    if any(given.get(name) for name in KEPT):
        helps.append("every run keeps its best weights")
    known = {*WORDS, *KEPT, *NEEDLESS, "monitor", "metric"}
    if left := [str(name) for name in value if fold(str(name)) not in known]:
        helps.append(f"{name_list(left)} {'is' if len(left) == 1 else 'are'} not in this version")
    return "; ".join(helps)


def number_of(value: Any) -> Any:
    """The number that a ratio stands for; all else as it is."""
    with suppress(PydanticCustomError):  # a ratio by zero, which is no number
        return read_ratio(value)
    return value
