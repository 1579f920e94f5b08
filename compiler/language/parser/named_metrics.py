"""Reports metrics that are named by a key, `metrics: {pr_auc: {auc: {curve: PR}}}`, where outputs stand."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.levels import names_of_model
from modelc.compiler.language.shapes import Items, Names, Thing
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import named_beside
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in, output_name


def report_named(reporter: Reporter, shape: Names, raw: Mapping[str, Any], path: Path) -> bool:
    """Report a mapping from outputs to lists of things that may have a `name`, in which all keys are such names; says
    whether it is one.
    """
    thing = shape.of.of if isinstance(shape.of, Items) else None
    if not isinstance(thing, Thing) or "name" not in thing.siblings or reporter.has_hole(path):
        return False
    written = {name: named_beside(name, value, thing.table) for name, value in raw.items()}
    spec = reporter.document.data
    outputs = {*names_of_model(spec), output_name(spec), *mapping_in(mapping_in(spec, "train"), "losses")}
    outputs |= {*mapping_in(mapping_in(spec, "data"), "targets")}
    if not all(written.values()) or outputs & raw.keys():
        return False
    kind = thing.table.kind
    message = f"`{path[-1]}` maps outputs to lists, and {name_list([*raw])} {'is' if len(raw) == 1 else 'are'} none"
    help = f"the name of a {kind} stands beside it: write `{path[-1]}: [{', '.join(written.values())}]`"
    reporter.add("E105", message, path, key=True, label="expected outputs", help=help)
    reporter.unread.add(path)
    return True
