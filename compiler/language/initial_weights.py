"""`train.initial_weights` as values: where weights are taken from before the first step, which of them, and the arrays once they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.problem import Path

LAYOUTS = ("modelc", "torch")
"""Whose names and axes the arrays of a file have."""


class Take(NamedTuple):
    """Weights that are all to be taken: those that `pattern` stands for where they come from, which are below the path `to` here
    what they are below `pattern` there. `to` is None where they have the same paths in both.
    """

    pattern: str
    to: str | None
    path: Path


class WeightsFrom(NamedTuple):
    """Where weights are taken from, a `run` or a `file`, one of which is None. Without `take`, all are taken that both have."""

    run: str | None
    file: str | None
    take: tuple[Take, ...] | None
    path: Path
    layout: str = "modelc"

    @property
    def at(self) -> Path:
        """Where the spec names the run or file."""
        return (*self.path, "file" if self.run is None else "run")

    @property
    def named(self) -> str:
        """The path as the spec has it."""
        return self.run or self.file or ""


@dataclass(frozen=True, slots=True, eq=False)
class InitialWeights:
    """Weights and state that a training begins with in place of those that are drawn, by path and name; `report` is plain data that
    says where each is from, and what else there is on both sides.
    """

    params: Mapping[str, Mapping[str, Any]]
    state: Mapping[str, Mapping[str, Any]]
    report: Mapping[str, Any]
