"""Warns of rows that are held out and are read from files of the rows to train on: no score of them says how good the model is."""

import os.path
from collections.abc import Callable, Mapping

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.sources import SOURCES

Matching = Callable[[Path, str], tuple[str, ...]]
"""The files that a path stands for, which is that of the source at a place."""


def as_written(at: Path, path: str) -> tuple[str, ...]:
    """A path as the one file that it stands for, where no folder is looked into."""
    return (path,)


def shared_files(data: DataSpec, matching: Matching = as_written) -> Mapping[str, tuple[str, ...]]:
    """By the keys of rows that are held out and have a source of their own, the files of it that are trained on; where no file is
    named, the name of the source, if it is that of the training rows.
    """
    if data.source is None or not data.own_sources:
        return {}
    trained = files_in(data.source, ("data", "source"), matching)
    found = {}
    for key, source in data.own_sources.items():
        own = files_in(source, ("data", key), matching)
        found[key] = tuple(path for path in own if path in trained)
        if not trained and not own and source == data.source:
            found[key] = (SOURCES.name_of(source),)
    return found


def files_in(source: Source, at: Path, matching: Matching) -> dict[str, None]:
    """The files of the training rows of a source."""
    return dict.fromkeys(os.path.normpath(file) for path in source.training_files() for file in matching(at, path))


def report_shared(reporter: Reporter, shared: Mapping[str, tuple[str, ...]]) -> None:
    """Warn of rows that are held out with files that are trained on."""
    for key, files in shared.items():
        if not files:
            continue
        more = f" and {counted(len(files) - 1, 'file')} more" if len(files) > 1 else ""
        message = f"the {key} rows are trained on too: `source` reads {files[0]!r}{more} as well"
        help = f"name files that `source` does not, or hold rows of it out: `{key}: 0.2`"
        related = [(("data", "source"), "trained on")]
        reporter.add("W922", message, ("data", key), label="the same rows", help=help, related=related)
