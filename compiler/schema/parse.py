"""Document to `Spec`: the top level of the language."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.document import Document
from modelc.compiler.errors import Problem
from modelc.compiler.named import NAME
from modelc.compiler.schema import data, model, train
from modelc.compiler.schema.data import read_data
from modelc.compiler.schema.findings import Findings, describe
from modelc.compiler.schema.model import read_model
from modelc.compiler.schema.spec import Spec
from modelc.compiler.schema.train import read_train

FORMAT = 1
KEYS = ("modelc", "name", "description", "model", "data", "train")
LATER = ("extends", "vars", "blocks")
SECTIONS = {"model": model.KEYS, "data": data.KEYS, "train": train.KEYS}


def parse(document: Document) -> tuple[Spec, tuple[Problem, ...]]:
    """The spec in `document`; parts that cannot be read are holes, each with a problem."""
    findings = Findings(document)
    top: Mapping[str, Any] = document.data
    check_format(findings, top)
    for key in top:
        if key in LATER:
            findings.add(
                "E109",
                f"`{key}` comes with a later version of the language",
                (key,),
                key=True,
                label="not in this version",
            )
        elif key not in KEYS:
            home = next((section for section, keys in SECTIONS.items() if key in keys and key not in KEYS), None)
            if home is None:
                findings.unknown((key,), key, "a spec", KEYS)
            else:
                findings.add(
                    "E102",
                    f"`{key}` belongs into `{home}`",
                    (key,),
                    key=True,
                    label="not a key of its own",
                    help=f"indent it below `{home}:`",
                )
    if "model" not in top and not findings.is_hole(("model",)) and not set(top) - set(KEYS) - set(LATER):
        findings.add(
            "E104",
            "a spec needs the key `model`",
            (),
            label="`model` is missing",
            help="add `model:` with `inputs` and `layers`",
        )
    spec = Spec(
        document,
        read_text(findings, top, "name") or "",
        read_text(findings, top, "description") or "",
        read_model(findings, top["model"], ("model",)) if "model" in top else None,
        read_data(findings, top["data"], ("data",)) if "data" in top else None,
        read_train(findings, top["train"], ("train",)) if "train" in top else None,
        frozenset(top) | {str(hole[0]) for hole in document.holes if hole},
    )
    return spec, tuple(findings.problems)


def check_format(findings: Findings, top: Mapping[str, Any]) -> None:
    """Report a missing or unknown version of the language."""
    if "modelc" not in top:
        if not findings.is_hole(("modelc",)):
            findings.add(
                "E007",
                "the version of the language is missing",
                (),
                label="a spec begins with `modelc: 1`",
                help="add `modelc: 1` as the first line",
            )
    elif top["modelc"] != FORMAT or isinstance(top["modelc"], (bool, float)):
        findings.add(
            "E007",
            f"this version of modelc reads format 1, got {describe(top['modelc'])}",
            ("modelc",),
            label="unknown format",
            help="write `modelc: 1`",
        )


def read_text(findings: Findings, top: Mapping[str, Any], key: str) -> str | None:
    """A free text of the top level; a `name` must also do as the name of a folder."""
    value = top.get(key)
    if value is None and key not in top:
        return None
    if not isinstance(value, str):
        findings.add("E105", f"`{key}` must be a text, got {describe(value)}", (key,), label="expected a text")
        return None
    if key == "name" and (not NAME.fullmatch(value) or len(value) > 100):
        findings.add(
            "E110",
            "this `name` cannot be the name of a folder of runs",
            (key,),
            label="not a name",
            help="use up to 100 letters, digits, `_` and `-`, and begin with a letter or `_`",
        )
        return None
    return value
