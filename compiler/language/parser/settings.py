"""The settings that a `train` section, or a phase, says: from what is read of it to values."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.durations import seconds_of
from modelc.compiler.language.settings import Blocks, Clipping, EarlyStopping, GroupSpec, Settings
from modelc.compiler.language.shapes import Value
from modelc.compiler.language.train_grammar import TRAIN

FACTOR, DECAY = "learning_rate_factor", "weight_decay"
PLAIN = tuple(key for key, shape in TRAIN.keys.items() if isinstance(shape, Value) and key != "time")
"""The keys that are plain values, each a field of the settings as it stands there."""


def settings_of(section: Mapping[str, Any], base: Settings) -> Settings:
    """`base` with what a section says otherwise."""
    settings = base._replace(**{key: section[key] for key in PLAIN if section.get(key) is not None})
    if (time := section.get("time")) is not None:
        settings = settings._replace(time=seconds_of(time))
    if (shuffle := section.get("shuffle")) is not None:
        settings = settings._replace(shuffle=shuffle_of(shuffle))
    if (frozen := section.get("freeze")) is not None:
        settings = settings._replace(freeze=tuple(pattern or "" for pattern in frozen))
    if (groups := section.get("param_groups")) is not None:
        settings = settings._replace(param_groups=groups_of(groups))
    if "early_stopping" in section:
        settings = settings._replace(early_stopping=stopping_of(section["early_stopping"]))
    return with_update(settings, section)


def shuffle_of(found: bool | Mapping[str, int | None]) -> bool | Blocks:
    """The order that `shuffle` asks for; where its blocks could not be read, that of all rows."""
    blocks = found.get("blocks") if isinstance(found, Mapping) else None
    return found if isinstance(found, bool) else Blocks(blocks) if blocks is not None else True


def with_update(settings: Settings, section: Mapping[str, Any]) -> Settings:
    """The settings with what is done to gradients and weights beside the optimizer; what could not be read is not done."""
    if "clip_gradients" in section:
        clip = section["clip_gradients"] or {}
        clipping = next((Clipping(of, float(most)) for of, most in clip.items() if most is not None), None)
        settings = settings._replace(clip_gradients=clipping)
    if (again := section.get("gradient_checkpointing")) is not None:
        checkpointing = tuple(pattern for pattern in again if pattern) if isinstance(again, list) else bool(again)
        settings = settings._replace(gradient_checkpointing=checkpointing)
    ema = (section.get("weight_averaging") or {}).get("ema")
    return settings if ema is None else settings._replace(weight_averaging=float(ema))


def groups_of(found: list[dict[str, Any] | None]) -> tuple[GroupSpec, ...]:
    """The groups of weights that could be read."""
    return tuple(
        GroupSpec(tuple(pattern or "" for pattern in one["paths"]), index, one.get(FACTOR), one.get(DECAY))
        for index, one in enumerate(found)
        if one is not None and one.get("paths") is not None
    )


def stopping_of(found: int | Mapping[str, Any] | None) -> EarlyStopping | None:
    """What `early_stopping` asks for; None where its patience could not be read."""
    given = {"patience": found} if isinstance(found, int) else {**(found or {})}
    known = {key: value for key, value in given.items() if value is not None}
    return EarlyStopping(**known) if "patience" in known else None
