"""Reports keys in the wrong section, and unknown top-level keys."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.grammar import LANGUAGE, SECTIONS
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.optimizers import OPTIMIZERS


def unknown_key(reporter: Reporter, path: Path, value: Any) -> None:
    """Report the key at `path`, of a section or of the top level, that does not exist there."""
    *sections, key = map(str, path)
    section = sections[0] if sections else ""
    shape = SECTIONS[section] if section else LANGUAGE
    allowed, owner = shape.keys, shape.what
    others = {home: other.keys for home, other in SECTIONS.items() if home != section}
    homes = {home: found for home, keys in others.items() if (found := spelled(key, keys))}
    written = "" if section == "model" else as_argument(reporter, key, value)
    if not homes and not written and not suggest(key, allowed):
        homes = {home: found for home, keys in others.items() if (found := suggest(key, keys).new)}
    if spelled(key, allowed) is None and homes:
        names = " or ".join(f"`{home}`" for home in homes)
        home, right = next(iter(homes.items()))
        moved = f"{'move' if section else 'indent'} it below `{home}:`"
        reporter.add(
            "E102",
            f"`{key}` belongs in {names}" + (f", where its name is `{right}`" if right != key else ""),
            path,
            key=True,
            label=f"not a key of {owner}" if section else "not a top-level key",
            help=moved if right == key else f"{moved}, as `{right}: {flow(value)}`",
        )
    elif spelled(key, allowed) is None and written:
        reporter.add(
            "E102",
            f"`{key}` is an argument of the optimizer",
            path,
            key=True,
            label=f"not a key of {owner}",
            help=f"write it inside: `optimizer: {{{written}}}`",
        )
    else:
        reporter.unknown(path, key, owner, allowed)


def as_argument(reporter: Reporter, key: str, value: Any) -> str:
    """`key` as an argument of the optimizer of the spec, or of the first one that has it; empty where none has."""
    train = reporter.document.data.get("train")
    named = train.get("optimizer") if isinstance(train, Mapping) else None
    chosen = next(iter(named), None) if isinstance(named, Mapping) else named
    # An optimizer is most often adam, where the text does not say.
    for name in [chosen] if isinstance(chosen, str) and chosen in OPTIMIZERS else ["adam", *OPTIMIZERS]:
        argument = spelled(key, OPTIMIZERS.find(name).model_fields)
        if argument:
            return f"{name}: {{{argument}: {flow(value)}}}"
    return ""
