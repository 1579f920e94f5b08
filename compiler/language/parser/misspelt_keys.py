"""Reads what stands under a misspelt key of a section as that of the key that is meant: what is wrong in it is found too."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.levels import form_of
from modelc.compiler.language.parser.walk import read
from modelc.compiler.language.shapes import Keys
from modelc.compiler.language.suggestions.foreign_keys import key_hint
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest


def read_as_meant(reporter: Reporter, shape: Keys, unknown: Mapping[str, Any], path: Path) -> None:
    """Report what is wrong with the values of those `unknown` keys at `path` that are certainly keys of `shape`, none of which
    is there itself. A value that has another form under the right key is answered with that form, and not read.
    """
    there = reporter.keys_at(path)
    for key, value in unknown.items():
        here = (*path, key)
        meant = suggest(key, shape.keys)
        if not meant.is_safe or meant.new in there or here in reporter.document.misplaced or reporter.is_hole(here):
            continue
        if not key_hint(key) and not form_of(reporter, shape, key, value):
            read(reporter, shape.keys[meant.new], value, here, f"`{meant.new}`")
