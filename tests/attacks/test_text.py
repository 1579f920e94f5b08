"""Hostile texts, as YAML and as JSON: what crashes, hangs or misleads naive parsers is refused, coded and at its place."""

import sys
import time

import pytest
import yaml

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.diagnostics.render import FORMATS, Report
from modelc.compiler.syntax import yaml_events
from modelc.compiler.syntax.document import MAX_BYTES, Document, read

SECOND = 1.0


def timed(text: bytes | str, name: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """`read`, held to a second of processor time, and its problems rendered in every format."""
    (document, problems), seconds = quickest(text, name)
    assert seconds < SECOND
    shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
    for render in FORMATS.values():
        assert bool(problems) <= bool(render(Report(problems[:20], {name: shown})))
    return document, problems


def quickest(text: bytes | str, name: str) -> tuple[tuple[Document | None, tuple[Problem, ...]], float]:
    """What `read` gives, and the processor seconds it needs: the least of three, as other work on a core adds to them."""
    times = []
    for _ in range(3):
        start = time.process_time()
        result = read(text, name)
        times.append(time.process_time() - start)
        if times[-1] < SECOND / 2:
            break
    return result, min(times)


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def merges(count: int) -> str:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, count)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(laughs(10, 10), "E005", id="01 billion laughs"),
        pytest.param(laughs(30, 2), "E005", id="01 billion laughs by doubling"),
        pytest.param(merges(28), "E004", id="02 merge-key chain"),
        pytest.param("[" * 5_000, "E005", id="2c 5,000 brackets"),
        pytest.param("[" * 20_000, "E005", id="2c 20,000 brackets"),
        pytest.param("[" * 100_000, "E005", id="03 100,000 brackets"),
        pytest.param("a: " + "[" * 100_000 + "]" * 100_000, "E005", id="03 closed brackets"),
        pytest.param("{a: " * 60_000, "E005", id="04 flow mappings"),
        pytest.param("{" * 900, "E004", id="04 mappings as keys"),
        pytest.param("{" * 100_000, "E005", id="04 100,000 mappings as keys"),
        pytest.param("- " * 50_000, "E005", id="05 block sequences"),
        pytest.param("? " * 50_000, "E004", id="05 explicit keys"),
        pytest.param("\n".join(" " * n + "block:" for n in range(690)), "E005", id="06 block mappings"),
        pytest.param(
            "\n".join(" " * (n % 80) + "b:" for n in range(5_000)), "E005", id="06 block mappings up and down"
        ),
        pytest.param("a: &a [*a]", "E004", id="07 self-referential anchor"),
        pytest.param("&a [*a]", "E004", id="07 self-referential root"),
        pytest.param("a: &a\n  <<: *a\n  b: 1\n", "E004", id="08 mapping merged into itself"),
        pytest.param("modelc: 1\nname: a\nmodelc: 2\n", "E003", id="09 duplicate at root"),
        pytest.param("a:\n  - dense: {units: 1, units: 2}\n", "E003", id="10 duplicate in a layer"),
        pytest.param("b: &b {x: 1}\na: {x: 2, <<: *b}\n", "E004", id="12 duplicate through merge"),
        pytest.param("a: !!python/object/apply:os.system ['true']\n", "E004", id="13 python object"),
        pytest.param("a: !!python/name:os.system ''\n", "E004", id="14 python name"),
        pytest.param("a: !!binary aGk=\n", "E004", id="15 binary"),
        pytest.param("a: !!omap [x: 1]\n", "E004", id="16 omap"),
        pytest.param("a: !!timestamp 2024-01-01\n", "E004", id="2c timestamp"),
        pytest.param("a: !include /etc/passwd\n", "E004", id="17 local tag"),
        pytest.param("!!map a: 1\n", "E004", id="17 tag on a key"),
        pytest.param("a: !!int x\n", "E004", id="19 int tag on text"),
        pytest.param("a: 1\n---\na: 2\n", "E004", id="20 two documents"),
        pytest.param("", "E008", id="21 empty"),
        pytest.param("# only this\n", "E008", id="21 comment only"),
        pytest.param("null\n", "E008", id="21 null"),
        pytest.param("- a\n", "E008", id="21 list"),
        pytest.param("a: 1\n".encode("utf-16"), "E001", id="22 UTF-16"),
        pytest.param("a: 1\n".encode("utf-16-be"), "E001", id="22 UTF-16 without mark"),
        pytest.param("a: 1\n".encode("utf-32"), "E001", id="22 UTF-32"),
        pytest.param(b"a: \xff\n", "E001", id="22 invalid UTF-8"),
        pytest.param(b"a: \xed\xa0\x80\n", "E001", id="22 surrogate in bytes"),
        pytest.param("a: \ud800\n", "E001", id="22 surrogate in text"),
        pytest.param('a: "\\ud800"\n', "E001", id="22 escaped surrogate"),
        pytest.param("a: x\0y\n", "E001", id="23 raw NUL"),
        pytest.param("a: \x1b[31m\n", "E001", id="23 raw escape"),
        pytest.param("a: x\ry\n", "E001", id="29 raw carriage return"),
        pytest.param("a: x\x85b: 1\n", "E001", id="23 next line"),
        pytest.param("a: x\u2028b: 1\n", "E001", id="23 line separator"),
        pytest.param('a: "x\\0y"\n', "E001", id="24 escaped NUL"),
        pytest.param('"x\\0y": 1\n', "E001", id="24 escaped NUL in a key"),
        pytest.param('a: "\\e[31m"\n', "E001", id="29 escaped escape"),
        pytest.param("a: " + "x" * MAX_BYTES, "E005", id="31 one byte too much"),
        pytest.param("a: " + "x" * 10_000_000, "E005", id="32 one scalar of 10 MB"),
        pytest.param("a: [" + "1," * 110_000 + "]", "E005", id="nodes"),
        pytest.param("a: [" + "[1]," * 52_000 + "]", "E005", id="nodes of lists"),
        pytest.param(
            "a: &a {" + ", ".join(f"k{n}: 1" for n in range(2000)) + "}\nb: [" + "*a," * 30 + "]", "E005", id="copies"
        ),
        pytest.param("a: " + "9" * 5_000, "E006", id="42 integer of 5,000 digits"),
        pytest.param("a: " + "9" * 200_000, "E006", id="42 integer of 200,000 digits"),
        pytest.param("a: " + "1" * 100_000 + "." + "1" * 100_000, "E006", id="42 float of 200,000 digits"),
        pytest.param("a: 9223372036854775808\n", "E006", id="44 2^63"),
        pytest.param("a: .nan\n", "E006", id="45 nan"),
        pytest.param("a: .inf\n", "E006", id="46 inf"),
        pytest.param("a: -.inf\n", "E006", id="46 -inf"),
        pytest.param("a: 1e999\n", "E006", id="46 1e999"),
        pytest.param("\t" * 200_000 + "a: 1", "E002", id="tabs"),
        pytest.param("'" * 199_999, "E002", id="quotes"),
        pytest.param("a: '" + "x\n" * 120_000, "E002", id="open quote"),
        pytest.param('a: "' + "\\" * 200_001, "E002", id="backslashes"),
        pytest.param("a: " + "b: " * 80_000, "E002", id="colons"),
        pytest.param("a: {" + "b: {" * 62 + "c: d: e", "E002", id="colon at depth"),
        pytest.param("&a " * 80_000, "E002", id="anchors without value"),
        pytest.param("*" * 200_000, "E002", id="stars"),
        pytest.param("a: [" + "!b 1," * 40_000 + "]", "E005", id="40,000 problems"),
        pytest.param("a: {" + "b, " * 80_000 + "}", "E005", id="80,000 duplicates"),
        pytest.param("%" * 200_000, "E002", id="directives"),
        pytest.param("a: |" + "9" * 100_000, "E002", id="indentation indicator"),
    ],
)
def test_hostile_yaml_is_refused_with_a_code(text: bytes | str, code: str) -> None:
    _, problems = timed(text, "spec.yaml")
    assert code in {problem.code for problem in problems}
    whole = {"E001": b"UTF-16", "E005": b"bytes", "E008": b"empty"}
    for problem in problems:
        assert problem.label.place.line or whole[problem.code].decode() in problem.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("[" * 100_000, "E005", id="03 brackets"),
        pytest.param('{"a":' * 50_000, "E005", id="04 objects"),
        pytest.param('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "E005", id="03 closed brackets"),
        pytest.param('{"a": 1, "a": 2}', "E003", id="11 duplicate"),
        pytest.param('{"a": 1, "\\u0061": 2}', "E003", id="11 duplicate by escape"),
        pytest.param('{"a": {"lr": 1, "lr": 2}}', "E003", id="11 duplicate inside"),
        pytest.param("", "E008", id="21 empty"),
        pytest.param("null", "E008", id="21 null"),
        pytest.param("[]", "E008", id="21 list"),
        pytest.param('{"a": 1}'.encode("utf-16"), "E001", id="22 UTF-16"),
        pytest.param(b'{"a": "\xff"}', "E001", id="22 invalid UTF-8"),
        pytest.param('{"a": "\\ud800"}', "E001", id="22 surrogate"),
        pytest.param('{"\\ud800": 1}', "E001", id="22 surrogate in a key"),
        pytest.param('{"a": "\0"}', "E001", id="23 raw NUL"),
        pytest.param('{"a": "\\u0000"}', "E001", id="24 escaped NUL"),
        pytest.param('{"a": "' + "x" * MAX_BYTES + '"}', "E005", id="31 one byte too much"),
        pytest.param('{"a": [' + "1," * 110_000 + "1]}", "E005", id="nodes"),
        pytest.param('{"a": ' + "9" * 5_000 + "}", "E006", id="42 digits"),
        pytest.param('{"a": 0x' + "f" * 200_000 + "}", "E002", id="43 hex"),
        pytest.param('{"a": NaN}', "E006", id="45 NaN"),
        pytest.param('{"a": -Infinity}', "E006", id="46 -Infinity"),
        pytest.param('{"a": 1e999}', "E006", id="46 1e999"),
        pytest.param('{"a": "' + "\\" * 200_001, "E002", id="backslashes"),
        pytest.param("{" + " " * 200_000, "E002", id="spaces"),
        pytest.param('{"a": ' + "1" * 100_000 + "x}", "E002", id="long wrong number"),
        pytest.param('{"a"' + "\n" * 200_000 + "}", "E002", id="lines"),
    ],
)
def test_hostile_json_is_refused_with_a_code(text: bytes | str, code: str) -> None:
    _, problems = timed(text, "spec.json")
    assert code in {problem.code for problem in problems}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        pytest.param("a: 2001-99-99", "2001-99-99", id="18 impossible date"),
        pytest.param("a: no", "no", id="2c no"),
        pytest.param("a: 1e-3", 0.001, id="47 1e-3"),
        pytest.param("a: 017", "017", id="2c octal"),
        pytest.param("a: 190:20:30", "190:20:30", id="2c sexagesimal"),
        pytest.param("a: " + "1:" * 20_000 + "1", "1:" * 20_000 + "1", id="2c 20,000 sexagesimal terms"),
        pytest.param("a: 0x" + "f" * 200_000, "0x" + "f" * 200_000, id="43 hexadecimal integer"),
        pytest.param("a: 1_000", "1_000", id="2c underscore"),
        pytest.param("a: 9007199254740993", 2**53 + 1, id="44 2^53 + 1"),
        pytest.param("a: \u202ex", "\u202ex", id="25 bidi override"),
        pytest.param("\ufeffa: 1", 1, id="22 byte-order mark"),
    ],
)
def test_what_is_only_strange_is_read_as_it_stands(text: str, data: object) -> None:
    document, problems = timed(text, "spec.yaml")
    assert problems == ()
    assert document is not None
    assert document.data == {"a": data}
    assert type(document.data["a"]) is type(data)


def test_look_alikes_stay_different_names() -> None:
    document, problems = read("ab: 1\na\u200db: 2\n\ufb01lters: 3\nfilters: 4\nl\u0430yers: 5\n", "spec.yaml")
    assert problems == ()
    assert document is not None
    assert len(document.data) == 5


def test_a_large_honest_spec_is_read_quickly() -> None:
    text = "model:\n  layers:\n" + "    - dense: {units: 10, activation: relu}\n" * 2_000
    start = time.process_time()
    document, problems = read(text, "spec.yaml")
    assert time.process_time() - start < 0.5
    assert problems == ()
    assert document is not None
    assert len(document.data["model"]["layers"]) == 2_000


def test_reading_leaves_the_recursion_limit_alone_and_needs_little_stack() -> None:
    limit = sys.getrecursionlimit()
    document, problems = read("a: " + "[" * 63 + "]" * 63, "spec.yaml")
    assert document is not None
    assert problems == ()
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("text", "code"),
    [("[" * 2_000, "E005"), (laughs(10, 10), "E005"), ("a: [", "E002"), ("a:\n\tb: 1\n", "E002"), ("a: 'x", "E002")],
)
def test_the_python_parser_serves_where_libyaml_is_missing(
    monkeypatch: pytest.MonkeyPatch, text: str, code: str
) -> None:
    monkeypatch.setattr(yaml_events, "LOADER", yaml.SafeLoader)
    _, problems = timed(text, "spec.yaml")
    assert [problem.code for problem in problems] == [code]


@pytest.mark.parametrize(
    "text", ["${GITHUB_TOKEN}", "$HOME", "${A:-${A}}", "${open('/etc/passwd').read()}", "${().__class__}"]
)
def test_no_text_reaches_the_environment_or_runs(text: str) -> None:
    spec = f'modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  layers: [dense: "{text}"]\n'
    (problem,) = check(spec, "spec.yaml").problems
    assert problem.code == "E207"
