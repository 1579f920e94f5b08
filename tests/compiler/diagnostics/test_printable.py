"""What makes names from outside safe to print: nothing acts on a terminal or a log, and nothing harmless changes."""

import json

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from modelc.compiler.diagnostics.exceptions import SpecError
from modelc.compiler.diagnostics.problem import Label, Place, Problem
from modelc.compiler.diagnostics.render import FORMATS, Report
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.compiler.diagnostics.render.printable import inert, printable, printable_document
from modelc.compiler.expansion.yaml_writer import scalar_text
from modelc.compiler.explain.diagram import escaped, quoted
from tests.hostile_names import FILE, NAME, dangers

ANY = st.text(
    st.one_of(st.sampled_from("#:[] \t\n\r\x1bvso\x7f\x85\u2028\u202e\ufe0f\ud800\U000e0041"), st.characters())
)


@given(ANY)
@example(FILE)
@example(NAME)
def test_a_line_of_any_text_acts_on_nothing(text: str) -> None:
    shown = inert(printable(text))
    assert dangers(shown) == [] and "\n" not in shown
    assert inert(printable(shown)) == shown


@given(ANY)
@example(FILE)
@example(NAME)
def test_json_of_any_text_acts_on_nothing_and_decodes_to_it(text: str) -> None:
    shown = json_text({text: [text, {"x": text}]})
    assert dangers(shown) == [] and shown.isascii()
    assert json.loads(shown) == {text: [text, {"x": text}]}
    line = json_text({"x": text}, indent=None, separators=(",", ":"))
    assert "\n" not in line and json.loads(line) == {"x": text}


def test_json_has_null_for_what_is_no_number_in_it() -> None:
    values = {"a": float("nan"), "b": [float("inf"), 1.5], "c": (-float("inf"), True)}
    assert json.loads(json_text(values)) == {"a": None, "b": [None, 1.5], "c": [None, True]}


@given(ANY)
@example(NAME)
def test_yaml_and_graphs_of_any_text_act_on_nothing(text: str) -> None:
    for shown in (scalar_text(text), quoted(text), escaped(text)):
        assert dangers(shown) == [] and "\n" not in shown


@given(st.text(st.characters(codec="utf-8")))
@example(NAME)
def test_yaml_reads_any_text_again(text: str) -> None:
    assert yaml.safe_load(scalar_text(text)) == text


@given(ANY)
def test_a_document_keeps_its_lines(text: str) -> None:
    shown = printable_document(text)
    assert shown.count("\n") == text.count("\n")
    assert all(char == "\n" or char.isprintable() or char.isspace() for char in shown)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "größe",
        "日本語",
        "слой",
        "a::b",
        "x ::error::",
        "# heading",
        "## heading",
        "a ## [b]",
        "C# [x]",
        "a: #b[0]",
        "[red]x[/]",
        "é",
        "e\u0301",
    ],
)
def test_what_acts_on_nothing_is_shown_as_it_is(text: str) -> None:
    assert inert(printable(text)) == text
    assert json.loads(json_text(text)) == text and scalar_text(text).strip('"') == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::", "\\x3a:error::"),
        ("  ::set-env::", "  \\x3a:set-env::"),
        ("\u3000::add-mask::", "\u3000\\x3a:add-mask::"),
        ("x##[error]", "x\\x23\\x23[error]"),
        ("##vso[task.setvariable]", "\\x23\\x23vso[task.setvariable]"),
        ("##teamcity[x]", "\\x23\\x23teamcity[x]"),
        ("###[x]", "#\\x23\\x23[x]"),
        ("a\ufe0fb", "a\\ufe0fb"),
        ("a\u034fb", "a\\u034fb"),
        ("a\u061cb", "a\\u061cb"),
        ("\udcff", "\\udcff"),
        ("a\U000e0001", "a\\U000e0001"),
    ],
)
def test_what_acts_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert inert(printable(text)) == shown


def test_entities_of_graphs_are_text() -> None:
    assert quoted('&lt;"\\') == '"&amp;lt;\\"\\\\"'
    assert escaped("&lt;#x") == '"#amp;lt;#35;x"'


def test_an_annotation_names_a_file_with_letters_of_other_scripts() -> None:
    problem = Problem("E101", "m", Label(Place("l\u0430yers.yaml", 1, 1, 1, 2)))
    assert ",file=l\u0430yers.yaml," in FORMATS["github"](Report([problem], {}))


@given(ANY)
@example(FILE)
@example(":")
def test_formats_of_problems_act_on_nothing(text: str) -> None:
    place = Place(text, 1, 1, 1, 2)
    problem = Problem("E101", text, Label(place, text), (text,), (text,), (Label(place, text),), path=(text,))
    for name, render in FORMATS.items():
        assert dangers(render(Report([problem], {text: text})), annotations=name == "github") == [], name
    assert dangers(f"SpecError: {SpecError([problem], {text: text})}") == []
