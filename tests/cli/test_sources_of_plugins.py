"""A source of a plug-in: trained on as any other, prepared, mapped, compared by its files; what it gives wrong names it."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.library.contracts import rows_by_range
from modelc.plugin import enable
from modelc.testing import check_source
from tests.cli.commands import Ended, modelc
from tests.made_sources import CODE, FAULTS, records, write_records

SPEC = """\
modelc: 1
name: records
model: {inputs: {x: {shape: [2]}}, layers: [{dense: {units: 2, activation: softmax}, name: y}]}
data:
  source: {records: rows.bin}
  targets: {y: {category: {column: y, classes: 2}}}
  validation: {last: 10}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.05}, batch_size: 8, epochs: 3}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))
    (tmp_path / "records.py").write_text(CODE)
    (tmp_path / "records.yaml").write_text(SPEC)
    settled(write_records(tmp_path / "rows.bin", records()))
    return tmp_path


def settled(path: Path) -> None:
    """Files that were written just now are not kept."""
    os.utime(path, (1_700_000_000, 1_700_000_000))


def run(folder: Path, *arguments: str | Path) -> Ended:
    return modelc(*arguments, "--plugin", "records.py", cwd=folder)


def weights(folder: Path, name: str) -> bytes:
    return (folder / name / "weights" / "last" / "params.safetensors").read_bytes()


def test_it_trains_to_the_bits_of_an_npz_file_however_rows_are_fed(folder: Path) -> None:
    np.savez(folder / "rows.npz", x=records()["x"], y=records()["y"])
    (folder / "arrays.yaml").write_text(SPEC.replace("records: rows.bin", "npz: rows.npz"))
    assert modelc("train", "arrays.yaml", "--run-dir", "npz", cwd=folder).code == 0
    for name, options in (("resident", ()), ("mapped", ("--feed", "mapped")), ("again", ("--feed", "mapped"))):
        ended = run(folder, "train", "records.yaml", "--run-dir", name, *options)
        assert ended.code == 0, ended.err
        assert weights(folder, name) == weights(folder, "npz")
    evaluated = run(folder, "evaluate", "resident", "--format", "json")
    assert (
        json.loads(evaluated.out)["values"]
        == json.loads(modelc("evaluate", "npz", "--format", "json", cwd=folder).out)["values"]
    )
    assert run(folder, "predict", "resident", "-o", "out.csv").code == 0


def test_new_rows_and_held_out_rows_are_read_as_its_own(folder: Path) -> None:
    later = records(12, seed=3)
    (folder / "new").mkdir()
    write_records(folder / "new" / "later.bin", later)
    write_records(folder / "later.bin", later)
    np.savez(folder / "later.npz", x=later["x"], y=later["y"])
    spec = SPEC.replace(
        "  validation: {last: 10}\n", "  validation: {records: later.bin}\n  test: {records: later.bin}\n"
    )
    (folder / "held.yaml").write_text(spec)
    trained = run(folder, "train", "held.yaml", "--run-dir", "run")
    assert trained.code == 0, trained.err
    scores = [
        json.loads(run(folder, "evaluate", "run", *rows, "--format", "json").out)["values"]
        for rows in (["new/later.bin"], ["later.npz"], ["--split", "test"], ["--split", "validation"])
    ]
    assert scores[1:] == scores[:1] * 3
    predicted = [run(folder, "predict", "run", rows, "-o", "-").out for rows in ("new/later.bin", "later.npz")]
    assert predicted[0] == predicted[1] and len(predicted[0].splitlines()) == 12
    ended = run(folder, "predict", "run", "none.bin", "-o", "-")
    assert ended.code == 4 and "there is no file 'none.bin'" in ended.err
    (folder / "odd.bin").write_bytes(b"MEAX")
    assert "'odd.bin' has no records" in run(folder, "evaluate", "run", "odd.bin").err
    later["y"][4] = 7
    write_records(folder / "wrong.bin", later)
    ended = run(folder, "evaluate", "run", "wrong.bin")
    assert ended.code == 4 and "record 5 of 'wrong.bin'" in " ".join(ended.err.split())


def test_its_rows_are_kept_and_read_again_where_files_or_its_version_change(folder: Path) -> None:
    def said(name: str) -> str:
        ended = run(folder, "train", "records.yaml", "--run-dir", name, "--verify-data")
        assert ended.code == 0, ended.err
        (note,) = [line for line in ended.out.splitlines() if "cache" in line]
        return note

    assert "the cache had nothing" in said("first")
    assert "are whole, and those of the files" in said("second")
    (folder / "records.py").write_text(CODE.replace('kept_as = "1"', 'kept_as = "2"'))
    assert "the cache had nothing" in said("third")
    (folder / "records.py").write_text(CODE.replace('kept_as = "1"', 'kept_as = ""'))
    assert "are never kept in the cache" in said("fourth")


def test_a_file_that_is_cut_off_is_named_and_not_taken_from_the_cache(folder: Path) -> None:
    assert run(folder, "train", "records.yaml", "--run-dir", "first").code == 0
    (folder / "rows.bin").write_bytes((folder / "rows.bin").read_bytes()[:-24])
    settled(folder / "rows.bin")
    ended = run(folder, "train", "records.yaml", "--run-dir", "second")
    assert ended.code == 4
    error = " ".join(ended.err.split())
    assert "error[E605]: the source `records` of the plug-in `" in error
    assert "records.py` gives 38 rows of `x` for the rows 0 to 40" in error
    assert "records.yaml:5" in ended.err


def test_changed_files_are_known_by_the_digests_of_a_run(folder: Path) -> None:
    assert run(folder, "train", "records.yaml", "--run-dir", "run").code == 0
    assert "ok  column x" in run(folder, "verify", "run", "--data").out
    write_records(folder / "rows.bin", records(seed=1))
    ended = run(folder, "evaluate", "run")
    assert ended.code == 0 and "the data has changed since this run was trained" in ended.err


def test_checks_know_its_columns_and_which_files_are_there(folder: Path) -> None:
    assert run(folder, "validate", "records.yaml").code == 0
    (folder / "shape.yaml").write_text(SPEC.replace("shape: [2]", "shape: [3]"))
    ended = run(folder, "validate", "shape.yaml")
    assert ended.code == 1 and "the column `x` has rows of shape [2], the input `x` takes [3]" in ended.out
    (folder / "column.yaml").write_text(SPEC.replace("column: y", "column: yy"))
    assert "the data has no column `yy`" in run(folder, "validate", "column.yaml").out
    (folder / "typo.yaml").write_text(SPEC.replace("records: rows.bin", "records: {fil: rows.bin}"))
    ended = run(folder, "validate", "typo.yaml")
    assert ended.code == 1 and "did you mean `file`?" in ended.out
    (folder / "absent.yaml").write_text(SPEC.replace("rows.bin", "rows.dat"))
    ended = run(folder, "validate", "absent.yaml")
    assert ended.code == 0 and "the columns of `rows.dat` were not checked: it is not there" in ended.err
    assert "there is no file 'rows.dat'" in run(folder, "validate", "--data", "absent.yaml").out
    (folder / "rows.dat").write_bytes(b"nothing")
    ended = run(folder, "validate", "absent.yaml")
    assert ended.code == 1 and "'rows.dat' has no records" in ended.out and "absent.yaml:5" in ended.out


def test_a_value_that_is_wrong_is_named_with_its_place(folder: Path) -> None:
    columns = records()
    columns["y"][17] = 5
    write_records(folder / "rows.bin", columns)
    ended = run(folder, "train", "records.yaml", "--run-dir", "run")
    assert ended.code == 4 and "record 18 of 'rows.bin'" in " ".join(ended.err.split())


def test_many_rows_are_asked_for_by_ranges(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_by_range, "AT_ONCE", 7)
    with enable(folder / "records.py"):
        check_source("records", "rows.bin", folder, oracle=records)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_it_gives_wrong_is_an_error_that_names_it(folder: Path, fault: str) -> None:
    (folder / "records.yaml").write_text(
        SPEC.replace("records: rows.bin", f"records: {{file: rows.bin, fault: {fault}}}")
    )
    for command in (["validate", "--data", "records.yaml"], ["train", "records.yaml"]):
        ended = run(folder, *command)
        said = " ".join((ended.out + ended.err).split())
        assert ended.code in (1, 4) and "Traceback" not in said
        assert said.count("error[") == 1 or fault == "another shape", said
        if fault != "another shape":
            assert "error[E605]: the source `records` of the plug-in `" in said
            assert f"records.py` {FAULTS[fault]}" in said, said


@pytest.mark.parametrize("fault", FAULTS)
def test_the_test_kit_finds_each_fault(folder: Path, fault: str) -> None:
    with enable(folder / "records.py"), pytest.raises(AssertionError) as caught:
        check_source("records", {"file": "rows.bin", "fault": fault}, folder)
    assert FAULTS[fault] in caught.value.args[0]


@pytest.mark.parametrize(("name", "arguments"), [("npz", "rows.npz"), ("digits", None)])
def test_the_sources_of_modelc_pass_it_too(folder: Path, name: str, arguments: str | None) -> None:
    np.savez(folder / "rows.npz", x=records()["x"], y=records()["y"])
    check_source(name, arguments, folder, oracle=records if name == "npz" else None)


def test_a_source_without_rows_is_refused(folder: Path) -> None:
    (folder / "records.py").write_text(CODE.replace("def open(", "def opened("))
    ended = run(folder, "validate", "records.yaml")
    assert ended.code == 2 or ended.code == 1
    assert "`Records` has no `open`" in ended.out + ended.err
    (folder / "records.py").write_text(CODE.replace('primary = "file"', "primary = None"))
    ended = run(folder, "validate", "records.yaml")
    assert "`Records` has `endings`, and no `primary` for the path of such a file" in ended.out + ended.err
