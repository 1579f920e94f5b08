"""What the reader makes of a text: values, places, holes and problems, the same for YAML and JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.diagnostics.problem import Place, Problem
from modelc.compiler.syntax.document import Document, read, show_text


def good(text: bytes | str, name: str = "spec.yaml") -> Document:
    document, problems = read(text, name)
    assert document is not None
    assert problems == ()
    return document


def only(text: bytes | str, name: str = "spec.yaml") -> tuple[Document | None, Problem]:
    document, problems = read(text, name)
    (problem,) = problems
    return document, problem


def spot(problem: Problem) -> tuple[int, int, int]:
    place = problem.label.place
    assert place.line == place.end_line
    return place.line, place.column, place.end_column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 3e-4),
        ("1e-3", 1e-3),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e+1", -5.0),
        ("0.0", 0.0),
        ("-0", 0),
        ("+7", 7),
        ("123456789012345678", 123456789012345678),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("True", "True"),
        ("TRUE", "TRUE"),
        ("Null", "Null"),
        ("no", "no"),
        ("on", "on"),
        ("017", "017"),
        ("00.5", "00.5"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("2024-01-01", "2024-01-01"),
        ("2001-99-99", "2001-99-99"),
        ("1/255", "1/255"),
        ("1e", "1e"),
        (".", "."),
        ("-", "-"),
        ("nan", "nan"),
        ('"5"', "5"),
        ("'true'", "true"),
        ('""', ""),
        ("|\n  5", "5"),
    ],
)
def test_scalars_follow_the_yaml_1_2_core_schema(text: str, value: Any) -> None:
    found = good(f"a: {text}" if text != "-" else "a: '-'").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "number", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", "1e999", "-1e999", "1e-999", "1" * 19, "-" + "9" * 5000]
)
def test_a_number_that_cannot_be_held_is_a_hole(number: str) -> None:
    document, problem = only(f"a: {number}\nb: [1, {number}, 3]\n".replace(f", {number}", ""))
    assert document is not None
    assert problem.code == "E006"
    assert spot(problem) == (1, 4, 4 + len(number))
    assert problem.path == ("a",)
    assert document.data == {"b": [1, 3]}
    assert document.holes == {("a",)}


def test_a_hole_in_a_list_keeps_the_index_of_what_follows() -> None:
    document, problem = only("a: [1, .inf, 3]")
    assert document is not None
    assert document.data == {"a": [1, None, 3]}
    assert document.holes == {("a", 1)}
    assert problem.path == ("a", 1)
    assert document.values["a", 2] == Place("spec.yaml", 1, 14, 1, 15)


def test_keys_are_their_text() -> None:
    assert good("on: 1\n1: 2\n1.50: 3\nnull: 4\n'true': 5\n").data == {"on": 1, "1": 2, "1.50": 3, "null": 4, "true": 5}


def test_every_part_has_its_place() -> None:
    document = good("modelc: 1\nmodel:\n  layers:\n    - dense: {units: 10, use_bias: false}  # last\n      name: d\n")

    def value(*path: str | int) -> tuple[int, int, int]:
        place = document.values[path]
        assert place.line == place.end_line
        return place.line, place.column, place.end_column

    assert value("modelc") == (1, 9, 10)
    assert value("model", "layers", 0, "dense") == (4, 14, 42)
    assert value("model", "layers", 0, "dense", "use_bias") == (4, 36, 41)
    assert value("model", "layers", 0) == (4, 7, 42)
    assert value("model", "layers") == (4, 5, 42)
    assert value("model") == (3, 3, 9)
    assert value() == (1, 1, 10)
    assert document.keys["model", "layers", 0, "name"] == Place("spec.yaml", 5, 7, 5, 11)
    assert ("model", "layers", 0) not in document.keys
    assert document.key(("model", "layers", 0)) == document.values["model", "layers", 0]
    assert (
        document.value(("model", "layers", 0, "dense", "nothing", 3)) == document.values["model", "layers", 0, "dense"]
    )
    assert set(document.keys) < set(document.values)
    assert len(document.values) == 9


def test_columns_count_characters() -> None:
    document = good("\ufeffname: {größe: 日本, x: '\U0001f600'}\n")
    assert document.keys["name", "x"] == Place("spec.yaml", 1, 19, 1, 20)
    assert document.values["name", "größe"] == Place("spec.yaml", 1, 15, 1, 17)


def test_an_empty_value_stands_where_its_key_or_dash_does() -> None:
    document = good("a:\nb: {flatten}\nc:\n  -\n  - x\n")
    assert document.data == {"a": None, "b": {"flatten": None}, "c": [None, "x"]}
    assert document.values["a",] == Place("spec.yaml", 1, 1, 1, 2)
    assert document.values["b", "flatten"] == Place("spec.yaml", 2, 5, 2, 12)
    assert document.values["c", 0] == Place("spec.yaml", 4, 3, 4, 4)


def test_parts_over_several_lines_have_the_place_of_their_first_line() -> None:
    document = good("a: {b: 1,\n  c: 2}\nd: one\n  two\ne: |\n  text\n")
    assert document.values["a",] == Place("spec.yaml", 1, 4, 1, 9)
    assert document.values["d",] == Place("spec.yaml", 3, 4, 3, 7)
    assert document.values["e",] == Place("spec.yaml", 5, 4, 5, 5)


def test_windows_line_ends_change_nothing() -> None:
    unix, windows = good("a: 1\nb: [x,\n  y]\n"), good("a: 1\r\nb: [x,\r\n  y]\r\n")
    assert unix.data == windows.data
    assert dict(unix.values) == dict(windows.values)


def test_an_alias_is_a_copy_with_the_places_of_its_anchor() -> None:
    document = good("a: &x {units: [1, 2]}\nb: *x\n")
    assert document.data["b"] == {"units": [1, 2]}
    assert document.data["a"] is not document.data["b"]
    assert document.values["b", "units", 0] == document.values["a", "units", 0] == Place("spec.yaml", 1, 16, 1, 17)
    assert document.keys["b",].line == 2


def test_a_duplicate_key_keeps_the_first_value_and_shows_both_places() -> None:
    document, problem = only("a: {x: 1, y: 2, x: 3}")
    assert document is not None
    assert document.data == {"a": {"x": 1, "y": 2}}
    assert (problem.code, spot(problem), problem.path) == ("E003", (1, 17, 18), ("a", "x"))
    assert problem.related[0].place == Place("spec.yaml", 1, 5, 1, 6)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: !!float 1\n", (1, 4, 11)),
        ("a: !foo {b: 1}\n", (1, 4, 8)),
        ("a: ! b\n", (1, 4, 5)),
        ("x: &x {b: 1}\na: {<<: *x, c: 2}\n", (2, 5, 7)),
        ("a: &x [*x]\n", (1, 8, 10)),
        ("a:\n  ? [a, b]\n  : 1\n", (2, 5, 6)),
        ("a:\n  &k a: 1\n  *k : 2\n", (3, 3, 5)),
        ("a:\n  !!str a: 1\n", (2, 3, 8)),
        ("a: 1\n---\nb: 2\n", (2, 1, 4)),
        ("%YAML 1.1\n---\na: 1\n", (1, 1, 2)),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", (1, 1, 2)),
    ],
)
def test_yaml_beyond_the_language_is_named_at_its_place(text: str, where: tuple[int, int, int]) -> None:
    document, problem = only(text)
    assert document is not None
    assert problem.code == "E004"
    assert spot(problem) == where


@pytest.mark.parametrize("key", ["<<: *x", "? [1]\n: 2", '"\\0": 2', "$k: 2", "!!str k: 2", "*x : 2"])
def test_a_mapping_with_a_key_that_cannot_be_read_is_a_hole_as_a_whole(key: str) -> None:
    below = key.replace("\n", "\n  ")
    document, problems = read(f"x: &x {{b: 1}}\na:\n  {below}\n  c: 2\n", "spec.yaml")
    assert document is not None
    assert len(problems) == 1
    assert document.data == {"x": {"b": 1}}
    assert document.holes == {("a",)}


def test_a_merge_key_is_reported_with_what_to_write_instead() -> None:
    _, problem = only("x: &x {b: 1}\na: {<<: *x, c: 2}\n")
    assert problem.helps == ("write the keys out; an anchor and an alias can repeat a whole value",)


def test_a_variable_is_text_here_and_no_key() -> None:
    assert good("a: $dim\nb: '$dim'\nc: \"${4 * 2}\"\n").data == {"a": "$dim", "b": "$dim", "c": "${4 * 2}"}
    _, problem = only("$dim: 1")
    assert problem.code == "E004"


def test_json_has_places_too() -> None:
    document = good('{"a": {"b":\n  [10, "x\\u00e9"]},\r\n "c": null}', "spec.json")
    assert document.data == {"a": {"b": [10, "xé"]}, "c": None}
    assert document.values["a", "b", 1] == Place("spec.json", 2, 8, 2, 17)
    assert document.keys["c",] == Place("spec.json", 3, 2, 3, 5)
    assert document.values["a",] == Place("spec.json", 1, 7, 1, 11)


def test_json_strings_are_never_numbers_and_may_hold_pairs_of_surrogates() -> None:
    assert good('{"a": "5", "b": "\\ud83d\\ude00", "<<": "no"}', "a.json").data == {
        "a": "5",
        "b": "\U0001f600",
        "<<": "no",
    }


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_json_has_no_infinities(word: str) -> None:
    document, problem = only(f'{{"a": {word}, "b": 1}}', "a.json")
    assert document is not None
    assert (problem.code, spot(problem)) == ("E006", (1, 7, 7 + len(word)))
    assert document.data == {"b": 1}


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize("text", ["", "\n\n", "null", "[]", "1", '"x"'])
def test_a_root_that_is_no_mapping(text: str, name: str) -> None:
    document, problem = only(text, name)
    assert document is None
    assert problem.code == "E008"
    assert "modelc: 1" in problem.helps[0]


def test_a_file_of_comments_only_is_empty() -> None:
    _, problem = only("# nothing\n")
    assert (problem.code, problem.label.place.line) == ("E008", 0)


def test_one_mistake_hides_no_other() -> None:
    text = "a: 1e999\na: 2\nb: !x 1\nc: {d: 1, <<: 1}\nf: '\\0'\ng: \"\\0\"\nh: [x:1, *nowhere]\n"
    document, problems = read(text, "spec.yaml")
    found = [(problem.code, problem.label.place.line) for problem in problems]
    assert sorted(found, key=lambda item: item[1]) == [
        ("E006", 1),
        ("E003", 2),
        ("E004", 3),
        ("E004", 4),
        ("E001", 6),
        ("E002", 7),
        ("E002", 7),
    ]
    assert document is not None
    assert document.data == {"f": "\\0", "h": [None, None]}
    assert document.holes == {("a",), ("b",), ("c",), ("g",), ("h", 0), ("h", 1)}


def test_problems_before_a_syntax_error_are_kept() -> None:
    _, problems = read("a: {x: 1, x: 2}\nb: [\n", "spec.yaml")
    assert [problem.code for problem in problems] == ["E003", "E002"]


def test_unreadable_bytes_can_still_be_shown() -> None:
    assert show_text(b"\xef\xbb\xbfa: \xff\n") == "a: \ufffd\n"
    assert show_text("\ufeffa") == "a"


plain = st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=20).filter(
    lambda text: all(char.isprintable() for char in text)
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain.filter(bool), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(plain.filter(bool), values, max_size=4), st.sampled_from([None, 1]), st.booleans())
def test_json_reads_as_the_standard_library_reads_it(data: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    assert good(text, "a.json").data == json.loads(text)


@given(st.dictionaries(plain.filter(bool), values, max_size=4))
def test_json_is_the_same_language_as_yaml(data: Any) -> None:
    text = json.dumps(data, indent=1, ensure_ascii=False)
    as_json, as_yaml = good(text, "a.json"), good(text, "a.yaml")
    assert as_json.data == as_yaml.data
    assert [tuple_of(as_json.values[path]) for path in as_json.values] == [
        tuple_of(as_yaml.values[path]) for path in as_json.values
    ]


def tuple_of(place: Place) -> tuple[int, int, int]:
    return place.line, place.column, place.end_column


@given(
    st.text(st.sampled_from("a:b -[]{}'\",\n\t#&*!|>%@`$<0?\\\r\0\ud800é"), max_size=40),
    st.sampled_from(["a.yaml", "a.json"]),
)
def test_any_text_is_read_or_refused_with_a_place(text: str, name: str) -> None:
    document, problems = read(text, name)
    assert document is not None or problems
    lines = text.split("\n")
    for problem in problems:
        for label in (problem.label, *problem.related):
            place = label.place
            assert 0 <= place.line <= len(lines)
            if place.line:
                assert 1 <= place.column <= len(lines[place.line - 1]) + 2
    if document is not None:
        for path in document.values:
            place = document.values[path]
            assert place.line == place.end_line
            assert place.column < place.end_column
