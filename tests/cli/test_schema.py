"""`modelc schema`: the JSON Schema on standard output or in a file."""

import json
from pathlib import Path

from modelc.compiler.language.json_schema.builder import json_schema
from tests.cli.commands import modelc


def test_the_schema_is_printed(tmp_path: Path) -> None:
    ended = modelc("schema", cwd=tmp_path)
    assert ended.code == 0 and json.loads(ended.out) == json_schema()


def test_the_schema_is_written_to_a_file(tmp_path: Path) -> None:
    ended = modelc("schema", "--output", "modelc.schema.json", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "modelc.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_a_file_that_cannot_be_written_ends_with_2(tmp_path: Path) -> None:
    ended = modelc("schema", "--output", "no/such/folder.json", cwd=tmp_path)
    assert ended.code == 2 and "no such file or directory" in ended.err
