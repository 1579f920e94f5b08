"""What registries will have and have not in this version, by kind: its name, what others call it, what to do today.

The names in them are those that specs will have, so that a spec that waits for one need not change again.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from modelc.compiler.library.base.registry import bare, fold


class PlannedThing(NamedTuple):
    """One entry that a registry will have: `what` it does, as a subject; `words` are what others call it; `today` is what
    does the same or a part of it in this version."""

    what: str
    words: tuple[str, ...] = ()
    today: str = ""


PLANNED_THINGS: Mapping[str, Mapping[str, PlannedThing]] = {}
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
