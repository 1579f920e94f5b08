"""The words that the glossary replaces do not come back: code, specs and documentation use its terms."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
FOLDERS = ("compiler", "runtime", "cli", "modelc", "docs", "specs", "benchmarks")
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
ENDINGS = {".py", ".md", ".yaml"}


def rows() -> list[list[str]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]


def replaced() -> list[str]:
    """The words of the last column, and those of the sentence below the table."""
    below = GLOSSARY.read_text(encoding="utf-8").rpartition("|\n")[2]
    return [word for text in (*(row[2] for row in rows()), below) for word in re.findall("`([^`]+)`", text)]


def texts() -> list[Path]:
    files = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        files += sorted(file for file in (ROOT / folder).rglob("*") if file.suffix in ENDINGS and file.is_file())
    return [file for file in files if file != GLOSSARY]


def test_terms_are_sorted_and_each_is_there_once() -> None:
    terms = [row[0].lower() for row in rows()]
    assert terms == sorted(set(terms))
    assert all(len(row) == 3 and row[1] for row in rows())


def test_a_word_that_is_replaced_is_found() -> None:
    assert "beyond doubt" in replaced() and "held against" in replaced()
    assert pattern("laid over").search("is laid\n    over it") and not pattern("slip").search("slippery")


def pattern(word: str) -> re.Pattern[str]:
    return re.compile(r"\b" + r"\s+".join(map(re.escape, word.split())) + r"\b", re.IGNORECASE)


@pytest.mark.parametrize("word", replaced())
def test_a_replaced_word_is_not_used(word: str) -> None:
    find = pattern(word)
    found = [
        f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        for file in texts()
        for text in [file.read_text(encoding="utf-8")]
        for match in find.finditer(text)
    ]
    assert not found, f"the glossary has another term for {word!r}"
