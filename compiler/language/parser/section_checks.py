"""What is said of a key that stands in no section, or in the wrong one, and of keys that exclude each other."""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.section_keys import SECTIONS, TOP
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.optimizers import OPTIMIZERS


def check_keys(reporter: Reporter, section: Mapping[str, Any], path: Path, later: Collection[str] = ()) -> bool:
    """Report keys of the section at `path` that it does not have, or has only in `later` versions.

    Says whether all that the text means to say is in `section`.
    """
    allowed = SECTIONS[str(path[0])]
    for key, value in section.items():
        if key in later:
            reporter.add(
                "E109", f"`{key}` comes with a later version", (*path, key), key=True, label="not in this version"
            )
        elif key not in allowed:
            unknown_key(reporter, (*path, key), value)
    unread = reporter.lacks(path)
    return not unread and all(key in allowed or key in later for key in section)


def exclude(reporter: Reporter, section: Mapping[str, Any], path: Path, first: str, second: str, note: str) -> bool:
    """Report two keys that cannot stand together; says whether both are there."""
    both = first in section and second in section
    if both:
        reporter.add(
            "E108",
            f"`{path[-1]}` has both `{first}` and `{second}`",
            (*path, second),
            key=True,
            label="keep one",
            note=note,
            related=[((*path, first), f"`{first}`")],
        )
    return both


def unknown_key(reporter: Reporter, path: Path, value: Any) -> None:
    """Report the key at `path`, of a section or of the top level, that does not exist there."""
    *sections, key = map(str, path)
    section = sections[0] if sections else ""
    allowed = SECTIONS[section] if section else TOP
    owner = f"`{section}`" if section else "a spec"
    others = {home: keys for home, keys in SECTIONS.items() if home != section}
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
            f"`{key}` belongs into {names}" + (f", where it is called `{right}`" if right != key else ""),
            path,
            key=True,
            label=f"not a key of {owner}" if section else "not a key of its own",
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
