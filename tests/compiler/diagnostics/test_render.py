"""Problems in each format: where the carets stand, what is escaped, what programs are given."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.diagnostics.problem import Edit, Fix, Label, Place, Problem
from modelc.compiler.diagnostics.render import FORMATS, Report, in_order, summary
from modelc.compiler.diagnostics.render.printable import printable
from modelc.compiler.diagnostics.render.text import text


def label(line: int, start: int, end: int, words: str = "", file: str = "spec.yaml") -> Label:
    return Label(Place(file, line, start, line, end), words)


def render(problem: Problem, source: str, **others: str) -> str:
    return text(Report([problem], {"spec.yaml": source, **others}))


def test_a_problem_as_rustc_would_show_it() -> None:
    problem = Problem(
        "E102",
        "unknown argument `unit` in `dense`",
        label(2, 12, 16, "unknown argument"),
        notes=("arguments of `dense`: units, activation",),
        helps=("did you mean `units`?",),
    )
    assert render(problem, "  - flatten\n  - dense: {unit: 128}\n") == (
        "error[E102]: unknown argument `unit` in `dense`\n"
        " --> spec.yaml:2:12\n"
        "  |\n"
        "1 |   - flatten\n"
        "2 |   - dense: {unit: 128}\n"
        "  |            ^^^^ unknown argument\n"
        "  |\n"
        "  = note: arguments of `dense`: units, activation\n"
        "  = help: did you mean `units`?\n"
        "\n"
    )


def test_labels_of_one_file_share_a_snippet_in_line_order() -> None:
    problem = Problem(
        "E302", "sizes differ", label(6, 1, 2, "here"), related=(label(1, 1, 2, "16"), label(4, 3, 4, "8"))
    )
    source = "a\nb\nc\n  d\ne\nf\n"
    assert render(problem, source).split("\n")[1:-2] == [
        " --> spec.yaml:6:1",
        "  |",
        "1 | a",
        "  | - 16",
        "...",
        "4 |   d",
        "  |   - 8",
        "5 | e",
        "6 | f",
        "  | ^ here",
    ]


def test_labels_on_one_line_hang_below_each_other() -> None:
    problem = Problem(
        "E003", "twice", label(1, 11, 13, "again"), related=(label(1, 1, 4, "first"), label(1, 6, 7, "and"))
    )
    assert render(problem, "abc  d    ef gh\n").split("\n")[3:-2] == [
        "1 | abc  d    ef gh",
        "  | ---  -    ^^ again",
        "  | |    |",
        "  | |    and",
        "  | first",
    ]


def test_a_label_in_another_file_has_a_snippet_of_its_own() -> None:
    problem = Problem("E301", "m", label(12, 1, 2), related=(label(1, 1, 6, "in this use", "b.yaml"),))
    shown = render(problem, "x\n" * 12, **{"b.yaml": "Block: 1\n"})
    assert "\n  --> spec.yaml:12:1\n" in shown
    assert "\n  --> b.yaml:1:1\n   |\n 1 | Block: 1\n   | ----- in this use\n" in shown


def test_a_problem_of_a_whole_file_has_no_snippet() -> None:
    problem = Problem("E009", "no such file", Label(Place("spec.yaml", 0, 0, 0, 0)), helps=("one\n two",))
    assert text(Report([problem], {})) == "error[E009]: no such file\n --> spec.yaml\n  = help: one\n  |        two\n\n"


def test_a_source_that_is_not_known_leaves_the_label() -> None:
    problem = Problem("E009", "m", label(3, 1, 2, "words"))
    assert text(Report([problem], {})) == "error[E009]: m\n --> spec.yaml:3:1\n  = words\n\n"


def caret_column(shown: str, mark: str = "^") -> tuple[str, int]:
    """The line above the caret, and the terminal column in which the caret begins."""
    rows = shown.split("\n")
    index = next(index for index, row in enumerate(rows) if set(row.partition("|")[2].strip()) == {mark})
    return rows[index - 1], rows[index].index(mark)


def columns(row: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in row
    )


@pytest.mark.parametrize(
    "before",
    ["plain ", "\t\t", "日本語 ", "e\u0301e\u0301 ", "\u202e\u200d ", "\U0001f600 ", "##[ ", "a\tb\t", "\x1b[31m"],
)
def test_the_caret_stands_below_what_it_means(before: str) -> None:
    problem = Problem("E101", "m", label(1, len(before) + 1, len(before) + 2))
    line, column = caret_column(render(problem, f"{before}X tail\n"))
    assert column == columns(line[: line.index("X")])


def test_a_long_line_is_cut_around_the_caret() -> None:
    source = "a: [" + "1, " * 500 + "X, " + "2, " * 500 + "]"
    problem = Problem("E105", "m", label(1, source.index("X") + 1, source.index("X") + 2, "here"))
    shown = render(problem, source)
    assert max(map(len, shown.split("\n"))) < 130
    row = next(row for row in shown.split("\n") if "X" in row)
    carets = next(row for row in shown.split("\n") if "^" in row)
    assert row.index("X") == carets.index("^")
    assert "..." in row


def test_a_long_line_is_shown_once_for_each_window() -> None:
    source = "X" + " " * 400 + "Y"
    problem = Problem("E003", "m", label(1, 402, 403, "again"), related=(label(1, 1, 2, "first"),))
    shown = render(problem, source)
    assert "- first" in shown
    assert "^ again" in shown
    assert shown.count("\n1 | ") == 2


def test_colour_adds_codes_and_nothing_else() -> None:
    problem = Problem("W901", "m", label(1, 1, 2, "here"), ("n",), ("h",), (label(1, 3, 4, "there"),))
    plain = FORMATS["text"](Report([problem], {"spec.yaml": "a b"}))
    coloured = FORMATS["text"](Report([problem], {"spec.yaml": "a b"}, colour=True))
    stripped = coloured
    for style in ("1;31", "1;33", "1;34", "1", "0"):
        stripped = stripped.replace(f"\x1b[{style}m", "")
    assert stripped == plain
    assert "\x1b[1;33mwarning[W901]" in coloured
    assert "\x1b" not in plain


HOSTILE = "x\x1b[31m\r\n::error file=a::b\u202e\u200d##[error]\x85\ud800\x00"


@pytest.mark.parametrize("name", ["text", "concise", "github"])
def test_nothing_from_a_spec_acts_on_the_terminal_or_the_log(name: str) -> None:
    problem = Problem(
        "E101",
        HOSTILE,
        Label(Place(HOSTILE, 1, 1, 1, 2), HOSTILE),
        (HOSTILE,),
        (HOSTILE,),
        (Label(Place("::b", 1, 1, 1, 2), HOSTILE),),
    )
    shown = FORMATS[name](Report([problem], {HOSTILE: HOSTILE, "::b": HOSTILE}))
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert "##[" not in shown
    for row in shown.rstrip("\n").split("\n"):
        assert not row.lstrip().startswith("::") or (
            name == "github" and row.startswith("::error title=modelc (E101),")
        )


def test_a_file_name_at_the_start_of_a_line_is_no_command() -> None:
    problem = Problem("E101", "m", label(1, 1, 2, file="::add-mask::x"))
    assert FORMATS["concise"](Report([problem], {})) == "\\x3a:add-mask::x:1:1: E101 m\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("l\u0430yers", "l\\u0430yers"),
        ("\ufb01lters", "\\ufb01lters"),
        ("größe", "größe"),
        ("日本", "日本"),
        ("слой", "слой"),
        ("a\u200db", "a\\u200db"),
        ("a\nb\tc", "a\\nb\\tc"),
    ],
)
def test_letters_that_imitate_are_escaped_in_messages(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text(max_size=60), st.integers(1, 80), st.integers(0, 40), st.text(max_size=10))
def test_any_line_can_be_shown(line: str, column: int, width: int, words: str) -> None:
    problem = Problem("E101", words, label(1, column, column + width, words), related=(label(1, 1, 3, words),))
    shown = render(problem, line)
    assert all(char == "\n" or char.isprintable() or unicodedata.category(char) == "Zs" for char in shown)
    assert "^" in shown or not line


def test_concise_is_one_line_for_each_problem() -> None:
    problems = [Problem("E101", "b", label(2, 3, 4)), Problem("E009", "a", Label(Place("a.yaml", 0, 0, 0, 0)))]
    assert FORMATS["concise"](Report(problems, {})) == "a.yaml: E009 a\nspec.yaml:2:3: E101 b\n"


def test_json_is_one_versioned_object() -> None:
    problem = Problem(
        "E102",
        "m",
        label(9, 15, 19, "l"),
        ("n",),
        ("h",),
        (label(1, 1, 2, "r"),),
        ("model", "layers", 0, "dense", "unit"),
        fix=Fix("t", (Edit(Place("spec.yaml", 9, 15, 9, 19), "units"),)),
    )
    whole = Problem("W901", "w", Label(Place("spec.yaml", 0, 0, 0, 0)))
    assert json.loads(FORMATS["json"](Report([problem, whole], {}, files=3))) == {
        "format_version": "1.3",
        "ok": False,
        "files": 3,
        "errors": 1,
        "warnings": 1,
        "omitted": 0,
        "unchecked": [],
        "diagnostics": [
            {
                "code": "W901",
                "severity": "warning",
                "message": "w",
                "file": "spec.yaml",
                "range": None,
                "label": "",
                "path": "",
                "notes": [],
                "helps": [],
                "related": [],
                "fix": None,
                "omitted": None,
            },
            {
                "code": "E102",
                "severity": "error",
                "message": "m",
                "file": "spec.yaml",
                "range": {"start": {"line": 9, "column": 15}, "end": {"line": 9, "column": 19}},
                "label": "l",
                "path": "model.layers.0.dense.unit",
                "notes": ["n"],
                "helps": ["h"],
                "related": [
                    {
                        "file": "spec.yaml",
                        "range": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 2}},
                        "label": "r",
                    }
                ],
                "fix": {
                    "title": "t",
                    "edits": [
                        {
                            "file": "spec.yaml",
                            "range": {"start": {"line": 9, "column": 15}, "end": {"line": 9, "column": 19}},
                            "text": "units",
                        }
                    ],
                },
                "omitted": None,
            },
        ],
    }
    assert json.loads(FORMATS["json"](Report([], {}, files=1)))["ok"] is True
    assert FORMATS["json"](Report([Problem("E101", "\x1b\u202e", label(1, 1, 2))], {})).isascii()


def test_github_annotations_escape_their_fields() -> None:
    problem = Problem("E102", "100% `a`", label(9, 15, 19, file="a,b:c.yaml"), ("n",), ("one\ntwo",))
    assert FORMATS["github"](Report([problem], {})) == (
        "::error title=modelc (E102),file=a%2Cb%3Ac.yaml,line=9,col=15,endLine=9,endColumn=19::"
        "a,b:c.yaml:9:15: E102 100%25 `a`%0A  note: n%0A  help: one%0A  help: two\n"
    )
    whole = Problem("W901", "w", Label(Place("a.yaml", 0, 0, 0, 0)))
    assert FORMATS["github"](Report([whole], {})) == "::warning title=modelc (W901),file=a.yaml::a.yaml: W901 w\n"


def test_sarif_meets_what_code_scanning_requires() -> None:
    problems = [
        Problem("E302", "m", label(2, 3, 5, file="my specs/ä.yaml"), ("n",), ("h",), (label(1, 1, 2, "r"),)),
        Problem("E102", "k", label(1, 3, 5)),
        Problem("W901", "w", Label(Place("spec.yaml", 0, 0, 0, 0))),
        Problem("E302", "again", label(5, 3, 5)),
    ]
    log = json.loads(FORMATS["sarif"](Report(problems, {})))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "modelc"
    assert [rule["id"] for rule in driver["rules"]] == ["E102", "E302", "W901"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert len(run["results"]) == 4
    for found in run["results"]:
        assert driver["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["level"] == driver["rules"][found["ruleIndex"]]["defaultConfiguration"]["level"]
        assert found["message"]["text"]
        assert found["partialFingerprints"]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
    first: dict[str, Any] = run["results"][0]
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "my%20specs/%C3%A4.yaml"
    assert physical["region"] == {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 5}
    assert first["message"]["text"] == "m\nnote: n\nhelp: h"
    assert first["relatedLocations"][0]["message"]["text"] == "r"
    whole = next(found for found in run["results"] if found["ruleId"] == "W901")
    assert "region" not in whole["locations"][0]["physicalLocation"]


def test_sarif_has_the_replacements_of_a_fix() -> None:
    fix = Fix("t", (Edit(Place("my specs/a.yaml", 2, 3, 4, 5), "dense"),))
    log = json.loads(FORMATS["sarif"](Report([Problem("E102", "m", label(2, 3, 5), fix=fix)], {})))
    assert log["runs"][0]["results"][0]["fixes"] == [
        {
            "description": {"text": "t"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "my%20specs/a.yaml"},
                    "replacements": [
                        {
                            "deletedRegion": {"startLine": 2, "startColumn": 3, "endLine": 4, "endColumn": 5},
                            "insertedContent": {"text": "dense"},
                        }
                    ],
                }
            ],
        }
    ]


def test_a_sarif_fingerprint_stays_when_lines_move() -> None:
    def fingerprint(line: int) -> Any:
        log = json.loads(FORMATS["sarif"](Report([Problem("E101", "m", label(line, 1, 2), path=("a", 0))], {})))
        return log["runs"][0]["results"][0]["partialFingerprints"]

    assert fingerprint(1) == fingerprint(9)


def test_problems_come_by_file_line_and_column() -> None:
    places = [("b.yaml", 1, 1), ("a.yaml", 2, 1), ("a.yaml", 1, 9), ("a.yaml", 1, 2), ("a.yaml", 10, 1)]
    problems = [Problem("E101", "m", label(line, column, column + 1, file=file)) for file, line, column in places]
    found = [
        (problem.label.place.file, problem.label.place.line, problem.label.place.column)
        for problem in in_order(problems)
    ]
    assert found == sorted(places)


@pytest.mark.parametrize(
    ("errors", "warnings", "bad", "files", "words"),
    [
        (0, 0, 1, 1, "1 file is valid"),
        (0, 0, 1, 3, "3 files are valid"),
        (0, 2, 1, 1, "1 file is valid, 2 warnings"),
        (2, 1, 1, 1, "2 errors, 1 warning in 1 file"),
        (1, 0, 1, 3, "1 error in 1 of 3 files"),
        (2, 0, 2, 2, "2 errors in 2 files"),
    ],
)
def test_summary_counts_in_words(errors: int, warnings: int, bad: int, files: int, words: str) -> None:
    problems = [Problem("E101", "m", label(1, 1, 2, file=f"{index % bad}.yaml")) for index in range(errors)]
    problems += [Problem("W901", "m", label(1, 1, 2, file="0.yaml")) for _ in range(warnings)]
    assert summary(problems, files) == words
