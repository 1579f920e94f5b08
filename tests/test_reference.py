"""The reference in `docs/reference` is what the classes say; `docs/build_reference.py` writes it."""

import re
from pathlib import Path
from typing import Any

import keras
import pytest

from docs.build_reference import DOCS, FOLDER, GUIDES, build, outdated, pages, with_tables
from modelc.compiler.explain.counterparts import pages as counterparts
from modelc.compiler.explain.entries import plural
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.library.registries import TABLES

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_classes_say(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name]


def test_no_page_is_left_over() -> None:
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md")} == PAGES.keys()


def test_building_writes_what_differs_and_removes_what_is_left_over(tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    for name in PAGES:
        (tmp_path / name).write_text(PAGES[name], encoding="utf-8")
    assert outdated(tmp_path) == []
    (tmp_path / "losses.md").write_text("old", encoding="utf-8")
    (tmp_path / "layers" / "gone.md").write_text("gone", encoding="utf-8")
    (tmp_path / "README.md").unlink()
    assert outdated(tmp_path) == ["README.md", "layers/gone.md", "losses.md"]
    build(tmp_path)
    assert outdated(tmp_path) == []


def test_every_layer_has_a_page_with_all_that_a_page_has() -> None:
    for name in LAYERS:
        if name not in ACTIVATIONS:
            text = PAGES[f"layers/{name}.md"]
            assert text.startswith(f"# {name}\n")
            assert "\n```text\n" in text and "Equivalents: Keras " in text
            # What "described above" refers to has to be there.
            assert "\nMasks: " in text and (
                LAYERS.find(name).masking != "use" or "mask" in text.partition("\nMasks: ")[0].lower()
            )
            for argument in LAYERS.find(name).model_fields:
                assert f"| `{argument}` |" in text


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_what_is_called_the_same_in_keras_is_there(table: Registry[Any]) -> None:
    for name in table:
        if path := table.find(name).keras:
            found: Any = keras
            for part in path.split("."):
                assert hasattr(found, part), f"{name}: there is no keras.{path}"
                found = getattr(found, part)
            assert callable(found)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_the_same_thing_elsewhere_is_named_once_and_answered(table: Registry[Any]) -> None:
    """PyTorch is no dependency of the tests: its names are held to their form only."""
    names = [name for name in table if table is not LAYERS or name not in ACTIVATIONS]
    for attribute in ("keras", "torch"):
        given = {name: path for name in names if (path := getattr(table.find(name), attribute))}
        assert len(set(given.values())) == len(given)
        for name, path in given.items():
            assert suggest(f"{attribute}.{path}", table).new == name
            if attribute == "torch":
                modules = r"nn|nn\.init|nn\.functional|nn\.utils\.parametrizations|optim|optim\.lr_scheduler|Tensor"
                assert re.fullmatch(rf"(({modules})\.)?[A-Za-z_0-9]+", path)


MADE_OF_OTHERS = {"from_keras.md": [], "from_pytorch.md": ["arguments"]}
"""The tables that are made neither of classes nor of counterparts."""


@pytest.mark.parametrize("guide", GUIDES)
def test_the_tables_of_a_page_are_those_of_the_classes_and_rows(guide: str) -> None:
    text = (DOCS / guide).read_text(encoding="utf-8")
    assert with_tables(text, guide) == text
    framework, attribute = GUIDES[guide]
    named = {plural(table.kind) for table in TABLES if any(getattr(table.find(name), attribute) for name in table)}
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == {
        *counterparts()[framework],
        *named,
        *MADE_OF_OTHERS[guide],
    }
