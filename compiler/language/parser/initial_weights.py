"""Parses `train.initial_weights`."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.initial_weights import Take, WeightsFrom
from modelc.compiler.language.initial_weights_grammar import INITIAL_WEIGHTS
from modelc.compiler.language.parser.walk import read
from modelc.compiler.language.suggestions.reporter import Reporter


def read_initial_weights(reporter: Reporter, raw: Any, path: Path) -> tuple[WeightsFrom, ...]:
    """Where weights are taken from, as far as it could be read."""
    found = read(reporter, INITIAL_WEIGHTS, raw, path)
    several = enumerate(found) if isinstance(found, list) else ((None, found),)
    places = [(one, path if index is None else (*path, index)) for index, one in several]
    return tuple(
        WeightsFrom(
            one.get("run"), one.get("file"), takes_of(one.get("take"), (*at, "take")), at, one.get("layout") or "modelc"
        )
        for one, at in places
        if isinstance(one, Mapping) and not reporter.has_hole(at) and not one.get("run") is one.get("file") is None
    )


def takes_of(found: list[Any] | None, path: Path) -> tuple[Take, ...] | None:
    """What is to be taken; None for all that both have."""
    if found is None:
        return None
    pairs = [(one.get("from", ""), one.get("to")) if isinstance(one, Mapping) else (one, None) for one in found]
    return tuple(Take(pattern, to, (*path, index)) for index, (pattern, to) in enumerate(pairs))
