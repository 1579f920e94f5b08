"""Finds what the folder of each kind of layers has: configurations, oracles, and comparisons with Keras or a formula."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from modelc.compiler.library.layers import LAYERS

FOLDER = Path(__file__).parent


def kind_of(layer: str) -> str:
    """The folder that the class of a layer stands in, and so its tests."""
    return LAYERS.find(layer).__module__.split(".")[-2]


def modules(pattern: str) -> Iterator[ModuleType]:
    """The modules of this folder and those of the kinds whose file names match, in order."""
    for path in sorted(FOLDER.rglob(pattern)):
        yield import_module(".".join((__package__ or "", *path.relative_to(FOLDER).with_suffix("").parts)))


def collected(name: str, pattern: str = "configurations.py") -> dict[str, Any]:
    """The entries of the mapping `name` of every module that matches and has it."""
    return {layer: entry for module in modules(pattern) for layer, entry in getattr(module, name, {}).items()}


def compared() -> set[str]:
    """The layers in `COMPARED` of every `test_*against_*.py` that has it."""
    return {layer for module in modules("test_*against_*.py") for layer in getattr(module, "COMPARED", ())}


def oracles() -> dict[str, Any]:
    """The oracle of each layer that has one."""
    return collected("ORACLES", "oracles.py")


def special_values() -> dict[str, Any]:
    """The inputs of those layers that want special ones."""
    return collected("VALUES")


def few(layer: str) -> int:
    """How many uses of a layer to compile: fewer for what is slow to compile."""
    return 3 if any(layer in getattr(module, "SLOW", ()) for module in modules("configurations.py")) else 4
