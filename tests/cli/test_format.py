"""`modelc format`: which files it writes, what it prints, how it ends."""

import io
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.commands import modelc

GOOD = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}} # four numbers
  layers:
    - dense: 8
"""
WIDE = GOOD.replace("  ", "    ")


def test_files_are_written_and_listed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WIDE)
    (tmp_path / "a.yaml").chmod(0o640)
    (tmp_path / "b.yaml").write_text(GOOD)
    before = (tmp_path / "b.yaml").stat()
    ended = modelc("format", ".", cwd=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, "formatted ./a.yaml\n1 formatted, 1 unchanged\n", "")
    assert (tmp_path / "a.yaml").read_text() == GOOD
    assert stat.S_IMODE((tmp_path / "a.yaml").stat().st_mode) == 0o640
    assert (tmp_path / "b.yaml").stat() == before


def test_check_writes_nothing_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WIDE)
    ended = modelc("format", "--check", "a.yaml", cwd=tmp_path)
    assert (ended.code, ended.out) == (1, "would format a.yaml\n1 would change\n")
    assert (tmp_path / "a.yaml").read_text() == WIDE
    (tmp_path / "a.yaml").write_text(GOOD)
    again = modelc("format", "--check", "a.yaml", cwd=tmp_path)
    assert (again.code, again.out) == (0, "1 already formatted\n")


def test_text_from_stdin_comes_out_on_stdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WIDE.encode())))
    ended = modelc("format", "-", cwd=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, GOOD, "1 formatted\n")


def test_what_cannot_be_read_is_told_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("modelc: 1\nmodel: {\n")
    (tmp_path / "b.yaml").write_text(WIDE)
    (tmp_path / "c.yaml").write_bytes(b"modelc: 1\n\xff")
    (tmp_path / "d.yaml").write_text("modelc: 1\nmodel:\n    ? a\n    : 1\n")
    ended = modelc("format", "a.yaml", "b.yaml", "c.yaml", "d.yaml", cwd=tmp_path)
    assert ended.code == 1 and "a.yaml:2" in ended.out and "c.yaml:2" in ended.out and "`d.yaml` is left" in ended.err
    assert ended.out.endswith("1 formatted, 3 not formatted\n")
    assert (tmp_path / "b.yaml").read_text() == GOOD
    assert modelc("format", "nothing.yaml", cwd=tmp_path).code == 2


def test_a_spec_with_mistakes_is_laid_out_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WIDE.replace("dense", "dens"))
    assert modelc("format", "a.yaml", cwd=tmp_path).code == 0
    assert (tmp_path / "a.yaml").read_text() == GOOD.replace("dense", "dens")
