"""Comments that take warnings back: of their line and of the codes that they name, and never errors."""

from pathlib import Path

import pytest

from modelc.compiler.api import check, check_file

SPEC = """\
modelc: 1
vars: {idle: 3}%s
model:
  inputs: {x: {shape: [4]}}
  nodes:
    probe: {from: x, dense: 8}%s
    price: {from: x, dense: 1}%s
  outputs: [price]
"""


def found(*comments: str, spec: str = SPEC) -> list[str]:
    text = spec % (*comments, *[""] * (3 - len(comments)))
    return sorted(problem.code for problem in check(text, "spec.yaml").problems)


@pytest.mark.parametrize(
    "comment",
    [
        "  # modelc: ignore W909",
        "  #modelc:ignore W909",
        "  # modelc: ignore W909, it will be of use",
        " # modelc: ignore W909 ",
    ],
)
def test_a_comment_takes_back_the_warning_of_its_line(comment: str) -> None:
    assert found() == ["W901", "W909"]
    assert found(comment) == ["W901"]
    assert found(comment, "  # modelc: ignore W901") == []


def test_it_holds_for_its_line_and_for_its_codes_only() -> None:
    assert found("", "", "  # modelc: ignore W901") == ["W901", "W909", "W910"]
    assert found("  # modelc: ignore W901") == ["W901", "W909", "W910"]
    assert found("  # modelc: ignore W901 W909") == ["W901", "W910"]


def test_one_comment_may_name_several_codes() -> None:
    spec = """\
modelc: 1
model: {inputs: {x: {shape: [4]}, y: {shape: [2]}}, nodes: {a: {from: x, dense: 1}, b: {from: x, dense: 1}}, outputs: [a]}%s%s%s
"""
    assert found(spec=spec) == ["W901", "W902"]
    assert found("  # modelc: ignore W901, W902", spec=spec) == []
    assert found("  # modelc: ignore W902 W901", spec=spec) == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("  # modelc: ignore", "the comment names no warning"),
        ("  # modelc: ignore all", "the comment names no warning"),
        ("  # modelc: ignore E101", "`E101` is an error, which no comment suppresses"),
        ("  # modelc: ignore W999", "there is no warning `W999`"),
        ("  # modelc: ignore w901", "there is no warning `w901`"),
        ("  # modelc: ignore W910", "`W910` cannot be suppressed: it is the warning about such comments"),
    ],
)
def test_a_comment_that_can_take_nothing_back_is_a_warning(comment: str, message: str) -> None:
    problems = check(SPEC % ("", "", comment), "spec.yaml").problems
    (told,) = [problem for problem in problems if problem.code == "W910"]
    assert told.message == message
    assert told.label.place.line == 7


def test_errors_stay_and_say_so_at_the_comment() -> None:
    problems = check(SPEC.replace("dense: 1", "dens: 1") % ("", "", "  # modelc: ignore E101"), "spec.yaml").problems
    assert {problem.code for problem in problems} >= {"E101", "W910"}


def test_with_errors_nothing_is_said_of_a_comment_that_may_be_of_use_yet() -> None:
    text = SPEC.replace("dense: 1", "dens: 1") % ("", "  # modelc: ignore W901", "")
    assert [problem.code for problem in check(text, "spec.yaml").problems if problem.code == "W910"] == []


def test_what_stands_in_a_text_is_no_comment() -> None:
    text = (SPEC % ("", "", "")).replace("vars: {idle: 3}", 'description: "a # modelc: ignore W901"')
    assert [problem.code for problem in check(text, "spec.yaml").problems] == ["W901"]
    folded = (SPEC % ("", "", "")).replace("vars: {idle: 3}", "description: |\n  a\n  # modelc: ignore W909\n  b")
    assert [problem.code for problem in check(folded, "spec.yaml").problems] == ["W901"]


def test_a_comment_holds_in_the_file_that_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "_base.yaml").write_text(SPEC % ("", "  # modelc: ignore W901", "  # modelc: ignore W904"))
    (tmp_path / "top.yaml").write_text("modelc: 1\nextends: _base.yaml\n")
    assert check_file(tmp_path / "top.yaml").problems == ()
    assert [problem.code for problem in check_file(tmp_path / "_base.yaml").problems] == ["W909", "W910"]
    (tmp_path / "_base.yaml").write_text(SPEC % ("", "", ""))
    assert [problem.code for problem in check_file(tmp_path / "top.yaml").problems] == ["W901"]


@pytest.mark.parametrize("said", ["MODELC: ignore", "modelc: Ignore", "modelc : ignore", "modelc: disable"])
def test_a_comment_that_is_nearly_one_is_answered(said: str) -> None:
    text = SPEC % (f"  # {said} W909", "", "")
    problem = next(one for one in check(text, "spec.yaml").problems if one.code == "W910")
    assert problem.message == f"`{said}` suppresses nothing"
    assert problem.helps == ("write `# modelc: ignore W901`",)
