"""Checks what cannot stand beside validation rows that have a source of their own, or inside it."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.windows import beside_readers
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.memory import Memory

AT: Path = ("data", "validation")


def check_own_rows(reporter: Reporter, source: Source, section: Mapping[str, Any]) -> None:
    """Report what is wrong with `source` as that of the validation rows of the data `section`."""
    if isinstance(source, Memory):
        message = "the rows that a program gives are those to train on: `validation` has none of them"
        ways = ("name a file: `validation: {csv: FILE}`", "or hold some of them out: `validation: 0.2`")
        reporter.add("E108", message, AT, label="none of these", help=ways)
    name = SOURCES.name_of(source)
    inside = (*AT, name, "test")
    if inside in reporter.document.values and not reporter.is_hole(inside):
        message = f"`validation` takes the training rows of `{name}`, and nothing reads the `test` of it"
        written = f"test: {{{name}: {flow(reporter.document.get(inside))}}}"
        help = f"remove it, or let these rows test: `{written}` in `data`"
        reporter.add("E108", message, inside, key=True, label="read by nothing", help=help)
    for _, found in beside_readers(section):
        if found.value is not None and getattr(found.value, "rows", None) is not None:
            message = (
                "`rows` of a reader goes by the rows of `source`, and the validation rows have a source of their own"
            )
            help = "remove `rows`, or hold rows of `source` out: `validation: {last: 100}`"
            at, related = (*found.path, "rows"), [(AT, "a source of its own")]
            reporter.add("E108", message, at, key=True, label="only some rows", help=help, related=related)
