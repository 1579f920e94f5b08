"""`modelc schema`: the JSON Schema on standard output or in a file."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from modelc.compiler.language.json_schema.builder import json_schema
from tests.cli.commands import modelc


def test_the_schema_is_printed(tmp_path: Path) -> None:
    ended = modelc("schema", cwd=tmp_path)
    assert ended.code == 0 and json.loads(ended.out) == json_schema()


def test_the_schema_is_written_to_a_file(tmp_path: Path) -> None:
    ended = modelc("schema", "--output", "modelc.schema.json", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "modelc.schema.json").read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("command", [("schema", "-o", "out.yaml"), ("init", "digits", "-o", "out.yaml")])
def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, command: tuple[str, ...]) -> None:
    line = shlex.join([sys.executable, "-m", "modelc", *command])
    # No process of this shell can write a byte to a file; Python is told that it is too large.
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; {line}"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 4 and "error[E604]: cannot write `out.yaml`: file too large" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_ends_with_4(tmp_path: Path) -> None:
    ended = modelc("schema", "--output", "no/such/folder.json", cwd=tmp_path)
    assert ended.code == 4 and "error[E604]" in ended.err and "no such file or directory" in ended.err
