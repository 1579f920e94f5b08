"""The parser of what a grammar describes, with a grammar of its own, and what all of the language owes to it."""

import json
from typing import Any
from unittest.mock import patch

import pytest

from modelc.compiler.api import check
from modelc.compiler.explain.keys import section_page
from modelc.compiler.language import grammar
from modelc.compiler.language.grammar import LANGUAGE
from modelc.compiler.language.json_schema.builder import json_schema
from modelc.compiler.language.parser.walk import read_keys
from modelc.compiler.language.shapes import Either, Exclusion, Items, Keys, Names, Need, Value, boolean, integer, text
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.train_grammar import TRAIN
from modelc.compiler.syntax.document import read

TOY = Keys(
    "a toy",
    {
        "size": integer("", 1, 8, range="from 1 to 8"),
        "count": integer("", 0, nullable=True),
        "open": boolean(""),
        "of": text("", "the name of a part"),
        "kind": Value({"type": "string", "enum": ["car", "train"]}),
        "parts": Names("`parts`", Items(integer("", 1)), each="part", if_empty=("no part", "add a part")),
        "names": Either(items=Items(text("")), value=text(""), help="write `names: [a]`"),
        "inner": Keys("`inner`", {"a": integer("", 0)}, (Need(("a",), "add `a: 1`"),)),
        "wheel": Keys("`wheel`", {"radius": integer("", 0)}, (Need(("radius",), "add `radius: 1`", always=True),)),
    },
    (Need(("size", "count"), "add `size: 1`"), Need(("of",), "add `of: x`", beside="open", owner="an open toy")),
    excluded=(Exclusion("size", "count", "both say how much"),),
)


def parsed(spec: str) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
    """What is left of a toy, and the errors in it."""
    document, problems = read(spec, "toy.yaml")
    assert document is not None and not problems
    reporter = Reporter(document)
    found = read_keys(reporter, TOY, document.data, ())
    return found, [(problem.code, problem.message) for problem in reporter.problems]


def test_what_is_right_is_left_as_it_is() -> None:
    spec = "size: 3\nopen: true\nof: b\nkind: car\nparts: {a: [1, 2]}\nnames: x\ninner: {a: 0}\n"
    data = {"size": 3, "open": True, "of": "b", "kind": "car", "parts": {"a": [1, 2]}, "names": "x", "inner": {"a": 0}}
    assert parsed(spec) == (data, [])


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ("of: a", "E104", "a toy needs `size` or `count`"),
        ("size: 1\nopen: true", "E104", "an open toy needs `of`"),
        ("count: null\nkind: car", "E104", "a toy needs `size` or `count`"),
        ("size: 1\ncount: 2", "E108", "a toy has both `size` and `count`"),
        ("size: 9", "E106", "`size` must be from 1 to 8, got 9"),
        ("count: -1", "E106", "`count` must be at least 0, got -1"),
        ("size: 1\nof: 3", "E105", "`of` must be the name of a part, got the number `3`"),
        ("size: 1\nkind: ship", "E106", "`kind` must be one of `car`, `train`, got the string `ship`"),
        ("size: true", "E105", "`size` must be an integer, got the boolean `true`"),
        ("size: 1\nparts: {}", "E104", "`parts` is empty"),
        ("size: 1\nparts: [a]", "E105", "`parts` must be a mapping, got a list"),
        ("size: 1\nparts: {a: 1}", "E105", "part `a` must be a list, got the number `1`"),
        ("size: 1\nparts: {1a: [1]}", "E110", "`1a` cannot be a name"),
        ("size: 1\nnames: {a: b}", "E105", "`names` must be a string, got a mapping"),
        ("size: 1\ninner: {}", "E104", "`inner` needs `a`"),
        ("size: 1\ninner: {a: 1, b: 2}", "E102", "unknown key `b` in `inner`"),
    ],
)
def test_what_is_wrong_is_reported_once(spec: str, code: str, message: str) -> None:
    assert parsed(spec)[1] == [(code, message)]


def test_what_is_missing_may_be_what_is_unknown() -> None:
    assert parsed("size: 1\ninner: {b: 2}")[1] == [("E102", "unknown key `b` in `inner`")]
    assert parsed("size: 1\nwheel: {radis: 2}")[1] == [("E102", "unknown key `radis` in `wheel`")]


def test_what_is_always_needed_is_missing_beside_an_unknown_key_that_is_not_like_it() -> None:
    assert parsed("size: 1\nwheel: {b: 2}")[1] == [
        ("E102", "unknown key `b` in `wheel`"),
        ("E104", "`wheel` needs `radius`"),
    ]


SPEC = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [dense: 2]}
data: {source: {npz: a.npz}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1, KEY}
"""


def test_a_key_that_the_grammar_has_is_known_to_everyone_who_goes_by_it() -> None:
    assert [error.message for error in check(SPEC.replace("KEY", "patience_of_job: 0"), "spec.yaml").errors] == [
        "unknown key `patience_of_job` in `train`"
    ]
    train = TRAIN._replace(keys={**TRAIN.keys, "patience_of_job": integer("How long to wait.", 1)})
    language = LANGUAGE._replace(keys={**LANGUAGE.keys, "train": train})
    sections = {**grammar.SECTIONS, "train": train}
    with (
        patch("modelc.compiler.language.json_schema.builder.LANGUAGE", language),
        patch("modelc.compiler.language.json_schema.builder.SECTIONS", sections),
        patch("modelc.compiler.explain.keys.SECTIONS", sections),
        patch("modelc.compiler.overrides.path_resolver.LANGUAGE", language),
        patch("modelc.compiler.language.parser.train.TRAIN", train),
    ):
        page = section_page("train")
        assert page is not None and page.keys["patience_of_job"] == "How long to wait."
        assert '"How long to wait."' in json.dumps(json_schema()["properties"]["train"])
        found = check(SPEC.replace(", KEY", ""), "spec.yaml", ["train.patience_of_job=0"])
        assert [error.message for error in found.errors] == ["`patience_of_job` must be at least 1, got 0"]


def test_what_stands_beside_a_misspelt_residual_is_said_to_be() -> None:
    found = check("modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [{residul: [relu], nmae: a}]}\n", "spec.yaml")
    assert [error.message for error in found.errors] == ["unknown layer `residul`", "unknown key `nmae` in `residual`"]


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        ("inputs: {x: {shape: [4]}}", "residual: 3", ["`model` needs `inputs`", "unknown key `residual` in `model`"]),
        ("layers: [dense: 2]", "rows: 3", ["unknown key `rows` in `model`"]),
        (
            "layers: [dense: 2]",
            "nodes: {y: {from: x, relu}}, rows: 3",
            ["a graph needs `outputs`", "unknown key `rows` in `model`"],
        ),
        ("shape: [4]", "rows: 4", ["input `x` needs `shape`", "unknown key `rows` in input `x`"]),
        ("shape: [4]", "shapes: [4]", ["unknown key `shapes` in input `x`"]),
        ("source: {npz: a.npz}", "rows: 4", ["unknown key `rows` in `data`"]),
        ("optimizer: adam", "rows: 4", ["unknown key `rows` in `train`"]),
    ],
)
def test_which_sections_lack_a_key_beside_an_unknown_one(before: str, after: str, errors: list[str]) -> None:
    found = check(SPEC.replace(", KEY", "").replace(before, after), "spec.yaml").errors
    assert sorted(error.message for error in found) == sorted(errors)


def test_an_input_has_no_more_axes_than_arrays() -> None:
    def found(axes: int) -> list[tuple[str, str]]:
        shape = ", ".join(["1"] * axes)
        text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [{shape}]}}}}, layers: [flatten, dense: 1]}}\n"
        return [(problem.code, problem.message) for problem in check(text, "spec.yaml").problems]

    assert found(63) == []
    (problem,) = found(5_000)
    assert problem == ("E106", "`shape` has the wrong number of values: list should have at most 63 items, not 5,000")
