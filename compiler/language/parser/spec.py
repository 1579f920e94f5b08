"""Document to `Spec`: the top level of the language."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.language.ast import Spec
from modelc.compiler.language.parser.data import read_data
from modelc.compiler.language.parser.layer_items import read_body
from modelc.compiler.language.parser.model import read_model
from modelc.compiler.language.parser.section_checks import unknown_key
from modelc.compiler.language.parser.train import read_train
from modelc.compiler.language.section_keys import TOP as KEYS
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import describe
from modelc.compiler.library.base.plugin_context import enabled
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.document import Document

FORMAT = 1


def parse(document: Document) -> tuple[Spec, tuple[Problem, ...]]:
    """The spec in `document`; parts that cannot be read are holes, each with a problem."""
    reporter = Reporter(document)
    top: Mapping[str, Any] = document.data
    stated = frozenset(top) | {str(hole[0]) for hole in document.holes if hole}
    if not check_format(reporter, top):
        return Spec(document, "", "", None, None, None, stated), tuple(reporter.problems)
    for key, value in top.items():
        if key not in KEYS:
            unknown_key(reporter, (key,), value)
    if "model" not in top and not reporter.is_hole(("model",)) and not set(top) - set(KEYS):
        reporter.add(
            "E104",
            "a spec needs the key `model`",
            (),
            label="`model` is missing",
            help="add `model:` with `inputs` and `layers`",
        )
    spec = Spec(
        document,
        read_text(reporter, top, "name") or "",
        read_text(reporter, top, "description") or "",
        read_model(reporter, top["model"], ("model",)) if "model" in top else None,
        read_data(reporter, top["data"], ("data",)) if "data" in top else None,
        read_train(reporter, top["train"], ("train",)) if "train" in top else None,
        stated,
        enabled(),
    )
    for name, body in top.get("blocks", {}).items():
        # One that nothing uses: the others stand where they are used.
        read_body(reporter, name, body, ("blocks", name))
    return spec, tuple(reporter.problems)


def check_format(reporter: Reporter, top: Mapping[str, Any]) -> bool:
    """Report a missing or unknown version of the language; says whether the rest can be read all the same."""
    if "modelc" not in top:
        if not reporter.is_hole(("modelc",)):
            reporter.add(
                "E007",
                "the version of the language is missing",
                (),
                label="a spec begins with `modelc: 1`",
                help="add `modelc: 1` as the first line",
            )
    elif top["modelc"] != FORMAT or isinstance(top["modelc"], (bool, float)):
        reporter.add(
            "E007",
            f"this version of modelc reads format 1, got {describe(top['modelc'])}",
            ("modelc",),
            label="unknown format",
            help="write `modelc: 1`",
        )
        # `"1"` and `1.0` are slips; another number, or a word, is a language of which nothing is known here.
        return str(top["modelc"]) in (f"{FORMAT}", f"{FORMAT}.0")
    return True


def read_text(reporter: Reporter, top: Mapping[str, Any], key: str) -> str | None:
    """A free text of the top level; a `name` must also do as the name of a folder."""
    value = top.get(key)
    if value is None and key not in top:
        return None
    if not isinstance(value, str):
        reporter.add("E105", f"`{key}` must be a text, got {describe(value)}", (key,), label="expected a text")
        return None
    if key == "name" and (not NAME.fullmatch(value) or len(value) > 100):
        reporter.add(
            "E110",
            "this `name` cannot be the name of a folder of runs",
            (key,),
            label="not a name",
            help="use up to 100 letters, digits, `_` and `-`, and begin with a letter or `_`",
        )
        return None
    return value
