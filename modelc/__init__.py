"""Declarative neural networks: specs as data, compiled to pure JAX functions.

`load(path or mapping)` reads and proves a spec, `compile(spec)` gives its `init` and `apply`. Loaded when first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelc.compiler.api import compile, load
    from modelc.compiler.diagnostics.exceptions import RunError, SpecError
    from modelc.compiler.diagnostics.problem import Problem
    from modelc.compiler.lowering.compiled import Compiled

__all__ = ["Compiled", "Problem", "RunError", "SpecError", "compile", "load"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from modelc.compiler import api
    from modelc.compiler.diagnostics import exceptions, problem
    from modelc.compiler.lowering import compiled

    return next(getattr(module, name) for module in (api, exceptions, problem, compiled) if hasattr(module, name))


def __dir__() -> list[str]:
    return __all__
