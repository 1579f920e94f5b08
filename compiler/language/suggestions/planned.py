"""What is planned and not in this version: its name and place, what others call it, and what does a part of it today.

A key that is reserved in its section is one of these; so the grammar takes them from here.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from modelc.compiler.library.base.registry import fold

LAYER, OPTIMIZER = "layer", "optimizer"
"""What a word is about, where it is the argument of one or stands beside it."""


class Planned(NamedTuple):
    """One thing that is planned: a key of the section `home`. `what` it is, in words, as a subject.

    `words` are what others call it. They are meant so as keys of the top level and of sections, and for what they are
    `about`. `today` is what does a part of it in this version.
    """

    home: str
    what: str
    words: tuple[str, ...]
    about: tuple[str, ...] = ()
    today: str = ""


PLANNED: Mapping[str, Planned] = {
    "time": Planned(
        "train", "ending a training by the clock", ("max_duration", "max_time", "time_limit"), (),
        "`epochs` or `steps` bounds it",
    ),
}  # fmt: skip
"""All that is planned and looked for, by the name that it is to have."""


def reserved(section: str) -> tuple[str, ...]:
    """The keys that are reserved in a section."""
    return tuple(name for name, plan in PLANNED.items() if plan.home == section)


@cache
def names_by_word() -> Mapping[str, str]:
    """The name of what is planned by each word for it, without case and separators."""
    return {fold(word): name for name, plan in PLANNED.items() for word in (name, *plan.words)}


def planned(word: str) -> str:
    """The name of what is planned that `word` is, or is another word for; empty if there is none."""
    return names_by_word().get(fold(word.rpartition(".")[2]), "")


def planned_at(word: str, path: Sequence[str | int]) -> str:
    """The same for a key at `path`, where it may mean something else: empty unless it is about what is planned there."""
    name = planned(word)
    if not name or len(path) == 1 or (len(path) == 2 and path[0] in ("model", "train")):
        return name
    if path[0] == "data":
        return name if len(path) == 2 and PLANNED[name].home == "data" else ""
    about = LAYER if path[0] in ("model", "blocks") else OPTIMIZER if "optimizer" in path[:2] else ""
    return name if about in PLANNED[name].about else ""


def is_planned(kind: str, word: str) -> bool:
    """Whether `word`, as an argument of something of a kind such as `optimizer`, stands for what is planned."""
    name = planned(word)
    return bool(name) and kind in PLANNED[name].about


def planned_text(name: str) -> str:
    """What is planned under `name`, as a sentence without a full stop: `clipping gradients is planned as `train.clip_gradients``."""
    plan = PLANNED[name]
    return f"{plan.what} is planned as `{plan.home}.{name}`"


def today_help(name: str) -> str:
    """What to do in this version about what is planned under `name`."""
    today = PLANNED[name].today
    return "remove it: this version cannot do that" + (f", but {today}" if today else "")
