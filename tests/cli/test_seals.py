"""The seal of a run: what was written once is read as it was written, or not at all."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs.find_run import find_run
from modelc.runtime.runs.metrics_log import chain_of
from modelc.runtime.runs.run_record import FORMAT, read_record
from tests.cli.commands import modelc
from tests.cli.conftest import Project
from tests.runtime.runs.sealing import change_sealed, without_seal

SEALED = [
    "run.json",
    "resolved.json",
    "merged.json",
    "environment.json",
    "readers.json",
    "column_profiles.json",
    "baselines.json",
    "spec.yaml",
]
OLD = Path(__file__).parents[1] / "runtime" / "runs" / "format_1"


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    return project.copy(tmp_path / "copy")


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("resolved.json", "relu", "selu"),
        ("resolved.json", '"validation": 12', '"validation": 13'),
        ("merged.json", "relu", "selu"),
        ("spec.yaml", "relu", "selu"),
        ("environment.json", '"seed": 0', '"seed": 1'),
        ("run.json", '"epoch": 3', '"epoch": 2'),
        ("run.json", "validation/loss", "validation/lose"),
    ],
)
@pytest.mark.parametrize("command", [["evaluate"], ["predict", "-o", "out.csv"], ["train", "--resume"]])
def test_a_changed_letter_is_an_error_that_names_the_file(
    copy: Project, name: str, before: str, after: str, command: list[str]
) -> None:
    file = copy.run / name
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    for run in (copy.run.relative_to(copy.folder), "runs/tiny"):
        ended = modelc(*command, run, cwd=copy.folder)
        assert (ended.code, ended.out) == (4, ""), ended
        assert "error[E602]: " in ended.err and f"{copy.run.name}/{name}` has changed since it was written" in ended.err
        assert "help: train again, or copy the whole run again" in ended.err
    assert not (copy.folder / "out.csv").exists()


@pytest.mark.parametrize("name", SEALED)
def test_every_flipped_bit_and_every_shorter_file_is_refused(copy: Project, name: str) -> None:
    file = copy.run / name
    whole = file.read_bytes()
    for bit in np.random.default_rng(0).choice(len(whole) * 8, size=200, replace=False):
        flip(file, int(bit))
        with pytest.raises(RunError, match=name) as caught:
            find_run(str(copy.run))
        assert caught.value.code == "E602"
        file.write_bytes(whole)
    for broken in (b"", whole[: len(whole) // 2], whole[:-1], whole + b"\n"):
        file.write_bytes(broken)
        with pytest.raises(RunError, match=name):
            find_run(str(copy.run))
    file.unlink()
    with pytest.raises(RunError, match="not a run directory" if name == "run.json" else name):
        find_run(str(copy.run))


@pytest.mark.parametrize("name", SEALED)
@pytest.mark.parametrize("named", ["runs/tiny", "tiny.yaml"])
def test_a_later_run_that_has_changed_is_passed_over(copy: Project, name: str, named: str) -> None:
    later = copy.run.parent / "zz-later"
    shutil.copytree(copy.run, later)
    change_sealed(later / "run.json", lambda fields: fields.update(started="2099-01-01"))
    assert modelc("evaluate", named, cwd=copy.folder).out.startswith("runs/tiny/zz-later\n")
    flip(later / name, 100)
    ended = modelc("evaluate", named, cwd=copy.folder)
    assert ended.code == 0 and ended.out.startswith(f"runs/tiny/{copy.run.name}\n"), ended
    assert f"note: a run is passed over: `runs/tiny/zz-later/{name}`" in ended.err


@pytest.mark.parametrize("name", ["weights/best/params.safetensors", "weights/best/manifest.json"])
@pytest.mark.parametrize("named", ["runs/tiny", "tiny.yaml"])
def test_a_later_run_whose_weights_have_changed_is_passed_over(copy: Project, name: str, named: str) -> None:
    later = copy.run.parent / "zz-later"
    shutil.copytree(copy.run, later)
    change_sealed(later / "run.json", lambda fields: fields.update(started="2099-01-01"))
    flip(later / name, 3001)
    ended = modelc("evaluate", named, cwd=copy.folder)
    assert ended.code == 0 and ended.out.startswith(f"runs/tiny/{copy.run.name}\n"), ended
    said = f"note: a run is passed over: the weights in `runs/tiny/zz-later/{Path(name).parent}` cannot be used"
    assert said in ended.err
    shutil.rmtree(copy.run)
    assert "error[E603]" in modelc("evaluate", named, cwd=copy.folder).err


def test_no_older_run_goes_on_in_place_of_a_later_one_that_has_changed(copy: Project) -> None:
    later = copy.run.parent / "zz-later"
    shutil.copytree(copy.run, later)
    change_sealed(later / "run.json", lambda fields: fields.update(started="2099-01-01"))
    flip(later / "resolved.json", 100)
    before = {file: file.read_bytes() for file in copy.run.rglob("*") if file.is_file()}
    ended = modelc("train", "--resume", "runs/tiny", "--set", "train.epochs=5", cwd=copy.folder)
    assert ended.code == 4 and "error[E602]: `runs/tiny/zz-later/resolved.json` has changed" in ended.err
    assert before == {file: file.read_bytes() for file in copy.run.rglob("*") if file.is_file()}


def test_a_later_format_is_called_so(copy: Project) -> None:
    change_sealed(copy.run / "run.json", lambda fields: fields.update(format=FORMAT + 1, further=[]))
    ended = modelc("evaluate", copy.run, cwd=copy.folder)
    assert ended.code == 4 and f"run.json` is in format {FORMAT + 1}, this version of modelc reads format" in ended.err
    assert "help: use the version of modelc that trained it, or a later one" in ended.err


def test_a_record_that_has_lost_its_seal_is_refused(copy: Project) -> None:
    file = copy.run / "run.json"
    fields = json.loads(file.read_bytes())
    del fields["seal"]
    file.write_text(json.dumps(fields))
    assert "run.json` is damaged" in modelc("evaluate", copy.run, cwd=copy.folder).err


def test_the_record_has_the_lines_of_the_metrics(project: Project) -> None:
    recorded = read_record(project.run).metrics
    assert recorded is not None
    assert recorded.model_dump() == chain_of((project.run / "metrics.jsonl").read_bytes())._asdict()


def longer(folder: Path, run: str) -> None:
    ended = modelc("train", "--resume", run, "--set", "train.epochs=5", cwd=folder)
    assert ended.code == 0, ended.err


def test_a_run_that_goes_on_with_other_lengths_is_sealed_anew(copy: Project) -> None:
    before = (copy.run / "resolved.json").read_bytes()
    longer(copy.folder, str(copy.run))
    record = read_record(copy.run)
    assert (copy.run / "resolved.json").read_bytes() != before and record.replaced == {}
    assert modelc("evaluate", copy.run, cwd=copy.folder).code == 0
    (copy.run / "resolved.json").write_bytes(before)
    assert "resolved.json` has changed" in modelc("evaluate", copy.run, cwd=copy.folder).err


def test_a_run_that_was_killed_while_a_file_was_replaced_is_whole(copy: Project) -> None:
    old = {name: (copy.run / name).read_bytes() for name in ("run.json", "resolved.json")}
    digest = read_record(copy.run).files["resolved.json"]
    longer(copy.folder, str(copy.run))
    change_sealed(copy.run / "run.json", lambda fields: fields.update(replaced={"resolved.json": digest}))
    for content in (old["resolved.json"], (copy.run / "resolved.json").read_bytes()):
        (copy.run / "resolved.json").write_bytes(content)
        assert modelc("evaluate", copy.run, cwd=copy.folder).code == 0


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A run of the format before there were seals, as it was written then."""
    shutil.copytree(OLD, tmp_path / "old")
    assert "seal" not in json.loads((tmp_path / "old" / "run" / "run.json").read_bytes())
    return tmp_path / "old"


@pytest.mark.parametrize("named", ["run", "small.yaml"])
def test_a_run_of_before_still_opens(old: Path, named: str) -> None:
    if named == "small.yaml":
        (old / "runs/small").mkdir(parents=True)
        (old / "run").rename(old / "runs/small/a")
        change = json.loads((old / "runs/small/a/run.json").read_bytes())
        (old / "runs/small/a/run.json").write_text(json.dumps({**change, "root_from_run": "../../.."}))
    ended = modelc("evaluate", named, "--format", "json", cwd=old)
    assert (ended.code, ended.err) == (0, ""), ended
    assert json.loads(ended.out)["values"] == pytest.approx({"loss": 0.529992938041687, "accuracy": 1.0}, abs=1e-5)
    assert modelc("predict", named, "--output", "out.csv", cwd=old).code == 0
    assert len((old / "out.csv").read_text().splitlines()) > 8


def test_a_run_of_before_that_goes_on_is_sealed(old: Path) -> None:
    longer(old, "run")
    record = read_record(old / "run")
    assert record.format == FORMAT and {*SEALED[1:], "class_names.json"} - {"readers.json", "column_profiles.json"} == {
        *record.files
    }
    flip(old / "run" / "spec.yaml", 100)
    assert "spec.yaml` has changed" in modelc("evaluate", "run", cwd=old).err


def test_without_a_seal_nothing_is_compared(copy: Project) -> None:
    without_seal(copy.run)
    (copy.run / "merged.json").unlink()
    assert modelc("evaluate", copy.run, cwd=copy.folder).code == 0
