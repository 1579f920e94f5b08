"""The help for a path that a spec may not read: whoever follows it, word for word, finds the error gone."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc

MODEL = "model: {inputs: {x: {shape: [4]}}, layers: [{dense: {units: 3, activation: softmax}, name: y}]}\n"
TRAIN = "train: {loss: cross_entropy, optimizer: adam, epochs: 1}\n"
DATA = "data: {source: {npz: PATH}, targets: {y: {category: y}}}\n"
OF_DATA = f"modelc: 1\n{MODEL}{DATA}{TRAIN}"
EXTENDING = "modelc: 1\nextends: PATH\n"
REMOVING = "modelc: 1\nextends: {file: PATH, remove: [train]}\n"
USING = "modelc: 1\nblocks: {B: {use: PATH}}\nmodel: {inputs: {x: {shape: [4]}}, layers: [B]}\n"
BASE = f"modelc: 1\n{MODEL}{TRAIN}"
HELP = re.compile(r"help: (?:or )?write `(?:\w+: )?(?P<path>[^`]+)`(?: and add `--root (?P<root>[^`]+)`)?")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project with a spec in a folder, and files of every kind in it, beside it and elsewhere."""
    for folder in ("project/specs/sub", "project/data", "project/odd name's", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("project/data/rows", "project/specs/rows", "project/specs/sub/rows", "elsewhere/rows"):
        save_rows(tmp_path / f"{name}.npz")
    for folder in ("project/data", "project/specs", "project/specs/sub", "elsewhere"):
        (tmp_path / folder / "base.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "project/odd name's/base.yaml").write_text(BASE, encoding="utf-8")
    save_rows(tmp_path / "project/odd name's/rows.npz")
    for kind in ("rows.npz", "base.yaml"):
        (tmp_path / f"project/specs/linked-{kind}").symlink_to(f"../data/{kind}")
        (tmp_path / f"project/specs/absolute-{kind}").symlink_to(tmp_path / "elsewhere" / kind)
    (tmp_path / "project/specs/linked").symlink_to("../data")
    return tmp_path


def save_rows(path: Path) -> None:
    np.savez(path, x=np.zeros((9, 4), np.float32), y=np.arange(9) % 3)


def validate(spec: Path, text: str, path: str, cwd: Path, root: str | None) -> Ended:
    spec.write_text(text.replace("PATH", path), encoding="utf-8")
    chosen = () if root is None else ("--root", root)
    return modelc("validate", "--data", *chosen, os.path.relpath(spec, cwd), cwd=cwd)


def follow(ended: Ended) -> tuple[str, str | None]:
    """The path and the root that a message says to write."""
    found = HELP.search(ended.out)
    assert found is not None, ended.out
    words = None if found["root"] is None else shlex.split(found["root"])
    assert words is None or len(words) == 1
    return found["path"], words[0] if words else None


WRONG = {
    "up": "../data/FILE",
    "further up": "../../elsewhere/FILE",
    "up and down again": "../specs/FILE",
    "up in the middle": "sub/../FILE",
    "up too far in the middle": "sub/../../data/FILE",
    "absolute": "TMP/elsewhere/FILE",
    "absolute, of its own folder": "TMP/project/specs/FILE",
    "a link": "linked-FILE",
    "an absolute link": "absolute-FILE",
    "a linked folder": "linked/FILE",
    "in quotes": '"../odd name\'s/FILE"',
}
TEXTS: Mapping[str, tuple[str, str]] = {
    "data": (OF_DATA, "rows.npz"),
    "extends": (EXTENDING, "base.yaml"),
    "extends with remove": (REMOVING, "base.yaml"),
    "use": (USING, "base.yaml"),
}
INCLUDING = tuple(TEXTS)[1:]


CASES = [(way, kind) for place, way in enumerate(WRONG) for kind in ("data", INCLUDING[place % 3])]
"""Every way with data and with one of the others, whose paths are read by the same function."""


@pytest.mark.parametrize(("way", "kind"), CASES)
def test_what_a_help_says_to_write_is_read(place: Path, way: str, kind: str) -> None:
    text, file = TEXTS[kind]
    cwd = {"data": "project/specs", "extends": "project", "use": "elsewhere"}.get(kind, ".")
    spec = place / "project/specs/spec.yaml"
    path = WRONG[way].replace("FILE", file).replace("TMP", str(place))
    ended = validate(spec, text, path, place / cwd, None)
    assert ended.code == 1 and re.search(r"E405|E010", ended.out)
    better, root = follow(ended)
    ended = validate(spec, text, better, place / cwd, root)
    assert ended.code == 0, ended.out


@pytest.mark.parametrize(("way", "kind"), CASES)
def test_a_root_that_was_widened_first_leads_to_the_path_that_is_then_right(place: Path, way: str, kind: str) -> None:
    text, file = TEXTS[kind]
    spec = place / "project/specs/spec.yaml"
    path = WRONG[way].replace("FILE", file).replace("TMP", str(place))
    root = {"data": "../..", "extends": "/", "use": str(place)}.get(kind, "../..")
    ended = validate(spec, text, path, spec.parent, root)
    assert ended.code == 1, ended.out
    better, other = follow(ended)
    assert other is None, "the root has the file already"
    ended = validate(spec, text, better, spec.parent, root)
    assert ended.code == 0, ended.out


@pytest.mark.parametrize("kind", TEXTS)
def test_a_path_from_the_spec_is_answered_with_the_one_from_the_root(place: Path, kind: str) -> None:
    text, file = TEXTS[kind]
    spec = place / "project/specs/spec.yaml"
    assert validate(spec, text, f"sub/{file}", place, None).code == 0
    ended = validate(spec, text, f"sub/{file}", place, "project")
    assert follow(ended) == (f"specs/sub/{file}", None)
    assert validate(spec, text, f"specs/sub/{file}", place, "project").code == 0


@pytest.mark.parametrize("path", ["rows.npz", "../data/rows.npz", "../../data/rows.npz"])
def test_the_path_of_data_in_an_extended_file_of_another_folder_is_answered_too(place: Path, path: str) -> None:
    specs = place / "project/specs"
    (specs / "sub/spec.yaml").write_text(OF_DATA.replace("PATH", path), encoding="utf-8")
    (specs / "rows.npz").unlink()
    (specs / "data").mkdir()
    (specs / "sub/rows.npz").rename(specs / "data/rows.npz")
    save_rows(specs / "sub/rows.npz")
    ended = validate(specs / "spec.yaml", EXTENDING, "sub/spec.yaml", specs, None)
    better, root = follow(ended)
    (specs / "sub/spec.yaml").write_text(OF_DATA.replace("PATH", better), encoding="utf-8")
    above = "" if root is None else "specs/"
    ended = validate(specs / "spec.yaml", EXTENDING, f"{above}sub/spec.yaml", specs, root)
    assert ended.code == 0, ended.out


@pytest.mark.parametrize(
    ("path", "help"),
    [
        ("sub\\rows.npz", "write `sub/rows.npz`: paths are relative to the folder of the spec"),
        ("https://example.org/rows.npz", "download it, and copy the file into the folder of the spec"),
        ("C:/rows.npz", "copy the file into the folder of the spec"),
        ("missing.npz", "paths are relative to the folder of the spec, or to `--root DIR`"),
        ("missing.npz/", "write `missing.npz`: a `/` at the end is for folders"),
        ("sub/missing.npz//", "write `sub/missing.npz`: a `/` at the end is for folders"),
        ("sub/row.npz/", "did you mean `sub/rows.npz`?"),
        ("..", "copy the file into the folder of the spec"),
    ],
)
def test_paths_of_other_forms_have_a_help_too(place: Path, path: str, help: str) -> None:
    ended = validate(place / "project/specs/spec.yaml", OF_DATA, f"'{path}'", place, None)
    assert "E405" in ended.out and f"help: {help}" in ended.out


def test_other_paths_of_the_spec_are_said_to_begin_at_the_new_root_too(place: Path) -> None:
    spec = place / "project/specs/spec.yaml"
    ended = validate(spec, f"{EXTENDING.replace('PATH', 'base.yaml')}{DATA}", "../data/rows.npz", place, None)
    help = (
        "write `data/rows.npz` and add `--root project`: all paths then begin at that folder, the others with `specs/`"
    )
    assert help in ended.out
    text = f"{EXTENDING.replace('PATH', 'specs/base.yaml')}{DATA}"
    assert validate(spec, text, "data/rows.npz", place, "project").code == 0


@pytest.mark.parametrize("kind", TEXTS)
def test_a_path_from_the_current_folder_is_answered_with_the_root_that_makes_it_right(place: Path, kind: str) -> None:
    text, file = TEXTS[kind]
    spec, cwd = place / "project/specs/spec.yaml", place / "project"
    ended = validate(spec, text, f"data/{file}", cwd, None)
    assert "there is no file" in ended.out
    assert "add `--root .`: then all paths do, and the others begin with `specs/`" in ended.out
    assert validate(spec, text, f"data/{file}", cwd, ".").code == 0


def test_a_root_whose_name_a_shell_would_split_is_quoted(place: Path) -> None:
    spec = place / "project/odd name's/spec.yaml"
    ended = validate(spec, OF_DATA, "/nowhere/rows.npz", place / "project", "odd name's")
    assert "points outside" not in ended.out and "is absolute, and paths begin at the root `odd name's`" in ended.out
    ended = validate(spec, OF_DATA, "x.npz", place / "project", "odd name's")
    assert """paths begin at the folder of `--root 'odd name'"'"'s'`""" in ended.out


@pytest.mark.parametrize(
    ("text", "path", "meant"),
    [
        (EXTENDING, "base", "base.yaml"),
        (EXTENDING, "sub/base", "sub/base.yaml"),
        (EXTENDING, "bsae.yaml", ""),
        (OF_DATA, "row.npz", "rows.npz"),
        (OF_DATA, "sub/rosw.npz", "sub/rows.npz"),
        (OF_DATA, "base.npz", ""),
        (OF_DATA, "rows2.npz", ""),
        (EXTENDING, "rows.yaml", ""),
        (EXTENDING, "gone/base.yaml", ""),
    ],
)
def test_a_file_of_almost_that_name_is_named(place: Path, text: str, path: str, meant: str) -> None:
    spec = place / "project/specs/spec.yaml"
    ended = validate(spec, text, path, spec.parent, None)
    assert ended.code == 1
    assert ("did you mean" in ended.out) == bool(meant)
    if meant:
        assert f"help: did you mean `{meant}`?" in ended.out
        assert validate(spec, text, meant, spec.parent, None).code == 0
