"""The reference in `docs/reference` is what the classes say; `MODELC_UPDATE=1` writes it anew."""

import os
from pathlib import Path

import pytest

from modelc.compiler.pages import pages

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_classes_say(name: str) -> None:
    if os.environ.get("MODELC_UPDATE"):
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / name).write_text(PAGES[name], encoding="utf-8")
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name]


def test_no_page_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)
