"""`modelc validate --fix`: which files it writes and how, what it prints, how it ends."""

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.commands import modelc

GOOD = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}   # four numbers
  layers: [dense: {units: 3, activation: relu}, dense: 2]
"""
BAD = GOOD.replace("dense: 2", "dens: 2").replace("units", "unit")
LEFT = BAD.replace("modelc: 1", "modelc: 1\nwibble: 3")


def test_files_are_corrected_and_the_rest_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.yaml").write_text(LEFT)
    (tmp_path / "c.yaml").write_text(GOOD)
    before = (tmp_path / "c.yaml").stat()
    ended = modelc("validate", "--fix", ".", cwd=tmp_path)
    assert (tmp_path / "a.yaml").read_text() == GOOD
    assert (tmp_path / "b.yaml").read_text() == GOOD.replace("modelc: 1", "modelc: 1\nwibble: 3")
    after = (tmp_path / "c.yaml").stat()
    # It is read, which may change its time of access.
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    assert ended.code == 1
    assert "unknown key `wibble`" in ended.out
    assert ended.out.endswith("fixed 4 in 2 files\n1 error in 1 of 3 files\n")
    again = modelc("validate", "--fix", "a.yaml", cwd=tmp_path)
    assert (again.code, again.out) == (0, "1 file is valid\n")


def test_the_difference_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    ended = modelc("validate", "--fix", "--diff", "a.yaml", cwd=tmp_path)
    assert (tmp_path / "a.yaml").read_text() == BAD
    assert ended.code == 1 and ended.err == "would fix 2 in 1 file\n1 file would be valid\n"
    patched = subprocess.run(
        ["patch", "-p0"], input=ended.out, cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert patched.returncode == 0, patched.stdout
    assert (tmp_path / "a.yaml").read_text() == GOOD
    assert modelc("validate", "--fix", "--diff", "a.yaml", cwd=tmp_path).code == 0
    assert modelc("validate", "--diff", "a.yaml", cwd=tmp_path).code == 2


def test_text_from_stdin_comes_out_on_stdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEFT.encode())))
    ended = modelc("validate", "--fix", "-", cwd=tmp_path)
    assert ended.out == GOOD.replace("modelc: 1", "modelc: 1\nwibble: 3")
    assert ended.code == 1 and "<stdin>:2:1" in ended.err and "fixed 2 in 1 file\n" in ended.err


def test_only_files_that_were_named_are_written(tmp_path: Path) -> None:
    (tmp_path / "_base.yaml").write_text(BAD)
    (tmp_path / "top.yaml").write_text("modelc: 1\nextends: _base.yaml\nname: top\n")
    alone = modelc("validate", "--fix", "top.yaml", cwd=tmp_path)
    assert alone.code == 1 and (tmp_path / "_base.yaml").read_text() == BAD
    assert "fixed" not in alone.out
    both = modelc("validate", "--fix", "top.yaml", "_base.yaml", cwd=tmp_path)
    assert both.code == 0 and (tmp_path / "_base.yaml").read_text() == GOOD
    assert both.out == "fixed 2 in 1 file\n2 files are valid\n"


def test_values_from_the_command_line_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    ended = modelc("validate", "--fix", "a.yaml", "--set", "model.layers.0.dense.activation=rellu", cwd=tmp_path)
    assert ended.code == 1 and (tmp_path / "a.yaml").read_text() == GOOD


def test_a_mistake_in_a_block_of_many_uses_is_corrected_once(tmp_path: Path) -> None:
    text = """\
modelc: 1
blocks: {Unit: {params: {size: int}, layers: [dense: {unit: $size}]}}
model:
  inputs: {x: {shape: [4]}}
  layers: [Unit: 3, Unit: 4, {Unit: 5, repeat: 2}]
"""
    (tmp_path / "a.yaml").write_text(text)
    ended = modelc("validate", "--fix", "a.yaml", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "fixed 1 in 1 file\n1 file is valid\n")
    assert (tmp_path / "a.yaml").read_text() == text.replace("unit:", "units:")


def test_mode_links_byte_order_mark_and_line_ends_stay(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").encode()
    (tmp_path / "a.yaml").write_bytes(data)
    (tmp_path / "a.yaml").chmod(0o640)
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    assert modelc("validate", "--fix", "link.yaml", cwd=tmp_path).code == 0
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "a.yaml").read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert stat.S_IMODE((tmp_path / "a.yaml").stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["a.yaml", "link.yaml"]


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelc.cli import fixing

    (tmp_path / "a.yaml").write_text(BAD)
    written = fixing.write_fixed

    def late(fixed: fixing.Fixed, names: Mapping[str, str]) -> bool:
        (tmp_path / "a.yaml").write_text("name: other\n")
        return written(fixed, names)

    monkeypatch.setattr(fixing, "write_fixed", late)
    ended = modelc("validate", "--fix", "a.yaml", cwd=tmp_path)
    assert ended.code == 4 and "was changed by another program in the meantime" in ended.err
    assert (tmp_path / "a.yaml").read_text() == "name: other\n"


def test_json_has_the_edits_of_each_fix_that_was_tried(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LEFT)
    report = json.loads(modelc("validate", "--format", "json", "a.yaml", cwd=tmp_path).out)
    fixes = {entry["message"]: entry["fix"] for entry in report["diagnostics"]}
    assert fixes["unknown key `wibble` in a spec"] is None
    assert fixes["unknown layer `dens`"] == {
        "title": "write `dense` for `dens`",
        "edits": [
            {
                "file": "a.yaml",
                "range": {"start": {"line": 5, "column": 48}, "end": {"line": 5, "column": 52}},
                "text": "dense",
            }
        ],
    }
    log = json.loads(modelc("validate", "--format", "sarif", "a.yaml", cwd=tmp_path).out)
    assert sum("fixes" in result for result in log["runs"][0]["results"]) == 2
