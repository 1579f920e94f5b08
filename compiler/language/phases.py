"""A phase of a training as a value: what it says, and where."""

from typing import NamedTuple

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.settings import Settings
from modelc.compiler.library.contracts.optimizer import Optimizer


class PhaseSpec(NamedTuple):
    """One phase of a training. `optimizer` is that of `train`, with what the phase says otherwise; `own` has the keys that stand in
    the phase.
    """

    name: str
    optimizer: Optimizer | None
    settings: Settings
    own: frozenset[str]
    path: Path
    from_best: bool = False

    def at(self, key: str) -> Path:
        """Where what the phase does by a key is written: in it, or beside all phases."""
        return (*(self.path if key in self.own else self.path[:-2]), key)
