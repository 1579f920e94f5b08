"""Durations as people write them: `10 min`, `30 s`, `1.5 h`."""

import re
from collections.abc import Mapping
from typing import TypeGuard

UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
PLURALS = {"weeks": 604800.0, "days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
"""The units of Python's `timedelta` that a training can take."""
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d\d):(\d\d)")
DURATION = rf"^(?=.*[1-9])[0-9]+(\.[0-9]+)?\s*({'|'.join(UNITS)})s?$"
"""What a duration is, as a regular expression that Python and JavaScript read alike: a number above 0 and a unit."""


def number_and_unit(text: str) -> tuple[float, str]:
    """The number and the unit, in lower case and the singular, of a text such as `10 steps`; 0 and nothing for other texts."""
    match = QUANTITY.fullmatch(text.strip().lower())
    return (float(match[1]), match[2].removesuffix("s") or "s") if match else (0.0, "")


def seconds_of(text: str) -> float | None:
    """The seconds that a text such as `10 min` stands for; None for all else, and for none."""
    number, unit = number_and_unit(text)
    return number * UNITS[unit] if unit in UNITS and number > 0 else None


def duration_of(seconds: float) -> str:
    """How a duration is written, in the greatest unit in which it is an integer."""
    unit = next((unit for unit in ("h", "min") if seconds % UNITS[unit] == 0), "s")
    return f"{seconds / UNITS[unit]:.12g} {unit}"


def is_amount(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def as_duration(value: object, unit: float = 1.0) -> str:
    """How a duration is written that is given as a number of seconds, or of a `unit` of so many, as numbers by their units
    (`{hours: 1, minutes: 30}`), by the clock (`00:01:30:00`) or in another case; empty for all else.
    """
    if is_amount(value):
        return duration_of(value * unit)
    if isinstance(value, Mapping):
        known = all(str(key) in PLURALS and is_amount(one) for key, one in value.items())
        return duration_of(sum(PLURALS[key] * one for key, one in value.items())) if value and known else ""
    if not isinstance(value, str):
        return ""
    if (seconds := seconds_of(value)) is not None:
        return duration_of(seconds)
    match = CLOCK.fullmatch(value.strip())
    if match is None:
        return ""
    days, hours, minutes, whole = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + whole
    return duration_of(total) if total else ""
