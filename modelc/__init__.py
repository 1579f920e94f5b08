"""Declarative neural networks: specs as data, compiled to pure JAX functions.

`load(path or mapping)` reads and proves a spec, `compile(spec)` gives its `init` and `apply`, `train(spec, data=...)` trains it, and
`open_run(path)` finds what was trained. Loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelc.compiler.api import compile, load
    from modelc.compiler.diagnostics.exceptions import RunError, SpecError
    from modelc.compiler.diagnostics.problem import Problem
    from modelc.compiler.lowering.compiled import Compiled
    from modelc.from_python import TrainedRun, open_run, train

__all__ = ["Compiled", "Problem", "RunError", "SpecError", "TrainedRun", "compile", "load", "open_run", "train"]
MODULES = {
    "Compiled": "compiler.lowering.compiled",
    "Problem": "compiler.diagnostics.problem",
    **dict.fromkeys(("RunError", "SpecError"), "compiler.diagnostics.exceptions"),
    **dict.fromkeys(("compile", "load"), "compiler.api"),
    **dict.fromkeys(("TrainedRun", "open_run", "train"), "from_python"),
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"modelc.{MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
