"""`modelc init`: the specs to begin with are written, valid, and train."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelc.cli.init import TEMPLATES, templates
from modelc.compiler.api import check_file
from modelc.compiler.language.json_schema.builder import json_schema
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import complete, read_dataset
from modelc.runtime.training.execution import choose
from modelc.runtime.training.loop import fit
from tests.cli.commands import modelc
from tests.made_data import make_mnist, make_sequences, make_table, make_text
from tests.runtime.watching import Watcher

NAMES = ("digits", "mnist", "sequence", "table", "transformer")
LINE = "# yaml-language-server: $schema=modelc.schema.json"


def test_alone_it_lists_the_templates_and_writes_nothing(tmp_path: Path) -> None:
    ended = modelc("init", cwd=tmp_path)
    assert ended.code == 0 and not list(tmp_path.iterdir())
    lines = ended.out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert all(re.fullmatch(r"\w+ +[A-Z].*\.", line) and len(line) <= 120 for line in lines)


def test_the_spec_and_the_schema_that_its_first_line_names_are_written(tmp_path: Path) -> None:
    ended = modelc("init", "digits", cwd=tmp_path)
    assert ended.code == 0
    assert ended.out == "wrote digits.yaml\nwrote modelc.schema.json\n\nnext:\n  modelc train digits.yaml\n"
    text = (tmp_path / "digits.yaml").read_text(encoding="utf-8")
    assert text == (TEMPLATES / "digits.yaml").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "modelc.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_the_first_minute(tmp_path: Path) -> None:
    assert modelc("init", "digits", cwd=tmp_path).code == 0
    ended = modelc("train", "digits.yaml", "--set", "train.epochs=1", cwd=tmp_path)
    assert ended.code == 0 and "finished 1 epoch" in ended.out


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").write_text("mine")
    ended = modelc("init", "digits", cwd=tmp_path)
    assert ended.code == 2 and "`digits.yaml` already exists" in ended.err
    assert (tmp_path / "digits.yaml").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


def test_a_schema_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "modelc.schema.json").write_text("{}")
    ended = modelc("init", "digits", "--output", "mine.yaml", cwd=tmp_path)
    assert ended.code == 0 and ended.out.startswith("wrote mine.yaml\n\n")
    assert (tmp_path / "modelc.schema.json").read_text() == "{}"


def test_the_schema_goes_beside_the_spec(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    assert modelc("init", "table", "--output", "specs/prices.yaml", cwd=tmp_path).code == 0
    assert {file.name for file in (tmp_path / "specs").iterdir()} == {"prices.yaml", "modelc.schema.json"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("digit",), "did you mean `digits`?"),
        (("resnet",), "templates: digits, mnist, sequence, table, transformer"),
        (("--output", "spec.yaml"), "`--output` needs a template"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = modelc("init", *arguments, cwd=tmp_path)
    assert ended.code == 2 and said in ended.err
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_ends_with_4(tmp_path: Path) -> None:
    ended = modelc("init", "digits", "--output", "no/such/spec.yaml", cwd=tmp_path)
    assert ended.code == 4 and "error[E604]: cannot write `no/such/spec.yaml`: no such file" in ended.err


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("data")
    make_mnist(folder)
    make_sequences(folder)
    make_table(folder)
    make_text(folder)
    return Root(folder, folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_a_commented_spec_that_trains(name: str, root: Root) -> None:
    file = TEMPLATES / f"{name}.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == [LINE, f"# {templates()[name]}"] and f"name: {name}" in lines
    assert sum(line.lstrip().startswith("#") for line in lines) >= 5
    # Few rows: what takes time here is to compile.
    few = ["data.validation=100"] if name == "mnist" else []
    checked = check_file(file, settings=["train.epochs=1", *few])
    assert checked.problems == () and checked.task is not None
    task, _ = complete(checked.task, root)
    dataset = read_dataset(task, root)
    rows = np.arange(min(dataset.train.rows, 64))
    outcome = fit(
        prepare(task), replace(dataset, train=dataset.train.take(rows)), choose(task), Watcher(), lambda: False
    )
    assert outcome.last is not None and all(np.isfinite(value) for value in outcome.last.values.values())


def test_a_template_with_comments_is_no_json(tmp_path: Path) -> None:
    ended = modelc("init", "digits", "-o", "digits.json", cwd=tmp_path)
    assert ended.code == 2 and "use a name that ends in `.yaml`" in ended.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "shown"), [("my net.yaml", "'my net.yaml'"), ("-net.yaml", "./-net.yaml")])
def test_the_next_command_can_be_typed_as_it_is_shown(tmp_path: Path, name: str, shown: str) -> None:
    ended = modelc("init", "digits", f"--output={name}", cwd=tmp_path)
    assert ended.code == 0 and ended.out.endswith(f"\n  modelc train {shown}\n")
