"""The commands that messages suggest: a shell reads in them the very file or run that is meant, whatever its name is."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.runtime.runs.test_run_directory import make

SPEC = """modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: {units: 3, activation: softmax}, name: y}]}
data: {source: {npz: rows.npz}, targets: {y: {category: y}}, validation: 3}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
NAMES = ("-rf", "it's", '"$(id)" *', "a\nb", "\u202e##[x]", "a\udcffb")
COMMANDS = re.compile(r"(?:`|^  )(modelc [a-z]+ (?:\$?'(?:[^'\\]|\\.)*'|\"'\"|[^`\n'])*)", re.MULTILINE)
"""The commands of a message, in backticks or on lines of their own; in quotes, anything may stand."""


def suggested(ended: Ended) -> list[list[str]]:
    """The words of each command that a message suggests, as bash reads them."""
    found = []
    for line in COMMANDS.findall(ended.out + ended.err):
        done = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, cwd="/")
        found.append(done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])
    return found


def as_path(name: str) -> str:
    return f"./{name}" if name.startswith("-") else name


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("name", NAMES)
def test_the_first_spec_is_trained_by_the_command_that_init_prints(tmp_path: Path, name: str) -> None:
    ended = modelc("init", "digits", f"--output={name}.yaml", cwd=tmp_path)
    assert suggested(ended) == [["modelc", "train", as_path(f"{name}.yaml")]]
    assert (tmp_path / f"{name}.yaml").is_file()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("name", NAMES)
def test_a_misspelt_spec_is_answered_with_a_word_that_a_shell_reads(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}-spec.yaml").write_text(SPEC)
    ended = modelc("summary", "--", f"{name}-spce.yaml", cwd=tmp_path)
    found = re.search(r"did you mean `(.*)`\?", ended.err)
    assert ended.code == 2 and found is not None
    read = subprocess.run(["bash", "-c", f"printf '%s\\0' {found[1]}"], capture_output=True, check=True, cwd="/")
    assert read.stdout.decode("utf-8", "surrogateescape") == as_path(f"{name}-spec.yaml") + "\0"


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("name", NAMES)
def test_a_failed_run_is_named_in_a_word_that_a_shell_reads(tmp_path: Path, name: str) -> None:
    make(tmp_path / name / "1", "failed", "2026-01-01")
    (tmp_path / name / "1/weights/last").mkdir(parents=True)
    ended = modelc("evaluate", "--", name, cwd=tmp_path)
    found = re.search(r"to use what it saved, name it: `(.*)`$", ended.err, re.MULTILINE)
    assert ended.code == 4 and found is not None
    read = subprocess.run(["bash", "-c", f"printf '%s\\0' {found[1]}"], capture_output=True, check=True, cwd="/")
    assert read.stdout.decode("utf-8", "surrogateescape") == as_path(f"{name}/1") + "\0"


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_what_train_and_evaluate_suggest_is_carried_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.zeros((9, 4), np.float32), y=np.arange(9) % 3)
    spec, run = '-it\'s "$(id)".yaml', "-rf it's\n\u202e"
    (tmp_path / spec).write_text(SPEC)
    ended = modelc("train", f"--run-dir={run}", "--", spec, cwd=tmp_path)
    assert ended.code == 0, ended.err
    next_ones = suggested(ended)
    assert next_ones == [
        ["modelc", "evaluate", f"./{run}"],
        ["modelc", "predict", f"./{run}", "--output", "predictions.csv"],
    ]
    for command in next_ones:
        assert modelc(*command[1:], cwd=tmp_path).code == 0
    (tmp_path / "runs").mkdir()
    (tmp_path / run).rename(tmp_path / "runs/moved")
    name = "it-s-id"
    (tmp_path / "runs" / name).mkdir()
    (tmp_path / "runs/moved").rename(tmp_path / "runs" / name / run)
    (tmp_path / spec).write_text(SPEC.replace("units: 3", "units: 4"))
    ended = modelc("evaluate", "--", spec, cwd=tmp_path)
    assert suggested(ended) == [["modelc", "evaluate", f"runs/{name}/{run}"], ["modelc", "train", f"./{spec}"]]
