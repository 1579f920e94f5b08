"""Entries of jax's compilation cache that are not whole: what a process that was killed, or a full disk, left of one.

jax compiles again what it cannot read, and warns of it, but keeps the entry: every later start would do the same.
"""

import re
from glob import escape

from modelc.compiler.syntax.file_root import cache_folder

FOLDER = "jax"
"""The folder of the cache, below that of modelc."""
COMPLAINT = re.compile(r"Error (reading|writing) persistent compilation cache entry for '([^'/]+)'")


def is_mended(warning: str) -> bool:
    """Whether a warning of jax is about entries that could not be read, so that it says nothing to the user.

    They are removed, as is what was written of one in vain. Those in a folder that the user chose stay: they may be of other
    programs.
    """
    import jax

    folder = cache_folder() / FOLDER
    found = COMPLAINT.match(warning)
    if found is None or jax.config.jax_compilation_cache_dir != str(folder):  # type: ignore[attr-defined]  # untyped in jax
        return False
    what, name = found.groups()
    for entry in folder.glob(f"{escape(name)}-*-cache"):
        try:
            entry.unlink()
        except OSError:
            return False
    return what == "reading"
