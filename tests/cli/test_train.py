"""`modelc train` from the command line to the run directory, and every way in which it can end."""

import json
import re
import shutil
import signal
from pathlib import Path

import pytest

from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.runs.run_directory import Run
from tests.cli.commands import modelc, start
from tests.cli.conftest import SPEC, Project
from tests.runtime.small import spec, write_rows

DIGITS = Path(__file__).parent.parent.parent / "specs" / "digits.yaml"

ENDLESS = """\
modelc: 1
model:
  inputs: {image: {shape: [8, 8]}}
  layers:
    - flatten
    - dense: {units: 10, activation: softmax}
data:
  source: digits
  targets: {output: {category: label}}
train: {loss: cross_entropy, optimizer: sgd, epochs: 1000000}
"""


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_run_is_kept_whole(project: Project) -> None:
    run = project.run
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", run.name)
    assert (run / "spec.yaml").read_text() == SPEC
    assert {entry.name for entry in run.iterdir()} == {
        "spec.yaml", "merged.json", "resolved.json", "environment.json", "metrics.jsonl", "run.json", "weights", "lock",
        "checkpoints", "requirements.txt", "readers.json", "column_profiles.json",
        "baselines.json",
    }  # fmt: skip
    record = Run(run).record
    assert (record.status, record.epoch, record.step) == ("finished", 3, 9)
    lines = metrics(run)
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert set(lines[0]) == {"epoch", "step", "learning_rate", "seconds", "digest"} | {
        f"{part}/{key}"
        for part in ("train", "validation")
        for key in ("loss", "kind/loss", "big/loss", "size/loss", "kind/accuracy")
    }
    assert record.best is not None
    assert record.best.score == min(line["validation/loss"] for line in lines)


def test_it_says_what_is_trained_how_it_goes_and_what_to_do_next(project: Project) -> None:
    out = project.trained.out
    run = project.run.relative_to(project.folder)
    for said in (
        # dense 4*8+8, batch_norm 16, dense 8*3+3, 8+1, 8*2+2; moving mean and variance 16.
        "110 trainable, 16 not",
        "48 training, 12 validation, 20 test",
        "adamw, learning rate 0.01, weight decay 0.004 (not of biases and scales)",
        "by validation/loss, lower is better",
        "first step after ",
        "epoch 3/3   train: loss ",
        "finished 3 epochs",
        f"run: {run}",
        f"modelc evaluate {run}",
        f"modelc predict {run} --output predictions.csv",
    ):
        assert said in out
    assert out.count("epoch ") == out.count("\nepoch ") + out.count("best epoch ")
    assert "\x1b" not in out


def test_the_same_seed_gives_the_same_bits(project: Project) -> None:
    again = modelc("train", "tiny.yaml", "--run-dir", "again", cwd=project.folder)
    assert again.code == 0
    for kind in ("best", "last"):
        for name in ("params.safetensors", "state.safetensors"):
            files = [Path(run) / "weights" / kind / name for run in (project.run, project.folder / "again")]
            # The order of arrays in a safetensors file is that of their names: equal weights are equal files.
            assert files[0].read_bytes() == files[1].read_bytes()


def test_a_folder_in_use_is_refused_before_the_data_is_read(project: Project) -> None:
    ended = modelc("train", "tiny.yaml", "--run-dir", project.run, "--root", project.run, cwd=project.folder)
    assert (ended.code, ended.out) == (4, "")
    assert "error[E601]" in ended.err
    assert "already contains a run" in ended.err


def test_a_spec_with_mistakes_is_not_trained(project: Project, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(SPEC.replace("softmax", "softmaks"))
    ended = modelc("train", "bad.yaml", cwd=tmp_path)
    assert (ended.code, ended.out) == (1, "")
    assert "error[E101]" in ended.err
    assert "bad.yaml:7" in ended.err
    assert not (tmp_path / "runs").exists()


def test_settings_change_the_run_and_are_recorded(project: Project) -> None:
    changes = ("train.epochs=1", "model.nodes.body.layers.dense.dense.units=5")
    arguments = [part for change in changes for part in ("--set", change)]
    ended = modelc("train", "tiny.yaml", "--run-dir", "changed", *arguments, cwd=project.folder)
    assert ended.code == 0, ended.err
    run = Run(project.folder / "changed")
    assert (run.record.settings, run.record.epoch) == (list(changes), 1)
    assert (run.folder / "spec.yaml").read_text() == SPEC
    assert run.weights(prepare(run.task()))[1].params["body/dense"]["kernel"].shape == (4, 5)
    assert modelc("evaluate", "changed", cwd=project.folder).code == 0


def test_a_setting_that_does_not_fit_the_data_is_shown_where_it_was_given(project: Project) -> None:
    arguments = ("--set", "data.source.npz.train=nowhere.npz", "--run-dir", "no")
    ended = modelc("train", "tiny.yaml", *arguments, cwd=project.folder)
    assert ended.code == 4
    assert "there is no file 'nowhere.npz'" in ended.err
    assert not (project.folder / "no").exists()


@pytest.mark.parametrize("section", ["data", "train"])
def test_a_spec_without_data_or_training_is_refused(tmp_path: Path, section: str) -> None:
    model = "modelc: 1\nmodel: {inputs: {image: {shape: [8, 8]}}, layers: [flatten, dense: 1]}\n"
    other = {
        "data": "train: {loss: {mean_squared_error: {}}, optimizer: sgd, epochs: 1}\n",
        "train": "data: {source: digits}\n",
    }
    (tmp_path / "half.yaml").write_text(model + other[section])
    ended = modelc("train", "half.yaml", cwd=tmp_path)
    assert ended.code == 1
    assert f"a spec needs the section `{section}`" in ended.err


def test_a_spec_that_is_not_there_is_a_wrong_command_line(tmp_path: Path) -> None:
    assert modelc("train", "nowhere.yaml", cwd=tmp_path).code == 2
    assert modelc("train", cwd=tmp_path).code == 2


def test_data_that_is_missing_fails_the_run_at_its_place_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SPEC)
    ended = modelc("train", "tiny.yaml", cwd=tmp_path)
    assert ended.code == 4
    assert "error[E405]: there is no file 'train.npz'" in ended.err
    assert "tiny.yaml:12" in ended.err
    assert not (tmp_path / "runs").exists()


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_it(tmp_path: Path) -> None:
    spec = ENDLESS.replace("cross_entropy", "mean_squared_error").replace(", activation: softmax", "")
    spec = spec.replace("{category: label}", "{array: {column: label, shape: [1]}}").replace("units: 10", "units: 1")
    (tmp_path / "hot.yaml").write_text(spec.replace("optimizer: sgd", "optimizer: {sgd: 10.0}"))
    ended = modelc("train", "hot.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 4
    assert "error[E501]" in ended.err
    record = Run(tmp_path / "run").record
    assert record.status == "failed"
    assert record.failure is not None
    assert record.failure.code == "E501"


def test_data_below_another_root_is_found_and_recorded(project: Project, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SPEC)
    ended = modelc("train", "tiny.yaml", "--root", project.folder, "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0
    assert Run(tmp_path / "run").record.root == str(project.folder.resolve())
    assert modelc("evaluate", "run", cwd=tmp_path).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_and_saves(tmp_path: Path, number: signal.Signals, code: int) -> None:
    (tmp_path / "long.yaml").write_text(ENDLESS)
    with start("train", "long.yaml", "--run-dir", "run", cwd=tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch"):
                process.send_signal(number)
                break
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "interrupted at step" in out
    assert "next:\n  modelc train --resume run\n" in out
    assert "the weights of this moment are saved" in err
    run = Run(tmp_path / "run")
    assert run.record.status == "interrupted"
    assert run.weights(prepare(run.task()), "last")[1].step == run.record.step
    assert run.record.epoch == len(metrics(tmp_path / "run"))
    evaluated = modelc("evaluate", "run", "--split", "train", "--weights", "last", cwd=tmp_path)
    assert f"step {run.record.step:,}" in evaluated.out


def test_a_moved_project_can_be_used(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.run, tmp_path / "elsewhere")
    ended = modelc("evaluate", "elsewhere", cwd=tmp_path)
    assert ended.code == 0
    assert "20 test rows, best weights" in ended.out


def test_epochs_can_be_exchanged_for_steps(tmp_path: Path) -> None:
    ended = modelc("train", DIGITS, "--set", "train.epochs=null", "--set", "train.steps=7", cwd=tmp_path)
    assert ended.code == 0
    assert "step" in ended.out


def test_a_spec_without_any_loss_is_refused(tmp_path: Path) -> None:
    ended = modelc("train", DIGITS, "--set", "train.loss=none", "--set", "train.metrics=[]", cwd=tmp_path)
    assert ended.code == 1
    assert "every loss is `none`, so there is nothing to train" in ended.err


@pytest.mark.parametrize(("patience", "said"), [(1, "2 epochs, the last without"), (3, "4 epochs, the last 3 without")])
def test_a_run_that_stops_early_says_how_long_nothing_got_better(tmp_path: Path, patience: int, said: str) -> None:
    spec = ENDLESS.replace("optimizer: sgd", f"optimizer: {{sgd: 1e-30}}, early_stopping: {patience}")
    (tmp_path / "spec.yaml").write_text(spec.replace("targets:", "validation: 0.2\n  targets:"))
    ended = modelc("train", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert f"stopped early after {said} a better validation/loss;" in ended.out


def test_where_not_each_epoch_is_evaluated_evaluations_are_counted(tmp_path: Path) -> None:
    schedule = "{learning_rate: {reduce_on_plateau: {learning_rate: 1e-30, patience: 1, min_delta: 0.001}}}"
    spec = ENDLESS.replace(
        "optimizer: sgd",
        f"optimizer: {{sgd: {schedule}}}, validate_every: 2, early_stopping: {{patience: 2, min_delta: 0.01}}",
    )
    (tmp_path / "spec.yaml").write_text(spec.replace("targets:", "validation: 0.2\n  targets:"))
    ended = modelc("train", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0, ended.err
    said = ended.out + ended.err
    assert "learning rate 1e-31: no better validation/loss by more than 0.001 in 1 evaluation\n" in said
    end = "stopped early after 6 epochs, the last 2 evaluations without a better validation/loss by more than 0.01;"
    assert end in said


def test_updates_that_float16_skips_are_told(tmp_path: Path) -> None:
    write_rows(tmp_path, 8)
    losses = {"y": {"cross_entropy": None, "weight": 30.0}}
    raw = spec(loss=None, losses=losses, optimizer={"sgd": 0.01}, epochs=6)
    raw["model"]["precision"] = "mixed_float16"
    (tmp_path / "small.json").write_text(json.dumps(raw))
    ended = modelc("train", "small.json", "--run-dir", "run", cwd=tmp_path)
    lines = metrics(tmp_path / "run")
    skipped = [line.get("skipped_updates", 0) for line in lines]
    assert ended.code == 0 and 0 < sum(skipped) < 6 and set(skipped) == {0, 1}
    assert ended.out.count("   1 update skipped") == sum(skipped)
    assert f"{sum(skipped)} of 6 updates were skipped, since gradients overflowed float16" in ended.out
    assert [line["learning_rate"] for line in lines] == [0.01] * 6
