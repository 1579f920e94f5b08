"""How a schedule is written for the `scheduler` of others: its kind, and the arguments that it has here."""

from collections.abc import Iterator, Mapping
from typing import Any

from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.schedules import SCHEDULES

TYPE_KEYS = ("type", "class_name", "name", "_target_", "kind", "policy", "schedule", "scheduler", "decay")


def schedule_written(raw: Any, rate: Any, default: str = "cosine") -> tuple[str, dict[str, Any], list[str]]:
    """The kind of the schedule that `raw` is meant as, its arguments, and what is to be said of those that it does not have;
    `rate` is that of the optimizer, and the `default` stands for what names none. What has to be filled in is a word in
    capital letters.
    """
    kind, given = next(schedules_in(raw), (default, None))
    cls, told = SCHEDULES.find(kind), list[str]()
    if given is None and (unknown := unknown_in(raw)):
        told.append(
            f"`{unknown}` is no schedule here: `modelc explain` lists them, and a spec has no function of the step"
        )
    arguments = {cls.primary: given} if type(given) in (int, float) and cls.primary else {}
    for key, value in (cls.from_elsewhere(given) if isinstance(given, Mapping) else {}).items():
        right = spelled(str(key), cls.model_fields)
        if right is not None:
            arguments[right] = value
        elif text := cls.foreign_argument(str(key)):
            told.append(f"for `{key}`: {text.replace('{value}', flow(value))}")
    if "learning_rate" in cls.model_fields:
        arguments = {"learning_rate": rate, **arguments}
    for name, field in cls.model_fields.items():
        if field.is_required() and name not in arguments:
            arguments[name] = name.rpartition("_")[2].upper()
    return kind, arguments, told


def schedules_in(raw: Any) -> Iterator[tuple[str, Any]]:
    """The schedules that a name, a mapping or a list of both is meant as, each with what is given to it."""
    if isinstance(raw, str):
        if kind := kind_of(raw):
            yield kind, None
    elif isinstance(raw, Mapping):
        for key in TYPE_KEYS:
            if isinstance(raw.get(key), str) and (kind := kind_of(raw[key])):
                given = {other: value for other, value in raw.items() if other != key}
                # Keras writes arguments so.
                yield kind, given["config"] if isinstance(given.get("config"), Mapping) else given
        yield from ((kind, given) for key, given in raw.items() if isinstance(key, str) and (kind := kind_of(key)))
    elif isinstance(raw, list):
        for item in raw:
            yield from schedules_in(item)


def unknown_in(raw: Any) -> str:
    """The name of the schedule that is meant by `raw` and is none here; empty where there is no such name."""
    if isinstance(raw, str):
        return "" if kind_of(raw) else raw
    if not isinstance(raw, Mapping) or any(True for _ in schedules_in(raw)):
        return ""
    named = next((raw[key] for key in TYPE_KEYS if isinstance(raw.get(key), str)), "")
    return named or next((key for key, given in raw.items() if len(raw) == 1 and isinstance(given, Mapping)), "")


def kind_of(word: str) -> str:
    """The schedule that `word` certainly is; empty where it is none."""
    found = suggest(word, SCHEDULES)
    return word if word in SCHEDULES else found.new if found.is_synonym or found.is_safe else ""
