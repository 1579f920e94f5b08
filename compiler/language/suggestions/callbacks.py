"""What to write for the callbacks of Keras and Lightning: each is another key here, is not needed, or is not in this version.

Texts for the help of messages only, with the user's own numbers.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from modelc.compiler.language.suggestions.foreign_keys import RESUME, Spec, as_schedule
from modelc.compiler.language.suggestions.length_words import as_ending
from modelc.compiler.language.suggestions.stopping_words import as_patience
from modelc.compiler.language.suggestions.trainer_words import KEPT, SAVE
from modelc.compiler.language.suggestions.updates import UPDATES, filled
from modelc.compiler.library.base.registry import bare, fold

GENERAL = (
    "there are no callbacks: `early_stopping: 5` stops early, a schedule is the value of `learning_rate`, and every run "
    "keeps its best and last weights"
)
CALL = re.compile(r"([A-Za-z_][\w.]*)\((.*)\)", re.DOTALL)
TYPE_KEYS = ("type", "class_name", "class", "name", "_target_")
LOG = "`metrics.jsonl` in the run has a line for each epoch"
NEEDLESS: Mapping[str, str] = {
    "csvlogger": LOG,
    "history": LOG,
    "learningratemonitor": f"{LOG}, with the learning rate",
    "progbarlogger": "`modelc train` prints a line for each epoch",
    "progressbar": "`modelc train` shows its progress",
    "richprogressbar": "`modelc train` shows its progress",
    "terminateonnan": "a loss that is not finite ends the training with an error",
    "tqdmprogressbar": "`modelc train` shows its progress",
}
"""Callbacks, without case and separators, that need nothing in a spec, and why."""
LOGGERS = (
    "mlflowlogger",
    "remotemonitor",
    "tensorboard",
    "tensorboardlogger",
    "wandbcallback",
    "wandblogger",
    "wandbmetricslogger",
)
OF_UPDATES: Mapping[str, str] = {
    "gradientaccumulationscheduler": "gradaccum",
    "stochasticweightaveraging": "swa",
    "swapemaweights": "ema",
}
"""Callbacks for what is done to gradients and weights, each by a word of `UPDATES` that means the same."""
SAVING = ("checkpoint", "modelcheckpoint")
PLATEAU = ("plateau", "reducelronplateau", "reduceonplateau")


def as_callbacks(value: Any, spec: Spec) -> str:
    """What to write for a list of callbacks, or for one: a line for each."""
    told = dict.fromkeys(text for name, given in named(value) for text in (as_callback(name, given, spec),) if text)
    return "\n".join(told) or GENERAL


def named(value: Any) -> Iterator[tuple[str, Any]]:
    """The callbacks in a value, each with its arguments."""
    if isinstance(value, list):
        for item in with_whole_calls(value):
            yield from named(item)
    elif isinstance(value, str):
        call = CALL.fullmatch(value.strip())
        yield (value, {}) if call is None else (call[1], keywords(value.strip()))
    elif isinstance(value, Mapping):
        key = next((key for key in TYPE_KEYS if isinstance(value.get(key), str)), None)
        if key is not None:
            yield value[key], {other: given for other, given in value.items() if other != key}
        else:
            yield from value.items()


def with_whole_calls(items: list[Any]) -> Iterator[Any]:
    """The items of a list, in which commas may have cut calls of Python."""
    opened = ""
    for item in items:
        whole = f"{opened}, {item}" if opened else item
        opened = whole if isinstance(whole, str) and whole.count("(") > whole.count(")") else ""
        if not opened:
            yield whole
    if opened:
        yield opened


def keywords(call: str) -> dict[str, Any]:
    """The plain arguments that a call in Python names."""
    try:
        tree = ast.parse(call, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = tree.keywords if isinstance(tree, ast.Call) else []
    return {one.arg: one.value.value for one in found if one.arg and isinstance(one.value, ast.Constant)}


def as_callback(name: str, given: Any, spec: Spec) -> str:
    """What to write for one callback with its arguments; empty for one that is not known."""
    word, title = fold(bare(name).rpartition(".")[2]), f"`{name.rpartition('.')[2]}`"
    arguments = given if isinstance(given, Mapping) else {}
    if word == "earlystopping":
        if type(given) is int:
            arguments = {"patience": given}
        return as_patience("early_stopping", arguments, spec)
    if word in SAVING:
        every = any(
            type(value) is int and key in ("save_freq", "every_n_train_steps") for key, value in arguments.items()
        )
        return f"for {title}, {SAVE}; {KEPT}" if every else f"{title} needs nothing: {KEPT}"
    if word in ("backupandrestore", "orbaxcheckpoint"):
        return f"{title} needs nothing: {RESUME}"
    if word in PLATEAU:
        return f"for {title}, {as_schedule({'reduce_on_plateau': arguments}, spec)}"
    if word in ("learningratescheduler", "lrscheduler"):
        return f"for {title}, {as_schedule(arguments or None, spec)}"
    if word in NEEDLESS:
        return f"{title} needs nothing: {NEEDLESS[word]}"
    if word in LOGGERS:
        return f"{title} is not in this version; {LOG}"
    if word in OF_UPDATES:
        return f"for {title}, {filled(UPDATES[OF_UPDATES[word]], None)}"
    if word == "timer":
        return f"for {title}, {as_ending('s', arguments.get('duration', given))}"
    if word in ("callback", "lambdacallback"):
        return "a spec has no code; `modelc.compile` gives the model as pure functions for a loop of your own"
    return ""
