"""Parses a document to a `Spec`: the top level of the language."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.language.ast import Spec
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.language.parser.data import read_data
from modelc.compiler.language.parser.layer_items import read_body
from modelc.compiler.language.parser.model import read_model
from modelc.compiler.language.parser.train import read_train
from modelc.compiler.language.parser.walk import Reader, read, read_keys
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import describe
from modelc.compiler.library.base.plugin_context import enabled
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.document import Document

FORMAT = 1


def parse(document: Document) -> tuple[Spec, tuple[Problem, ...]]:
    """The spec in `document`; parts that cannot be read are holes, each with a problem."""
    reporter = Reporter(document)
    for hole in document.holes:
        if hole[:1] == ("blocks",) and len(hole) == 2 and hole[1] in LANGUAGE.keys:
            # A key that stands among the blocks, which is reported, does not lack at the top.
            reporter.unread.add(hole[1:])
    top: Mapping[str, Any] = document.data
    stated = frozenset(top) | {str(hole[0]) for hole in document.holes if hole}
    if not check_format(reporter, top):
        return Spec(document, "", "", None, None, None, stated), reporter.found(document.name)
    readers: dict[str, Reader] = dict.fromkeys(("modelc", "extends", "vars", "blocks"), as_it_is)
    readers |= {"name": read_name, "model": in_its_room(read_model), "data": in_its_room(read_data)}
    readers["train"] = in_its_room(read_train)
    found = read_keys(reporter, LANGUAGE, top, (), readers=readers) or {}
    name, description = (found.get(key) or "" for key in ("name", "description"))
    model, data, train = (found.get(key) for key in ("model", "data", "train"))
    if document.misplaced:
        from modelc.compiler.language.parser.misplaced_keys import is_partial

        model, data, train = (
            None if is_partial(document, home) else section
            for home, section in (("model", model), ("data", data), ("train", train))
        )
    spec = Spec(document, name, description, model, data, train, stated, enabled())
    reporter.make_room()
    for name, body in top.get("blocks", {}).items():
        # One that nothing uses: the others stand where they are used.
        read_body(reporter, name, body, ("blocks", name))
    return spec, reporter.found(document.name)


def in_its_room(read: Reader) -> Reader:
    """Reads a section, with as much room for its problems as if it were alone."""

    def section(reporter: Reporter, raw: Any, path: Path) -> Any:
        reporter.make_room()
        return read(reporter, raw, path)

    return section


def as_it_is(reporter: Reporter, raw: Any, path: Path) -> Any:
    """What has been read before, by `check_format` or when variables and blocks were written out."""
    return raw


def check_format(reporter: Reporter, top: Mapping[str, Any]) -> bool:
    """Report a missing or unknown version of the language; says whether the rest can be read all the same."""
    if "modelc" not in top:
        if not reporter.is_hole(("modelc",)):
            message, label = "the language version is missing", "a spec begins with `modelc: 1`"
            reporter.add("E007", message, (), label=label, help="add `modelc: 1` as the first line")
            reporter.unread.add(("modelc",))
    elif top["modelc"] != FORMAT or isinstance(top["modelc"], (bool, float)):
        message = f"this version of modelc reads format 1, got {describe(top['modelc'])}"
        reporter.add("E007", message, ("modelc",), label="unknown format", help="write `modelc: 1`")
        # `"1"` and `1.0` are typos; another number, or a word, is an unknown language.
        return str(top["modelc"]) in (f"{FORMAT}", f"{FORMAT}.0")
    return True


def read_name(reporter: Reporter, raw: Any, path: Path) -> str | None:
    """The name of the model, which must also do as the name of a folder."""
    value: str | None = read(reporter, LANGUAGE.keys["name"], raw, path)
    if value is None or (NAME.fullmatch(value) and len(value) <= 100):
        return value
    message = "this `name` is not allowed, because it is the name of a folder of runs"
    help = "use up to 100 letters, digits, `_` and `-`, and begin with a letter or `_`"
    reporter.add("E110", message, path, label="not a name", help=help)
    return None
