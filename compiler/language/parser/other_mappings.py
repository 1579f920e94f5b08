"""Mappings that have no key of what they stand for, such as a layer among the inputs: one mistake, and no key is wrong by itself."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.named_item import help_for
from modelc.compiler.language.shapes import Keys
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest


def report_other(reporter: Reporter, shape: Keys, raw: Mapping[str, Any], path: Path, what: str) -> bool:
    """Report the mapping at `path`, called `what`, if it is something else that is known: it lacks the one key that it always
    needs, and none of its own is one of `shape`, or meant for one. Says whether it is.
    """
    if len(shape.needs) != 1 or not shape.needs[0].always:
        return False
    if any(suggest(str(key), shape.keys) for key in raw):
        return False
    if not (help := help_for(reporter, shape.help, raw, path)):
        return False
    (need,) = shape.needs
    wanted = " or ".join(f"`{key}`" for key in need.keys)
    message = f"{what} needs {wanted}, and has {name_list(raw)} instead"
    reporter.add("E104", message, path, key=True, label=f"{wanted} is missing", help=help)
    return True
