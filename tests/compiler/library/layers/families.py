"""Finds the modules of the families of layers: their configurations, and their comparisons with an oracle."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent


def modules(pattern: str) -> Iterator[ModuleType]:
    """The modules of this folder whose file names match, in order."""
    for path in sorted(FOLDER.glob(pattern)):
        yield import_module(f"{__package__}.{path.stem}")


def collected(name: str) -> dict[str, Any]:
    """The entries of the mapping `name` of every `configurations_*.py`, each layer in one of them."""
    entries: dict[str, Any] = {}
    for module in modules("configurations_*.py"):
        own = getattr(module, name)
        assert not entries.keys() & own.keys(), f"{module.__name__} repeats {entries.keys() & own.keys()}"
        entries |= own
    return entries


def compared() -> set[str]:
    """The layers in `COMPARED` of every `test_*_against_*.py` that has it."""
    return {layer for module in modules("test_*_against_*.py") for layer in getattr(module, "COMPARED", ())}


def oracles() -> dict[str, Any]:
    """The entries of `ORACLES` of every `oracles_*.py`, each layer in one of them."""
    entries: dict[str, Any] = {}
    for module in modules("oracles_*.py"):
        assert not entries.keys() & module.ORACLES.keys(), f"{module.__name__} repeats a layer"
        entries |= module.ORACLES
    return entries


def special_values() -> dict[str, Any]:
    """The entries of `VALUES` of those `configurations_*.py` that have it."""
    return {
        name: use for module in modules("configurations_*.py") for name, use in getattr(module, "VALUES", {}).items()
    }


def few(layer: str) -> int:
    """How many uses of a layer to compile: the `FEW` of its `configurations_*.py`, fewer for what is slow to compile."""
    for module in modules("configurations_*.py"):
        if layer in module.CONFIGURATIONS:
            return int(getattr(module, "FEW", 5))
    raise KeyError(layer)
