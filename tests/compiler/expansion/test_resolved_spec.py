"""The resolved spec: valid, of the same model to the last weight, with the origin of each value."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.api import Checked, check_file
from modelc.compiler.expansion.resolved_spec import resolve
from modelc.compiler.expansion.yaml_writer import to_data, to_yaml
from modelc.compiler.explain.summary import summarize
from tests.shipped_specs import SPECS
from tests.test_docs import ROOT, Block, blocks

BASE = """\
modelc: 1
name: base
vars:
  width: 16
  act: {leaky_relu: 0.1}
  "odd": $$5
blocks:
  Brick:
    params: {units: int, rate: "${width / 100}"}
    layers:
      - dense: {units: $units, activation: $act}
      - dense: "${units + width}"
      - dropout: $rate
model:
  inputs: {x: {shape: [4]}}
  layers:
    - Brick: $width
    - {Brick: {units: 3}, repeat: 2}
    - dense: {units: "${2 * width}"}
      name: last
data:
  source: {npz: rows.npz}
  targets: {last: {array: {column: $odd}}}
  validation: 0.1
train: {loss: mean_squared_error, optimizer: adam, epochs: 2, metrics: [mean_absolute_error]}
"""
OWN = """\
modelc: 1
name: own
extends: {file: base.yaml, remove: [train.metrics]}
vars: {width: 8}
train: {optimizer: {adam: {learning_rate: 0.1}}}
"""
USING = """\
modelc: 1
extends: {file: own.yaml, remove: [data.targets]}
blocks: {Tower: {use: base.yaml, output: Brick}}
model:
  inputs: {x: {shape: [4]}}
  layers: [Tower, Brick: $width, dense: {units: 32}]
data: {targets: {output: {array: y}}}
"""
RESOLVED = """\
modelc: 1                          # own.yaml:1
name: own                          # own.yaml:2
vars:
  width: 12                        # --set vars.width=12
blocks:
  Brick:
    params:
      units: int                   # base.yaml:9
      rate: 0.12                   # ${width / 100}, base.yaml:9
    layers:
      - dense:
          units: $units            # base.yaml:11
          activation:
            leaky_relu: 0.1        # vars.act.leaky_relu, base.yaml:5
      - dense: "${units + width}"  # base.yaml:12
      - dropout: $rate             # base.yaml:13
model:
  inputs:
    x:
      shape: [4]                   # base.yaml:15
  layers:
    - Brick: 12                    # --set vars.width=12
    - Brick:
        units: 3                   # base.yaml:18
      repeat: 2                    # base.yaml:18
    - dense:
        units: 24                  # ${2 * width}, base.yaml:19
      name: last                   # base.yaml:20
data:
  source:
    npz: rows.npz                  # base.yaml:22
  targets:
    last:
      array:
        column: "$$5"              # vars.odd, base.yaml:6
  validation: 0.1                  # base.yaml:24
train:
  loss: mean_squared_error         # base.yaml:25
  optimizer:
    adam:
      learning_rate: 0.1           # own.yaml:5
  epochs: 5                        # --set train.epochs=5
"""


def resolved(path: Path, *settings: str) -> tuple[Checked, str]:
    """What is checked at `path`, and its resolved text."""
    checked = check_file(path, path.name, settings)
    assert not checked.errors, checked.errors[0].message
    assert checked.document is not None
    return checked, to_yaml(resolve(checked.document), checked.sources)


def facts(checked: Checked) -> Any:
    assert checked.task is not None
    return summarize(checked.task)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("base.yaml", BASE), ("own.yaml", OWN), ("using.yaml", USING)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_each_value_is_there_with_where_it_comes_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    _, text = resolved(folder / "own.yaml", "vars.width=12", "train.epochs=5")
    assert text == RESOLVED


def same_model(path: Path, *settings: str) -> None:
    checked, text = resolved(path, *settings)
    again = path.with_name("resolved.yaml")
    again.write_text(text, encoding="utf-8")
    second, repeated = resolved(again)
    assert facts(second) == facts(checked)
    # Comments are not taken over, and so not what they suppress.
    assert not second.problems or "# modelc: ignore" in path.read_text(encoding="utf-8")
    assert without_comments(repeated) == without_comments(text)


def without_comments(text: str) -> list[str]:
    return [line.partition("  # ")[0].rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_resolves_to_the_same_model(spec: Path, tmp_path: Path) -> None:
    copy = tmp_path / spec.name
    copy.write_text(spec.read_text(encoding="utf-8"), encoding="utf-8")
    same_model(copy)


SHOWN = [block for block in blocks(ROOT / "docs" / "language.md") if block.language == "yaml"]


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: f"line{block.line}")
def test_a_spec_of_the_language_reference_resolves_to_the_same_model(block: Block, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    for other in SHOWN:
        if other.words:
            (tmp_path / other.words[0]).write_text(other.text, encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(block.text, encoding="utf-8")
    same_model(tmp_path / "spec.yaml")


@pytest.mark.parametrize("name", ["base.yaml", "own.yaml", "using.yaml"])
def test_files_blocks_and_settings_resolve_to_the_same_model(name: str, folder: Path) -> None:
    same_model(folder / name, "vars.width=9")


def test_a_file_that_is_used_as_a_block_stays_a_path(folder: Path) -> None:
    checked, text = resolved(folder / "using.yaml", "train.epochs=5")
    assert "      use: base.yaml" not in text and "    use: base.yaml " in text
    assert checked.document is not None
    data = to_data(resolve(checked.document))
    assert data["blocks"]["Tower"] == {"use": "base.yaml", "output": "Brick"}
    assert data["train"]["epochs"] == 5


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "null",
        "1",
        "1.5",
        "a: b",
        "- a",
        "#",
        "",
        "$$",
        "'",
        '"',
        "\u00e9 \u2028",
        "~",
        "1e3",
        "a\\b",
        "long " * 40,
    ],
)
def test_any_text_is_read_as_it_was_written(text: str, tmp_path: Path) -> None:
    shown = json.dumps(text)
    spec = f"modelc: 1\ndescription: {shown}\nmodel: {{inputs: {{x: {{shape: [4]}}}}, layers: [relu]}}\n"
    (tmp_path / "spec.yaml").write_text(spec, encoding="utf-8")
    checked, written_text = resolved(tmp_path / "spec.yaml")
    (tmp_path / "again.yaml").write_text(written_text, encoding="utf-8")
    again = check_file(tmp_path / "again.yaml")
    assert checked.data is not None and again.data is not None and not again.problems
    assert again.data["description"] == checked.data["description"] == text


def test_an_expression_on_several_lines_is_told_on_one(tmp_path: Path) -> None:
    spec = BASE.replace('"${2 * width}"', '"${(2 *\\n width)}"')
    (tmp_path / "spec.yaml").write_text(spec, encoding="utf-8")
    same_model(tmp_path / "spec.yaml", "description=two words")


def test_a_dollar_in_a_file_that_is_taken_over_is_one(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE.replace("name: base", "description: $$5"), encoding="utf-8")
    (tmp_path / "own.yaml").write_text("modelc: 1\nextends: base.yaml\n", encoding="utf-8")
    task = check_file(tmp_path / "own.yaml").task
    assert task is not None and task.spec.description == "$5"


def test_a_default_that_is_the_word_of_a_type_stays_none(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "modelc: 1\nvars: {kind: float, act: tanh}\n"
        "blocks: {B: {params: {units: int, pad: $kind, act: $act}, "
        "layers: [dense: {units: \"${units if pad == 'float' else 2}\", activation: $act}]}}\n"
        "model: {inputs: {x: {shape: [4]}}, layers: [B: 3]}\n",
        encoding="utf-8",
    )
    same_model(spec)
    text = resolved(spec)[1]
    assert "pad: $kind" in text and "act: tanh" in text
