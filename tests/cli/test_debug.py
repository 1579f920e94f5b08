"""`modelc debug`: a step of a run, layer by layer."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.attacks.signalled_at import sending
from tests.cli.commands import modelc
from tests.cli.conftest import Project

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers:
    - log
    - dense: 8
    - {dense: 1, name: y}
data:
  source: {npz: rows.npz}
  targets: {y: {array: y}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 2, batch_size: 8}
"""


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run `run`, which failed of row 7."""
    folder = tmp_path_factory.mktemp("failed")
    x = np.full((20, 4), 2, np.float32)
    x[7] = 0
    np.savez(folder / "rows.npz", x=x, y=np.ones((20, 1), np.float32))
    (folder / "log.yaml").write_text(SPEC)
    ended = modelc("train", "log.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 4
    (folder / "said").write_text(ended.err)
    return folder


def test_training_says_what_is_not_finite_at_its_line_and_what_shows_more(failed: Path) -> None:
    said = (failed / "said").read_text()
    assert "error[E501]: the loss or its gradient is not finite at step" in said
    assert "--> log.yaml:5:7" in said
    assert "note: `log` gives the first value that is infinite, from values 0 to 2" in said
    assert "row 7" in said
    assert "`modelc debug run`" in said


def test_the_step_is_shown_layer_by_layer(failed: Path) -> None:
    ended = modelc("debug", "run", cwd=failed)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "run" and lines[1].startswith("step ") and lines[2] == ""
    assert any(line.startswith("log ") and "0.6931 to 0.6931; infinite in 1 row " in line for line in lines)
    assert "`log` gives the first value that is infinite, from values 0 to 2" in lines
    assert any(line.startswith("  = help: ") for line in lines)


def test_programs_get_the_same(failed: Path) -> None:
    ended = modelc("debug", "run", "--format", "json", cwd=failed)
    found = json.loads(ended.out)
    assert found["failed"] is True and found["first"]["rows"] == [7]
    assert found["first"]["at"] == ["model", "layers", 0]
    nodes = {node["node"]: node for node in found["nodes"]}
    assert list(nodes) == ["x", "log", "dense", "y"]
    values = nodes["log"]["values"]
    assert (values["low"], values["nan"], values["infinite"], values["rows"]) == (values["high"], False, True, 1)
    assert {(weight["node"], weight["name"]) for weight in found["weights"]} >= {("y", "kernel"), ("y", "bias")}


def test_a_run_that_went_well_is_shown_at_its_next_step(project: Project) -> None:
    ended = modelc("debug", project.run, cwd=project.folder)
    assert ended.code == 0, ended.err
    assert ended.out.rstrip().endswith("the loss and the gradients of all weights are finite")
    assert (
        ended.out.splitlines()[2] == "no failed step is kept of this run: this is the step after its newest checkpoint"
    )


PHASED = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{batch_norm: {}, name: norm}, {dense: 1, name: y}]}
data: {source: {npz: rows.npz}}
train:
  loss: mean_squared_error
  optimizer: adam
  batch_size: 20
  phases:
    - {name: head, epochs: 2, freeze: [norm]}
    - {name: all, epochs: 2}
"""


@pytest.mark.parametrize(("steps", "is_frozen"), [(1, True), (2, False), (3, False)])
def test_a_step_is_that_of_its_phase(steps: int, is_frozen: bool, tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(1, 9, (20, 4)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=x[:, :1])
    (tmp_path / "phased.yaml").write_text(PHASED)
    with sending(steps):
        assert (
            modelc("train", "phased.yaml", "--run-dir", "run", "--checkpoint-every", "1 steps", cwd=tmp_path).code
            == 143
        )
    found = json.loads(modelc("debug", "run", "--format", "json", cwd=tmp_path).out)
    (norm,) = (node["values"] for node in found["nodes"] if node["node"] == "norm")
    # A frozen `batch_norm` has its moving statistics, 0 and 1, the other one those of the batch.
    if is_frozen:
        assert [norm["low"], norm["high"]] == pytest.approx([x.min() / 1.001**0.5, x.max() / 1.001**0.5], rel=1e-5)
    else:
        assert norm["low"] < 0 and norm["high"] < 3
    (gradient,) = (one["gradient"] for one in found["weights"] if (one["node"], one["name"]) == ("norm", "gamma"))
    assert (gradient is None) == is_frozen


def test_a_run_without_any_kept_step_is_said_to_have_none(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    shutil.rmtree(copy.run / "checkpoints")
    ended = modelc("debug", copy.run, cwd=copy.folder)
    assert ended.code == 4
    assert "has no checkpoint to look into, and has kept no failed step\n" in ended.err and "to go on" not in ended.err


def test_other_rows_are_no_replay(failed: Path) -> None:
    rows = failed / "rows.npz"
    before = rows.read_bytes()
    np.savez(rows, x=np.ones((20, 4), np.float32), y=np.ones((20, 1), np.float32))
    ended = modelc("debug", "run", cwd=failed)
    rows.write_bytes(before)
    assert ended.code == 4
    assert "error[E609]: the data has changed since the run began" in ended.err


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    ended = modelc("debug", "nothing", cwd=tmp_path)
    assert ended.code == 4
    assert "error[E602]: there is no run to look into: `nothing` does not exist" in ended.err
    (tmp_path / "small.yaml").write_text("modelc: 1\n")
    ended = modelc("debug", "small.yaml", cwd=tmp_path)
    assert ended.code == 4
    assert "error[E602]: there is no run to look into: `small.yaml` is a file" in ended.err
    assert "a spec is none of these" in ended.err


def test_a_run_that_goes_on_keeps_no_failure_of_before(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.ones((20, 4), np.float32), y=np.ones((20, 1), np.float32))
    (tmp_path / "log.yaml").write_text(SPEC)
    assert modelc("train", "log.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    (tmp_path / "run" / "failed").mkdir()
    assert modelc("train", "--resume", "run", "--set", "train.epochs=3", cwd=tmp_path).code == 0
    assert not (tmp_path / "run" / "failed").exists()


def test_a_batch_in_parts_is_looked_into_part_by_part(failed: Path) -> None:
    (failed / "parts.yaml").write_text(SPEC.replace("batch_size: 8", "batch_size: 8, gradient_accumulation: 4"))
    ended = modelc("train", "parts.yaml", "--run-dir", "parts", cwd=failed)
    assert ended.code == 4
    place = re.search(r"is not finite at (step \d+ \(epoch \d, batch \d\), in part \d of 4)\n", ended.err)
    assert place is not None and "in 1 of 2 rows: row 7" in ended.err
    shown = modelc("debug", "parts", cwd=failed)
    assert shown.out.splitlines()[1] == f"{place[1]}, 2 rows"
