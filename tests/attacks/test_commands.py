"""What went wrong when a stranger used the commands: full disks, closed streams, data that only the files can judge."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
name: odd
model:
  inputs: {x: {shape: [4]}}
  nodes:
    y: {from: x, dense: {units: 3, activation: softmax}}
  outputs: {y: y, seen: x}
data:
  source: {npz: rows.npz}
  targets: {y: {category: {column: y, classes: 3}}}
  validation: 10
train:
  losses: {y: cross_entropy, seen: none}
  metrics: {y: [accuracy]}
  optimizer: adam
  epochs: 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(30, 4)).astype(np.float32), generator.integers(0, 3, 30)
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    (tmp_path / "odd.yaml").write_text(SPEC)
    return tmp_path


def in_shell(command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """A command with redirections, in a process of its own."""
    script = command.replace("modelc", f"{sys.executable} -m modelc", 1)
    return subprocess.run(script, shell=True, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_output_on_a_full_disk_is_a_failed_run_and_no_bug(folder: Path) -> None:
    ended = in_shell("modelc validate odd.yaml >/dev/full", folder)
    assert ended.returncode == 4
    assert ended.stderr == "error[E604]: cannot write to standard output: no space left on device\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_an_error_that_cannot_be_printed_keeps_its_exit_code(folder: Path) -> None:
    assert in_shell("modelc evaluate nothing 2>/dev/full", folder).returncode == 4
    assert in_shell("modelc validate nothing.yaml --root . 2>/dev/full", folder).returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="closes a stream as a POSIX shell does")
@pytest.mark.parametrize("stream", ["", "2"])
def test_a_closed_stream_is_no_bug(folder: Path, stream: str) -> None:
    ended = in_shell(f"modelc validate --data odd.yaml {stream}>&-", folder)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_stated_classes_are_held_against_the_output_before_the_data_is_there(folder: Path) -> None:
    ended = modelc("validate", "odd.yaml", "--set", "data.targets.y.category.classes=[a, b]", cwd=folder)
    assert ended.code == 1
    assert "E304" in ended.out and "the labels have 2 classes, the output has 3 values" in ended.out


def test_what_the_files_refute_is_shown_at_the_setting_that_says_it(folder: Path) -> None:
    ended = modelc("train", "odd.yaml", "--set", "data.validation={last: 30}", cwd=folder)
    assert ended.code == 1 and ended.out == ""
    assert "data.validation={last: 30}\n  |                 ^^^^^^^^^^ too many" in ended.err
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("arguments", [("validate", "--data"), ("train",)])
def test_warnings_that_only_the_files_give_rise_to_are_shown_once(folder: Path, arguments: tuple[str, ...]) -> None:
    ended = modelc(*arguments, "odd.yaml", "--set", "train.batch_size=25", cwd=folder)
    assert ended.code == 0
    assert (ended.out + ended.err).count("W906") == 1


def test_a_batch_size_that_nobody_wrote_is_no_warning(folder: Path) -> None:
    assert modelc("validate", "--data", "odd.yaml", cwd=folder).out == "1 file is valid\n"


def test_an_output_without_loss_has_no_loss_in_the_log(folder: Path) -> None:
    ended = modelc("train", "odd.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0
    line = (folder / "run" / "metrics.jsonl").read_text()
    assert "validation/loss" in line and "seen/loss" not in line and "y/loss" not in line


def test_rows_of_unequal_number_are_blamed_on_the_choice_of_rows(folder: Path) -> None:
    setting = "data.targets.y={category: {column: y, classes: 3, rows: [0, 10]}}"
    ended = modelc("validate", "--data", "odd.yaml", "--set", setting, cwd=folder)
    assert ended.code == 1
    assert "--> --set:1:16" in ended.out and "`x` has 30 rows, `y` has 10" in ended.out


@pytest.mark.parametrize(
    ("monitor", "meant"), [("accuracy", "y/accuracy"), ("val_accuracy", "y/accuracy"), ("val_loss", "loss")]
)
def test_a_monitor_of_other_frameworks_is_answered_with_the_validation_rows(
    folder: Path, monitor: str, meant: str
) -> None:
    ended = modelc("validate", "odd.yaml", "--set", f"train.monitor={monitor}", cwd=folder)
    assert f"help: did you mean `validation/{meant}`?" in ended.out


@pytest.mark.parametrize("section", ["data", "train"])
def test_a_section_that_training_needs_is_asked_for_with_an_example(folder: Path, section: str) -> None:
    start = SPEC.index(f"\n{section}:") + 1
    end = SPEC.index("\ntrain:") + 1 if section == "data" else len(SPEC)
    (folder / "short.yaml").write_text(SPEC[:start] + SPEC[end:])
    ended = modelc("train", "short.yaml", cwd=folder)
    assert ended.code == 1
    assert f"to train, a spec needs the section `{section}`" in ended.err and f"for example `{section}: {{" in ended.err


def test_a_link_to_nowhere_is_not_suggested_for_itself(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("nowhere")
    ended = modelc("validate", "link.yaml", cwd=tmp_path)
    assert ended.code == 2 and "cannot be read: no such file" in ended.out and "did you mean" not in ended.out


def test_a_split_of_the_wrong_kind_is_called_by_its_key(folder: Path) -> None:
    ended = modelc("validate", "odd.yaml", "--set", "data.validation=20%", cwd=folder)
    assert ended.code == 1 and "error[E106]: `validation`: expected a fraction such as 0.1" in ended.out


def test_a_ring_of_thousands_of_nodes_is_shown_on_one_screen(tmp_path: Path) -> None:
    count = 3000
    nodes = "".join(f"    n{i}: {{from: n{(i + 1) % count}, relu}}\n" for i in range(count))
    (tmp_path / "ring.yaml").write_text(
        f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n{nodes}  outputs: [n0]\n"
    )
    ended = modelc("validate", "ring.yaml", cwd=tmp_path)
    assert ended.code == 1 and "-> ... ->" in ended.out
    assert len(ended.out.splitlines()) < 60 and max(map(len, ended.out.splitlines())) < 250
