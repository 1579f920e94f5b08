"""Paths made of hostile pieces: what is outside of the root is never read, and every refusal is an error with its code."""

import os
import random
from pathlib import Path
from typing import Literal

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root

PIECES = (
    *("..", ".", "rows", "sub", "up", "side", "top", "loop", "pipe", "specs", "project", "etc", "passwd", "~", "~root"),
    *("", "\\", "C:", "x:", "http:", "\0", "\n", "\u202e", "\udcff", "a" * 300, " ", "-rf", "'", "`", "é"),
)

CHOSEN: tuple[Literal["spec", "option", "run"], ...] = ("spec", "option", "run")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    specs = tmp_path / "project" / "specs"
    (specs / "sub").mkdir(parents=True)
    for inside in (specs, specs / "sub"):
        (inside / "rows").write_bytes(b"inside")
    for outside in (tmp_path, tmp_path / "project"):
        (outside / "rows").write_bytes(b"outside")
    for name, target in {"up": "..", "side": "sub", "top": "/", "loop": "loop"}.items():
        (specs / name).symlink_to(target)
    os.mkfifo(specs / "pipe")
    return specs


def test_no_path_of_hostile_pieces_is_read_from_outside_or_ends_in_a_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    drawn = random.Random(0)
    found: list[str | bytes] = []
    for _ in range(1000):
        joined = drawn.choice(["/", "/", "\\", "//"]).join(drawn.choice(PIECES) for _ in range(drawn.randint(1, 4)))
        path = drawn.choice(["", "", "/", "//", f"{folder}/"]) + joined
        place = drawn.choice([folder, Path("specs"), Path("specs/sub"), Path("missing"), folder / "rows", Path("a\0b")])
        beside = drawn.choice([None, folder, Path(".."), Path("x\0")])
        found.append(outcome(Root(place, folder, drawn.choice(CHOSEN), beside), path))
    assert set(found) == {"E405", b"inside"}


def outcome(root: Root, path: str) -> str | bytes:
    """What is read, or the code of the refusal."""
    try:
        with root.open(path) as file:
            return file.read()
    except RunError as error:
        return error.code
