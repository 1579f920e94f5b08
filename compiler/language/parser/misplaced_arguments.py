"""Reports keys inside a thing that belong beside it: `name` among the arguments of a layer, `target` among those of a metric.

One mistake, and one error, however many there are.
"""

from collections.abc import Collection, Iterable, Mapping

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.wording import spell


def report_misplaced(reporter: Reporter, path: Path, kind: str, owner: str, fields: Collection[str]) -> bool:
    """Report the key at `path`, inside the thing called `owner` with the arguments `fields`, with all others there, if it
    belongs beside that; says whether it does.
    """
    *_, name = path
    meant = misplaced(reporter, path, tuple(key for key in BESIDE.get(kind, ()) if key not in fields), tuple(fields))
    if name not in meant:
        return False
    if name != next(iter(meant)):
        return True
    message = f"{name_list([*meant])} {'are not arguments' if len(meant) > 1 else 'is not an argument'} of {owner}"
    label = f"`{name}` belongs beside the {kind}, not inside it"
    related = [((*path[:-1], key), "and so does this") for key in meant if key != name]
    help = moved_out(reporter, path, owner, meant)
    reporter.add("E102", message, path, key=True, label=label, help=help, related=related)
    return True


def misplaced(reporter: Reporter, path: Path, keys: tuple[str, ...], fields: tuple[str, ...]) -> Mapping[str, str]:
    """The keys around `path` that are among those beside a thing, `keys`, or other words for one, each with its name there."""
    owner = path[:-1]
    given = reporter.document.get(owner) if owner in reporter.document.values else None
    if not isinstance(given, Mapping):
        return among([str(path[-1])], keys, fields)
    # One thing may have thousands of keys that are none; what is kept with them keeps the number of it from another.
    kept = lookups().once(("misplaced", id(given), keys, fields), lambda: (given, among(given, keys, fields)))
    return kept[1]


def among(names: Iterable[str], keys: tuple[str, ...], fields: tuple[str, ...]) -> Mapping[str, str]:
    """Those of `names` that are none of the `fields` and stand for one of the `keys`, each with that."""
    others = [name for name in names if name not in fields and spelled(name, fields) is None]
    return {name: right for name in others if (right := spelled(name, keys)) is not None}


def moved_out(reporter: Reporter, path: Path, owner: str, meant: Mapping[str, str]) -> str:
    """How keys are written beside the thing among whose arguments they stand."""
    *around, thing, _ = path
    document, at = reporter.document, path[:-1]
    given = document.get(at) if at in document.values and not reporter.has_hole(at) else None
    arguments = given if isinstance(given, Mapping) else {}
    left = {key: value for key, value in arguments.items() if key not in meant}
    moved = {right: arguments.get(key) for key, right in meant.items()}
    if "name" in moved and around[-2:-1] == ["nodes"]:
        return f"remove it: the node is called `{around[-1]}` by its key"
    if not arguments or document.key(at).line != document.key(path).line:
        renamed = "".join(f", as `{right}`" for key, right in meant.items() if key != right)
        return f"move {name_list([*meant])} out to the same indentation as {owner}{renamed}"
    first = {key: moved.pop(key) for key in ("from",) if key in moved}
    parts = (spell(first)[1:-1], f"{thing}: {spell(left) if left else ''}", spell(moved)[1:-1])
    return f"move {'them' if len(meant) > 1 else 'it'} out: write `{{{', '.join(filter(None, parts))}}}`"
