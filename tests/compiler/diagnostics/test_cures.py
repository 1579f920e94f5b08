"""The help of each error, followed to the letter: beside a spec of `golden` stands in `golden/mended` the spec that was meant.

It is valid, what the help says to write stands in it, and each error marks a line that differs.
"""

import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.problem import Problem

FOLDER = Path(__file__).parent / "golden"
MENDED = sorted((FOLDER / "mended").glob("*.yaml"))
WORD_FOR_WORD = re.compile(r"(?:write|did you mean) (`[^`]+`(?: and `[^`]+`)?)")


def changed_lines(wrong: list[str], right: list[str]) -> set[int]:
    """Numbers of the lines of `wrong` that are others in `right`; of lines that are only added, those around them."""
    changed = set[int]()
    for tag, first, last, _, _ in SequenceMatcher(None, wrong, right, autojunk=False).get_opcodes():
        if tag != "equal":
            changed |= set(range(first + 1, last + 1)) if tag != "insert" else {first, first + 1}
    return changed


def to_be_written(problem: Problem) -> list[str]:
    """What the helps give word for word, without what only shows a form."""
    quoted = [text for help_ in problem.helps for text in WORD_FOR_WORD.findall(help_)]
    return [word for text in quoted for word in re.findall("`([^`]+)`", text) if "..." not in word]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("mended", MENDED, ids=lambda path: path.stem)
def test_the_help_leads_to_the_spec_that_was_meant(mended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    assert not check_file(mended).problems
    wrong, right = (path.read_text("utf-8") for path in (FOLDER / mended.name, mended))
    problems = check_file(Path(mended.name)).problems
    changed = changed_lines(wrong.splitlines(), right.splitlines())
    for problem in problems:
        assert changed & {label.place.line for label in (problem.label, *problem.related)}, problem.message
        assert all(squeezed(word) in squeezed(right) for word in to_be_written(problem)), problem.helps


def test_no_mended_spec_is_left_over() -> None:
    assert {path.name for path in MENDED} <= {path.name for path in FOLDER.glob("*.yaml")}
