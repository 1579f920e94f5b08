"""What is said about texts that are not YAML or JSON, and where the caret stands."""

import pytest

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.syntax.document import read
from modelc.compiler.syntax.yaml_errors import HIDDEN_SPACE


def spot(problem: Problem) -> tuple[int, int, int]:
    place = problem.label.place
    assert place.line == place.end_line
    return place.line, place.column, place.end_column


@pytest.mark.parametrize(
    ("text", "words", "where"),
    [
        ("a:\n  b: 1\n\u00a0\u00a0c: 1\n", HIDDEN_SPACE, (3, 1, 2)),
        ("a:\n\u00a0\u00a0b: 1\n  c: 1\n", HIDDEN_SPACE, (2, 1, 2)),
        ("a:\n\u00a0\u00a0b: 1\n", HIDDEN_SPACE, (2, 1, 2)),
        ("a:\n  - b: 1\n \u2003- c\n", HIDDEN_SPACE, (3, 2, 3)),
        ("a:\n\tb: 1\n", "a tab is used for indentation", (2, 1, 2)),
        ("a: 1\n\tb: 2\n", "a tab is used for indentation", (2, 1, 2)),
        ("a:\n  units:10\n  name: x\n", "a space is missing after the `:`", (2, 8, 9)),
        ("a: {units:10}\n", "a space is missing after the `:`", (1, 10, 11)),
        ("a:\n  - dense:10\n", "a space is missing after the `:`", (2, 10, 11)),
        ("a: [1, 2\nb: 3\n", "`[` is not closed", (1, 4, 5)),
        ("a: {x: 1, b\n c: 2\n", "`{` is not closed", (1, 4, 5)),
        ("a: {b: 1\n", "`{` is not closed", (1, 4, 5)),
        ("a: [x}\n", "`}` cannot close `[`", (1, 6, 7)),
        ("a: ]\n", "`]` closes nothing", (1, 4, 5)),
        ("a: 'xx\nb: 3\n", "this quote is never closed", (1, 4, 5)),
        ('a: "x" y\n', "text after the closing quote", (1, 8, 9)),
        ("k: v: w\n", "a second `:` on the same line", (1, 5, 6)),
        ("- a: 1, b: c\n", "an argument without a name before others with names", (1, 6, 7)),
        ("a: {b: c: d}\n", "a second `:` in the same entry", (1, 9, 10)),
        ("a: {units: 1 activation: relu}\n", "a comma is missing before `activation`", (1, 14, 24)),
        ("a:\n  b: 1\n c: 2\n", "the indentation matches no line above", (3, 2, 3)),
        ("- a: 1\n - b: 2\n", "the indentation matches no line above", (2, 2, 3)),
        ("- a: 1\n   - b: 2\n", "this list item is indented below a value that is already complete", (2, 4, 5)),
        ("a: 1\n  b: 2\n", "`b` is indented below a value that is already complete", (2, 3, 4)),
        ("a: b\n- c\n", "a list item between the keys of a mapping", (2, 1, 2)),
        ("- a\nb: 1\n", "a key between the items of a list", (2, 1, 2)),
        ("x: - a\n", "a list item cannot begin in the middle of a line", (1, 4, 5)),
        ("a\nb: 1\n", "a `:` is missing after `a`", (1, 1, 2)),
        ("a: 1\nlayers\n", "a `:` is missing after `layers`", (2, 1, 7)),
        ("a: @x\n", "a plain value cannot begin with `@`", (1, 4, 5)),
        ('a: "\\q"\n', "`\\q` is not a valid escape in a double-quoted string", (1, 5, 7)),
        ("a: *x\n", "`*x` has no anchor `&x` earlier in the file", (1, 4, 6)),
        ("a:\n  \u2013 b: 1\n  - c: 2\n", "a list item begins with `- `, not with `\u2013`", (2, 3, 4)),
        ("a:\n  - b: 1\n  * c: 2\n", "a list item begins with `- `, not with `*`", (3, 3, 4)),
        ("a:\n  - b: 1\n  + c: 2\n", "a list item begins with `- `, not with `+`", (3, 3, 4)),
        ("a:\n  - b: 1\n  \u2022 c\n", "a list item begins with `- `, not with `\u2022`", (3, 3, 4)),
        ("a:\n  -b: 1\n  - c: 2\n", "a space is missing after the `-`", (2, 3, 4)),
        ("a:\n  - b: 1\n  -c\n", "a space is missing after the `-`", (3, 3, 4)),
        ("a:\n  - b: 1\n\u00a0 - c: 2\n  - d: 3\n", "a character that is no space is used for indentation", (3, 1, 2)),
        ("a:\n  -\tb: 1\n", "a tab stands where a space is wanted", (2, 4, 5)),
        ("a: 1\nb = 2\n", "a key and its value are joined by `:`, not by `=`", (2, 3, 4)),
        ("a:\n  b: 1\n  c => 2\n", "a key and its value are joined by `:`, not by `=>`", (3, 5, 7)),
        ("a: // what it is\n  b: 1\n", "a comment begins with `#`, not with `//`", (1, 4, 6)),
        ("a: 1\n; what it is\nb: 2\n", "a comment begins with `#`, not with `;`", (2, 1, 2)),
        ("% what it is\na: 1\n", "a comment begins with `#`, not with `%`", (1, 1, 2)),
        ("<!-- what it is -->\na: 1\n", "a comment begins with `#`, not with `<!--`", (1, 1, 5)),
        ("a: `relu`\n", "backticks are no quotes in YAML", (1, 4, 5)),
        ("a: {b: 1}}\n", "`}` closes nothing", (1, 10, 11)),
        ("a: {b:[1]}\n", "a space is missing after the `:`", (1, 6, 7)),
        ("a: {b: 1,\n- c\n", "`{` is not closed", (1, 4, 5)),
        ("a: [1,, 2]\n", "expected a value, found `,`", (1, 7, 8)),
        ("a: | b\n", "`|` begins a multi-line string, so nothing may follow it on this line", (1, 4, 5)),
        ("a: * b\n", "`*` begins an alias, and its name is missing", (1, 4, 5)),
        ("a: & b\n", "`&` begins an anchor, and its name is missing", (1, 4, 5)),
        ("'a'\nb: 1\n", "the value above is complete, and this line does not belong to it", (2, 1, 2)),
        ("a: [1], b: 2\n", "the value is complete before this", (1, 7, 8)),
        (": 1\n", "a key is missing before the `:`", (1, 1, 2)),
        ("a: {: 1}\n", "a key is missing before the `:`", (1, 5, 6)),
    ],
)
def test_yaml_syntax_errors_say_what_to_change(text: str, words: str, where: tuple[int, int, int]) -> None:
    _, problems = read(text, "spec.yaml")
    problem = problems[0]
    assert (problem.code, problem.message, spot(problem)) == ("E002", words, where)


@pytest.mark.parametrize(
    ("text", "words", "where"),
    [
        ('{"a": 1,}', "a comma after the last value", (1, 8, 9)),
        ('{"a": [1, 2}', "`}` cannot close `[`", (1, 12, 13)),
        ('{"a": [1, 2', "`[` is never closed", (1, 7, 8)),
        ('{"a": 1', "`{` is never closed", (1, 1, 2)),
        ("{", "the text ends where a key is expected", (1, 2, 3)),
        ('{"a": 017}', "`017` is not a number in JSON", (1, 7, 10)),
        ('{"a": .5}', "`.5` is not a number in JSON", (1, 7, 9)),
        ('{"a": 0x1f}', "`0x1f` is not a number in JSON", (1, 7, 11)),
        ('{"a":\n  True}', "`True` must be written `true`", (2, 3, 7)),
        ('{"a": None}', "`None` must be written `null`", (1, 7, 11)),
        ('{"a": [1,, 2]}', "expected a value, found `,`", (1, 10, 11)),
        ('{"a": relu}', 'strings need double quotes: `"relu"`', (1, 7, 11)),
        ("{'a': 1}", "a key must be a string in double quotes", (1, 2, 5)),
        ('{"a" 1}', "a `:` is missing after the key", (1, 6, 7)),
        ('{"a": 1 "b": 2}', "expected `,` or `}`", (1, 9, 10)),
        ('{"a": 1} 2', "unexpected text after the end of the value", (1, 10, 11)),
        ('{"a": 1 // x\n}', "JSON has no comments", (1, 9, 11)),
        ('{"a": "x\n"}', "a string is not closed on its line", (1, 7, 8)),
        ('{"a": "x\\y"}', "an invalid escape in a string", (1, 9, 10)),
    ],
)
def test_json_syntax_errors_say_what_to_change(text: str, words: str, where: tuple[int, int, int]) -> None:
    document, (problem,) = read(text, "spec.json")
    assert document is None
    assert (problem.code, problem.message, spot(problem)) == ("E002", f"not valid JSON: {words}", where)


@pytest.mark.parametrize(
    ("word", "right"),
    [
        (".5", "0.5"),
        ("5.", "5.0"),
        ("+5", "5"),
        ("0x10", "16"),
        ("1_000", "1000"),
        ("-.5e3", "-0.5e3"),
        ("'relu'", '"relu"'),
    ],
)
def test_a_value_of_another_language_is_answered_with_that_of_json(word: str, right: str) -> None:
    _, (problem,) = read(f'{{"a": {word}}}', "spec.json")
    assert problem.helps == (f"write `{right}`",)
    document, problems = read(f'{{"a": {right}}}', "spec.json")
    assert document is not None and not problems


@pytest.mark.parametrize("word", ["017", "1e", "--5", "5px", "'two words'"])
def test_what_may_be_several_numbers_in_json_is_not_guessed(word: str) -> None:
    _, (problem,) = read(f'{{"a": {word}}}', "spec.json")
    assert not any(help.startswith("write `") for help in problem.helps)


@pytest.mark.parametrize("text", ["{", "\n[", "a: {#", "a:\n  - ["])
def test_a_text_that_ends_in_an_open_bracket_is_blamed_at_the_bracket(text: str) -> None:
    _, (problem,) = read(text, "a.yaml")
    assert "is not closed" in problem.message
    line, column = problem.label.place.line, problem.label.place.column
    assert text.split("\n")[line - 1][column - 1] in "{["
