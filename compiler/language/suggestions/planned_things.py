"""What registries will have and have not in this version, by kind: its name, what others call it, what to do today.

The names in them are those that specs will have, so that a spec that waits for one need not change again.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from keyword import iskeyword
from typing import Any, NamedTuple

from modelc.compiler.language.suggestions.wrong_kinds import mapping_in
from modelc.compiler.library.base.registry import bare, fold
from modelc.compiler.library.contracts.data_source import SAVED


class PlannedThing(NamedTuple):
    """One entry that a registry will have: `what` it does, as a subject; `words` are what others call it; `today` is what
    does the same or a part of it in this version."""

    what: str
    words: tuple[str, ...] = ()
    today: str = ""


IN_NPZ = (
    f'convert it once, in Python: `numpy.savez_compressed("data.npz", {SAVED})`, then write `source: {{npz: data.npz}}`'
)
ONE_COLUMN = "`array` reads one column: save the columns side by side as one array [rows, values]"
IDS = "`category` reads ids; as the first layer, `one_hot: N` encodes them"
TOKENS = "`category` reads a column of tokens [rows, time]: split and pad the texts outside, to one length"
DECODED = "decode the files outside and save one array [rows, height, width, channels], which `array` reads"
LEARNT = "`constant` keeps the rate; `cosine` lowers it, after a warm-up where it has `warmup_steps`"
CHOICE = "it is another rule than any of this version; `adam` and `adamw` are those most used"

PLANNED_THINGS: Mapping[str, Mapping[str, PlannedThing]] = {
    "source": {
        "parquet": PlannedThing("reading Parquet files", (), IN_NPZ),
        "jsonl": PlannedThing("reading files of JSON lines", ("json", "json_lines", "ndjson"), IN_NPZ),
    },
    "reader": {
        "category_columns": PlannedThing("reading several columns of categories as one input", (), ONE_COLUMN),
        "multi_label": PlannedThing(
            "reading sets of labels", ("multi_hot", "multilabel"), "`array` reads a column of 0 and 1 [rows, labels]"
        ),
        "one_hot": PlannedThing("reading categories as vectors", ("onehot",), IDS),
        "text": PlannedThing("reading texts", ("tokens", "texts", "tokenizer"), TOKENS),
        "image": PlannedThing("reading image files", ("images",), DECODED),
        "label_image": PlannedThing("reading image files of labels", ("segmentation_mask",), DECODED),
        "date": PlannedThing(
            "reading dates", ("datetime", "timestamp"), "save its parts as numbers, which `array` reads"
        ),
        "audio": PlannedThing(
            "reading audio files", ("wav",), "save the samples as one array [rows, time], which `array` reads"
        ),
    },
    "schedule": {
        "linear": PlannedThing(
            "lowering the learning rate along a line", ("linear_decay", "LinearLR", "linear_schedule"), LEARNT
        ),
        "exponential": PlannedThing(
            "lowering the learning rate by a factor",
            ("exponential_decay", "ExponentialLR", "step", "StepLR", "step_decay", "staircase"),
            LEARNT,
        ),
        "polynomial": PlannedThing(
            "lowering the learning rate by a power", ("polynomial_decay", "PolynomialLR", "poly"), LEARNT
        ),
        "piecewise": PlannedThing(
            "learning rates for parts of the training",
            ("MultiStepLR", "multi_step", "multistep", "piecewise_constant", "piecewise_constant_decay"),
            LEARNT,
        ),
        "one_cycle": PlannedThing("the one-cycle schedule", ("OneCycleLR",), LEARNT),
        "inverse_sqrt": PlannedThing(
            "lowering the learning rate with the root of the step", ("inverse_time_decay", "noam", "rsqrt"), LEARNT
        ),
        "cosine_restarts": PlannedThing(
            "a cosine that begins again",
            ("CosineAnnealingWarmRestarts", "cosine_decay_restarts", "sgdr", "warm_restarts"),
            LEARNT,
        ),
        "reduce_on_plateau": PlannedThing(
            "lowering the learning rate when the monitor stops improving",
            ("plateau", "ReduceLROnPlateau", "reduce_lr_on_plateau"),
            LEARNT,
        ),
    },
    "optimizer": {
        name: PlannedThing(f"the optimizer {title}", words, CHOICE)
        for name, title, words in (
            ("adadelta", "Adadelta", ()),
            ("adafactor", "Adafactor", ()),
            ("adagrad", "Adagrad", ()),
            ("adamax", "Adamax", ()),
            ("amsgrad", "AMSGrad", ()),
            ("lamb", "LAMB", ()),
            ("lars", "LARS", ()),
            ("lion", "Lion", ()),
            ("muon", "Muon", ()),
            ("nadam", "NAdam", ("nadamw",)),
            ("radam", "RAdam", ("rectified_adam",)),
            ("schedule_free", "Schedule-Free", ("adamw_schedule_free", "schedule_free_adamw")),
        )
    },
}
"""All that is planned of each registry and looked for, by the name that it is to have."""


@cache
def names_by_word(kind: str) -> Mapping[str, str]:
    """The name of what is planned by each word for it, without case and separators."""
    return {fold(word): name for name, thing in PLANNED_THINGS.get(kind, {}).items() for word in (name, *thing.words)}


def planned_thing(kind: str, word: str) -> str:
    """The name that `word`, as that of a thing of a kind, will have; empty if nothing is planned under it."""
    return names_by_word(kind).get(fold(bare(word)), "")


def planned_thing_text(kind: str, name: str) -> str:
    """What is planned, as a sentence without a full stop: `reading CSV files is planned as the source `csv``."""
    return f"{PLANNED_THINGS[kind][name].what} is planned as the {kind} `{name}`"


def planned_thing_of_any_kind(word: str) -> str:
    """What is planned under `word`, in the same words and with what to do today; empty if nothing is."""
    for kind, things in PLANNED_THINGS.items():
        if name := planned_thing(kind, word):
            return f"{planned_thing_text(kind, name)}; {things[name].today}"
    return ""


def with_columns_of(spec: Any, text: str) -> str:
    """`text` about a file to be written, with the columns that the spec reads from it."""
    return with_columns(columns_of(spec), text) if SAVED in text else text


def with_columns(names: Iterable[str], text: str) -> str:
    """`text` about a file to be written, with the columns called `names`, if there are any."""
    found = tuple(names)
    plain = [f"{name}={name}" for name in found if name.isidentifier() and not iskeyword(name)]
    others = [f'"{name}": {re.sub("[^a-zA-Z0-9_]", "_", name)}' for name in found if f"{name}={name}" not in plain]
    arguments = [*plain, *([f"**{{{', '.join(others)}}}"] if others else ())]
    return text.replace(SAVED, ", ".join(arguments)) if arguments else text


def columns_of(spec: Any) -> tuple[str, ...]:
    """The columns that the inputs and targets of a spec name, and for an input without a reader that of its own name."""
    model, data = (mapping_in(spec, key) for key in ("model", "data"))
    named = [name for name, value in mapping_in(model, "inputs").items() if isinstance(value, Mapping)]
    readers = {**dict.fromkeys(named), **mapping_in(data, "inputs"), **mapping_in(data, "targets")}
    if "sample_weight" in data:
        readers["sample_weight"] = data["sample_weight"]
    found = [column_of(name, reader) for name, reader in readers.items()]
    return tuple(dict.fromkeys(column for column in found if column))


def column_of(name: str, reader: Any) -> str:
    """The column that a `reader` of the input or target `name` reads; empty for one that reads none."""
    ((kind, given),) = reader.items() if isinstance(reader, Mapping) and len(reader) == 1 else (("", reader),)
    if kind == "same_as":
        return ""
    column = given.get("column") if isinstance(given, Mapping) else given
    return column if isinstance(column, str) and column else name
