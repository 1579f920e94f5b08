"""Fixes are tried together, and judged by what a check says of the places that they are about."""

from collections.abc import Callable, Mapping

import pytest

from modelc.compiler.diagnostics.problem import Edit, Fix, Label, Place, Problem, Suggestion
from modelc.compiler.fixes.fix_session import CheckResult, FixSession, fix_spec, verified
from modelc.compiler.fixes.text_edits import apply_fixes

NAME = "spec.yaml"
TEXT = "one: aa\ntwo: bb\nthree: [cc, dd]\n"


def place(word: str, text: str = TEXT) -> Place:
    line = next(index for index, row in enumerate(text.split("\n"), 1) if word in row)
    column = text.split("\n")[line - 1].index(word) + 1
    return Place(NAME, line, column, line, column + len(word))


def problem(word: str, new: str = "", message: str = "wrong", text: str = TEXT) -> Problem:
    """What is wrong with `word`; with `new` it has a fix."""
    at = place(word, text)
    fix = Fix(f"write {new}", (Edit(at, new),)) if new else None
    suggestion = Suggestion(word, new, is_safe=True, place=at) if new else None
    return Problem("E101", message, Label(at), suggestion=suggestion, fix=fix)


def checker(find: Callable[[str], list[Problem]]) -> Callable[[Mapping[str, str]], CheckResult]:
    def check(texts: Mapping[str, str]) -> CheckResult:
        text = texts.get(NAME, TEXT)
        return CheckResult(tuple(find(text)), {NAME: text})

    return check


@pytest.mark.parametrize(
    ("at", "moved"),
    [
        ((1, 1), (1, 1)),
        ((2, 6), (2, 6)),
        ((2, 7), (2, 6)),
        ((3, 9), (3, 9)),
        ((3, 11), (3, 14)),
        ((3, 13), (3, 16)),
        ((0, 0), (0, 0)),
    ],
)
def test_a_place_moves_with_the_edits_before_it(at: tuple[int, int], moved: tuple[int, int]) -> None:
    edited = apply_fixes(TEXT, [Fix("", (Edit(place("bb"), "bbbbb"),)), Fix("", (Edit(place("cc"), "ccccc"),))])
    assert edited.text == "one: aa\ntwo: bbbbb\nthree: [ccccc, dd]\n"
    assert edited.moved(*at) == moved


def test_a_place_moves_over_lines_that_an_edit_takes_out() -> None:
    edited = apply_fixes(TEXT, [Fix("", (Edit(Place(NAME, 1, 6, 2, 6), ""),))])
    assert edited.text == "one: bb\nthree: [cc, dd]\n"
    assert (edited.moved(2, 6), edited.moved(3, 1)) == ((1, 6), (2, 1))


def test_a_fix_holds_though_the_same_is_said_of_another_place() -> None:
    """What stood behind the mistake shows once it is gone."""

    def find(text: str) -> list[Problem]:
        return [problem("aa", "AA")] if "aa" in text else [problem("bb", text=text)]

    check = checker(find)
    assert [one.fix is not None for one in verified(check, check({}))] == [True]
    assert fix_spec(check, lambda name: True).texts == {NAME: TEXT.replace("aa", "AA")}


def test_a_fix_whose_problem_stays_in_other_words_fails() -> None:
    def find(text: str) -> list[Problem]:
        return [problem("aa", "AA") if "aa" in text else problem("AA", message="still wrong", text=text)]

    check = checker(find)
    assert [one.fix for one in verified(check, check({}))] == [None]
    assert not fix_spec(check, lambda name: True).texts


def test_what_remains_is_known_by_its_place_after_the_fix() -> None:
    def find(text: str) -> list[Problem]:
        found = [problem("cc", "CCCC")] if "cc" in text else []
        return [*found, problem("dd", text=text), *([problem("bb", text=text)] if "cc" in text else [])]

    check = checker(find)
    before = check({})
    attempt = FixSession(check, before).attempt(before.problems[:1])
    assert attempt.holds
    # That of `bb` follows from `cc`, and that of `dd` has moved.
    assert attempt.remaining(before.problems) == before.problems[:2]


def test_only_files_that_may_be_edited_are_fixed() -> None:
    check = checker(lambda text: [problem("aa", "AA")] if "aa" in text else [])
    assert fix_spec(check, lambda name: False).texts == {}
    result = fix_spec(check, lambda name: name == NAME)
    assert (result.before, result.counts) == ({NAME: TEXT}, {NAME: 1})
