"""Pairs the files of several patterns: those in which the wildcards stand for the same belong to one row."""

from collections.abc import Mapping, Sequence

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.pattern_walk import WILDCARD, Match, Stands, need_matches, parts_of, wildcards

SHOWN = 5
"""As many files are listed."""


def paired(root: Root, patterns: Mapping[str, str]) -> dict[str, list[str]]:
    """The paths of the files of each pattern, by column; those of one row stand at one place, sorted by the first.

    Raises RunError E405 for files that cannot be used, an AbsentFile where none fits a pattern, and E404 for files that
    have no counterpart or several.
    """
    found = {column: need_matches(root, pattern) for column, pattern in patterns.items()}
    with_folders = len({folder_wildcards(pattern) for pattern in patterns.values()}) == 1
    keyed = {column: by_key(column, matches, with_folders) for column, matches in found.items()}
    need_counterparts(keyed, patterns if with_folders else {})
    first = next(iter(keyed.values()))
    return {column: [paths[key] for key in first] for column, paths in keyed.items()}


def folder_wildcards(pattern: str) -> int:
    """How many wildcards the folders of a pattern have."""
    return sum(len(wildcards(part)) for part in parts_of(pattern)[:-1])


def by_key(column: str, matches: Sequence[Match], with_folders: bool) -> dict[Stands, str]:
    """The path of each match by what its wildcards stand for. Raises RunError E404 for two of the same."""
    paths: dict[Stands, str] = {}
    for match in matches:
        key = (*match.folders, *match.name) if with_folders else match.name
        if key in paths:
            raise RunError(
                "E404",
                f"{paths[key]!r} and {match.path!r} would both be the `{column}` of one row",
                helps=("write patterns with the same wildcards, so that folders tell the files apart",),
            )
        paths[key] = match.path
    return paths


def need_counterparts(keyed: Mapping[str, Mapping[Stands, str]], patterns: Mapping[str, str]) -> None:
    """Raise RunError E404 unless all columns have the same keys."""
    alone: list[str] = []
    for column, paths in keyed.items():
        for other in keyed:
            missing = [key for key in paths if key not in keyed[other]] if other != column else []
            alone += [f"{paths[key]!r} has no `{other}`{wanted(patterns.get(other), key)}" for key in missing]
    if alone:
        more = [f"and {counted(len(alone) - SHOWN, 'more file')}"] if len(alone) > SHOWN else []
        raise RunError(
            "E404",
            f"{counted(len(alone), 'file')} {'has' if len(alone) == 1 else 'have'} no counterpart",
            notes=(*alone[:SHOWN], *more),
            helps=("add the files that are missing, or move those that are alone out of the folder",),
        )


def wanted(pattern: str | None, key: Stands) -> str:
    """The path that a counterpart would have: `pattern` with what its wildcards stand for."""
    if pattern is None:
        return ""
    stands = iter(key)
    parts = []
    for part in parts_of(pattern):
        filled = next(stands) if wildcards(part) == ["**"] else WILDCARD.sub(lambda _: next(stands), part)
        parts += [filled] if filled else []
    return f": there is no {'/'.join(parts)!r}"
