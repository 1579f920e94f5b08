"""Lets what jax lowers in one thread share MLIR contexts: making one takes longer than lowering a small function to it."""

import threading
from importlib import import_module
from typing import Any

import pytest

USES = 200
"""How many modules one context is for. It keeps all constants and types that were ever in one."""


def share_contexts(patched: pytest.MonkeyPatch) -> None:
    """Share contexts from here on. No setting of jax does that; one without this function makes them as before."""
    mlir: Any = import_module("jax._src.interpreters.mlir")
    made = getattr(mlir, "make_ir_context", None)
    if made is None:
        return
    own = threading.local()

    def make_ir_context() -> Any:
        own.uses = getattr(own, "uses", 0) + 1
        if own.uses % USES == 1:
            own.context = made()
        return own.context

    patched.setattr(mlir, "make_ir_context", make_ir_context)
