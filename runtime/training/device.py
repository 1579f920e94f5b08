"""Configures jax for a command: its compilation cache and its log messages. Must run before jax is imported."""

import logging
import os
from pathlib import Path

from modelc.compiler.syntax.file_root import cache_folder

LEAST_SECONDS = 0.1
"""Programs that compile faster are not worth a file."""


def prepare() -> None:
    """Configure jax, once, before the first computation.

    Compiled programs are cached in `jax` below the cache folder, unless `MODELC_COMPILATION_CACHE` is `off` or the user
    has configured another folder. If the folder cannot be created, programs are compiled each time.
    """
    import jax

    # That a GPU would need another package is no news on a machine that is to run on its CPU.
    logging.getLogger("jax._src.xla_bridge").setLevel(logging.ERROR)
    if os.environ.get("MODELC_COMPILATION_CACHE") == "off" or os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    folder = cache_folder() / "jax"
    if is_writable(folder):
        jax.config.update("jax_compilation_cache_dir", str(folder))  # type: ignore[no-untyped-call]  # untyped in jax
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)  # type: ignore[no-untyped-call]  # untyped in jax


def is_writable(folder: Path) -> bool:
    """Whether files can be created in `folder`, which is created first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
