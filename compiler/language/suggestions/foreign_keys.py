"""What stands for keys and values of sections as other frameworks write them: `loss_weights`, `early_stopping: {patience: 5}`.

Texts for the help of messages only, each a function of the value and the whole spec, so that it has the user's own numbers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.language.suggestions.spelling import synonyms
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in
from modelc.compiler.library.base.registry import fold

Spec = Mapping[str, Any]
NO_SPEC: Spec = {}
RATE = "a schedule is the value of the learning rate: "


def as_weights_of_terms(value: Any, spec: Spec) -> str:
    """How the weights of losses stand beside them."""
    losses = mapping_in(mapping_in(spec, "train"), "losses")
    in_order = dict(zip(losses, value, strict=False)) if isinstance(value, list) else {}
    weights = value if isinstance(value, Mapping) else in_order
    terms = []
    for name, loss in losses.items():
        given = [loss] if isinstance(loss, str) else []
        given += [
            key if one is None else f"{key}: {flow(one)}"
            for key, one in (loss if isinstance(loss, Mapping) else {}).items()
        ]
        given += [f"weight: {flow(weights[name])}"] if name in weights else []
        terms.append(f"{name}: {given[0] if given == [loss] else '{' + ', '.join(given) + '}'}")
    written = ", ".join(terms) or "price: {mean_squared_error, weight: 0.5}"
    return f"write the weight beside its term: `losses: {{{written}}}`"


def as_schedule(value: Any, spec: Spec) -> str:
    """How a schedule is written as the learning rate of the spec's own optimizer."""
    from modelc.compiler.library.optimizers import OPTIMIZERS
    from modelc.compiler.library.schedules import SCHEDULES

    written = mapping_in(spec, "train").get("optimizer")
    things = {written: None} if isinstance(written, str) else written if isinstance(written, Mapping) else {}
    optimizer, given = next(((name, given) for name, given in things.items() if name in OPTIMIZERS), ("adam", None))
    primary = OPTIMIZERS.find(optimizer).primary or "learning_rate"
    arguments = given if isinstance(given, Mapping) else {} if given is None else {primary: given}
    highest = arguments.get(primary, OPTIMIZERS.find(optimizer).model_fields[primary].default)
    schedule = value if isinstance(value, str) and value in SCHEDULES else "cosine"
    rate = highest if isinstance(highest, int | float) else 0.001
    return f"{RATE}`optimizer: {{{optimizer}: {spell({**arguments, primary: {schedule: rate}})}}}`"


def as_several_callbacks(value: Any, spec: Spec) -> str:
    """What to write for each of the callbacks in a value."""
    from modelc.compiler.language.suggestions.callbacks import as_callbacks

    return as_callbacks(value, spec)


def as_training_rows(value: Any) -> str:
    """How the rows to train on are given that stand beside the source. Empty for what is none."""
    from modelc.compiler.library.sources import SOURCES

    source = {"npz": value} if isinstance(value, str) else value
    if not isinstance(source, Mapping) or len(source) != 1 or next(iter(source)) not in SOURCES:
        return ""
    return f"the rows to train on are those of the source: write `source: {flow(source)}`"


def as_row_weights(value: Any, spec: Spec) -> str:
    """How the column of the sample weights is read."""
    reader = value if isinstance(value, Mapping) else {"array": value}
    return f"write `sample_weight: {spell(reader)}`: a weight for each row"


Advice = str | Callable[[Any, Spec], str]
KEYS: Mapping[str, Advice] = {
    "callbacks": as_several_callbacks,
    "lossweights": as_weights_of_terms,
    **dict.fromkeys(
        ("caseweights", "rowweights", "sampleweights", "weight", "weightcolumn", "weights"), as_row_weights
    ),
    "stepsperepoch": "remove it: an epoch is all rows, in batches of `batch_size`; `steps: N` in place of `epochs` says how many "
    "updates there are in all",
    "restorebestweights": "remove it: every run keeps its best and its last weights",
    **dict.fromkeys(
        ("lrscheduler", "lrschedule", "scheduler", "learningrateschedule", "warmup", "warmupsteps"), as_schedule
    ),
}
"""Keys of others, without case and separators, that no section has, and what stands for them."""


def key_hint(name: str, value: Any = None, spec: Spec = NO_SPEC) -> str:
    """What stands for a key of a section that does not exist. Empty where nothing is known."""
    advice = KEYS.get(fold(name), "")
    return advice if isinstance(advice, str) else advice(value, spec)


def callback_hint(name: str, value: Any, spec: Spec) -> str:
    """What stands for a callback that is written as a key of a section. Empty where it is none that is known."""
    from modelc.compiler.language.suggestions.callbacks import as_callback

    return as_callback(name, value, spec)


def as_patience(key: str, value: Any, spec: Spec) -> str:
    """How the arguments of Keras's `EarlyStopping` are written: all of them, or said not to be there."""
    if not isinstance(value, Mapping):
        return ""
    given = {fold(str(name)): one for name, one in value.items()}
    patience = next((given.pop(name) for name in ("patience", "epochs") if name in given), None)
    parts = [f"write `{key}: {patience}`" if type(patience) is int else f"write `{key}: N`, the epochs to wait"]
    monitor = given.pop("monitor", None)
    if isinstance(monitor, str):
        parts.append(f"`monitor: {log_key(monitor)}` beside it")
    helps = [" and ".join(parts)]
    if given.pop("restorebestweights", False):
        helps.append("every run keeps its best weights")
    given.pop("mode", None)
    given.pop("verbose", None)
    if left := [str(name) for name in value if fold(str(name)) in given]:
        helps.append(
            f"{name_list(left)} {'is' if len(left) == 1 else 'are'} not in this version: any better value counts"
        )
    return "; ".join(helps)


def as_monitor(key: str, value: Any, spec: Spec) -> str:
    """The one value of a list or a mapping, such as `{val_loss: min}` or `{metric: val_loss, mode: min}`, as a log key."""
    names = [*value.values(), *value] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    texts = [
        one
        for one in names
        if isinstance(one, str) and fold(one) not in ("max", "metric", "min", "mode", "monitor", "name")
    ]
    best = "; every value knows which way is better" if isinstance(value, Mapping) else ""
    return f"write `{key}: {log_key(texts[0])}`{best}" if len(texts) == 1 else ""


SIZES = (
    "count", "drawn", "fraction", "frac", "n", "part", "percentage", "portion", "proportion", "random", "ratio", "rows", "share",
    "size", "split", "testsize", "validationsize", "validationsplit", "valsize",
)  # fmt: skip
"""Words for how many rows validate, without case and separators."""


def as_split(key: str, value: Any, spec: Spec) -> str:
    """How a split that is written as in other frameworks is written here. Empty for all other mappings."""
    from modelc.compiler.language.suggestions.planned_things import planned_thing
    from modelc.compiler.library.sources import SOURCES

    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    ((name, given),) = value.items()
    if (
        fold(name) in SIZES
        and type(given) in (int, float)
        and (given < 1 if isinstance(given, float) else given >= 1)
        and given > 0
    ):
        return f"rows that are drawn are a number alone: write `{key}: {given}`"
    if name in SOURCES or planned_thing("source", name):
        return (
            "validation rows are rows of the one source: put these behind the others, and write `validation: {last: N}`"
        )
    return ""


def log_key(name: str) -> str:
    """The key of the log that Keras calls `val_mae`."""
    from modelc.compiler.library.metrics import METRICS

    part, metric = ("validation", name.removeprefix("val_")) if name.startswith("val_") else ("train", name)
    if "/" in name:
        return name
    right = metric if metric == "loss" or metric in METRICS else next(iter(synonyms(metric, METRICS)), metric)
    return f"{part}/{right}"
