"""`modelc validate` looks at the headers of data files that are there, and says in one line what it has not looked at."""

import json
import os
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import check, check_file, load
from modelc.compiler.library.sources.npz import Npz
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: {units: 3, activation: softmax}, name: kind}]}
data:
  source: {npz: rows.npz}
  targets: {kind: {category: kind}}
train:
  loss: cross_entropy
  optimizer: adam
  batch_size: 8
  epochs: 1
"""
Columns = dict[str, Any]
X, KIND = np.zeros((9, 4), np.float32), np.arange(9) % 3
ROWS = {"x": X, "kind": KIND}
UNREAD = "note: the rows were not read: use `--data`\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


def keep(folder: Path, spec: str = SPEC, **arrays: Columns) -> Path:
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    for name, columns in arrays.items():
        np.savez(folder / f"{name}.npz", **columns)
    return folder


@pytest.mark.parametrize(
    ("columns", "code", "said"),
    [
        ({"kind": KIND}, "E401", "the data has no column `x` for the input `x`"),
        ({"x": X}, "E401", "the data has no column `kind`"),
        ({"x": X[:, :3], "kind": KIND}, "E402", "the column `x` has rows of shape [3], the input `x` takes [4]"),
        ({"x": X.astype(str), "kind": KIND}, "E402", "`x`: `x` has str, expected numbers"),
        ({"x": X, "kind": X[:, 0]}, "E402", "`category` needs integers or strings, but `kind` has float32"),
        ({"x": X, "kind": KIND.astype(str)}, "E403", "`kind` has strings, but `classes` does not name the classes"),
        ({"x": X, "kind": np.zeros((9, 2), int)}, "E304", "output has shape [3], target has shape [2]"),
        ({"x": X[:8], "kind": KIND}, "E404", "the columns of 'rows.npz' differ in length"),
        ({"x": X[:0], "kind": KIND[:0]}, "E404", "has no rows"),
        ({"x": X[:7], "kind": KIND[:7]}, "W906", "`batch_size` is 8, but there are 7 rows to train on"),
    ],
)
def test_what_the_header_tells_is_told_without_the_data_and_as_training_tells_it(
    tmp_path: Path, columns: Columns, code: str, said: str
) -> None:
    keep(tmp_path, rows=columns)
    checked = modelc("validate", "spec.yaml", cwd=tmp_path)
    heads = [line for line in checked.out.splitlines() if line.startswith(("error", "warning"))]
    assert len(heads) == 1 and f"[{code}]" in heads[0] and said in heads[0]
    assert checked.code == (code[0] == "E") and checked.err == ("" if checked.code else UNREAD)
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    problem = checked.out.rpartition("\n\n")[0]
    assert problem.strip() in trained.err
    assert (trained.code == 0) == (checked.code == 0)


def test_a_warm_up_is_compared_with_the_steps_that_the_rows_make(tmp_path: Path) -> None:
    rate = "optimizer: {adam: {learning_rate: {cosine: {learning_rate: 0.1, warmup_steps: WARM}}}}"
    for epochs, steps, warns in ((1, 2, True), (1, 1, False), (3, 6, True), (3, 5, False)):
        spec = SPEC.replace("optimizer: adam", rate.replace("WARM", str(steps))).replace(
            "epochs: 1", f"epochs: {epochs}"
        )
        keep(tmp_path, spec, rows=ROWS)
        found = [problem.code for problem in check_file(tmp_path / "spec.yaml", headers=True).problems]
        assert found == (["W917"] if warns else [])


@pytest.mark.parametrize(("epochs", "phase"), [((1, 9), "one"), ((9, 1), "two"), ((1, 1), "one")])
def test_a_warm_up_that_phases_share_is_said_once_of_the_first_without_room(
    epochs: tuple[int, int], phase: str, tmp_path: Path
) -> None:
    rate = "optimizer: {adam: {learning_rate: {cosine: {learning_rate: 0.1, warmup_steps: 2}}}}"
    phases = f"phases: [{{name: one, epochs: {epochs[0]}}}, {{name: two, epochs: {epochs[1]}}}]"
    keep(tmp_path, SPEC.replace("optimizer: adam", rate).replace("epochs: 1", phases), rows=ROWS)
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0 and ended.out.count("W917") == 1
    assert f"in the phase `{phase}`" in ended.out and "other use" not in ended.out


def test_rows_that_are_chosen_of_one_column_alone_are_known(tmp_path: Path) -> None:
    chosen = SPEC.replace("{category: kind}", "{category: {column: kind, rows: [0, 8]}}")
    keep(tmp_path, chosen, rows=ROWS)
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and ended.out.count("error[") == 1
    assert "error[E404]: `x` has 9 rows, `kind` has 8" in ended.out and "spec.yaml:5:19" in ended.out
    both = chosen.replace("  targets", "  inputs: {x: {array: {column: x, rows: [1, 9]}}}\n  targets")
    keep(tmp_path, both)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0
    assert check(both, "spec.yaml").problems == ()
    codes = [problem.code for problem in check(both.replace("[1, 9]", "[2, 9]"), "spec.yaml").problems]
    assert codes == ["E404"]


def test_a_suppressed_warning_of_the_headers_is_no_comment_without_use(tmp_path: Path) -> None:
    commented = SPEC.replace("batch_size: 8", "batch_size: 10  # modelc: ignore W906")
    keep(tmp_path, commented, rows=ROWS)
    for options in ([], ["--data"]):
        assert modelc("validate", "--strict", *options, "spec.yaml", cwd=tmp_path).out == "1 file is valid\n"


def test_several_mistakes_in_the_spec_and_in_its_data_are_told_at_once(tmp_path: Path) -> None:
    keep(tmp_path, SPEC.replace("adam", "adm"), rows={"x": X[:, :3], "kind": KIND})
    out = modelc("validate", "spec.yaml", cwd=tmp_path).out
    assert out.count("error[") == 2 and "error[E101]" in out and "error[E402]" in out


WITH_OTHERS: Columns = {**ROWS, "train/x": X, "../up": X, "/abs": X, "meta": np.array([{}])}


def test_arrays_that_can_be_no_columns_are_errors_only_of_what_reads_them(tmp_path: Path) -> None:
    keep(tmp_path, rows=WITH_OTHERS)
    assert modelc("validate", "spec.yaml", cwd=tmp_path).code == 0
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    for name, said in (("train/x", "has a `/` in its name"), ("../up", "`/`"), ("/abs", "`/`"), ("meta", "unpickled")):
        keep(tmp_path, SPEC.replace("targets", f"inputs: {{x: {{array: {name}}}}}\n  targets"))
        ended = modelc("validate", "spec.yaml", cwd=tmp_path)
        assert ended.code == 1 and ended.out.count("error[") == 1
        assert f"error[E405]: the array `{name}` in 'rows.npz'" in ended.out and said in ended.out
        assert "spec.yaml:5:23" in ended.out and "is to be read here" in ended.out
    keep(tmp_path, SPEC.replace("category: kind", "category: knd"))
    note = "note: columns: x, kind; cannot be read: train/x, ../up, /abs, meta\n"
    assert note in modelc("validate", "spec.yaml", cwd=tmp_path).out


def test_an_array_that_can_be_no_column_is_told_of_test_rows_and_of_rows_to_predict(tmp_path: Path) -> None:
    others = {"kind": KIND, "x": np.array([{}] * 9)}
    keep(tmp_path, TESTED, rows=ROWS, others=others)
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and ended.out.count("error[") == 1 and "spec.yaml:5:9" in ended.out
    assert "error[E405]: of the test rows: the array `x` in 'others.npz' contains Python objects" in ended.out
    keep(tmp_path, SPEC)
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    ended = modelc("predict", "run", "others.npz", "-o", "out.csv", cwd=tmp_path)
    assert ended.code == 4 and "error[E405]: the array `x` in 'others.npz' contains Python objects" in ended.err
    more: Columns = {"x": X, "kind/2": np.array([{}])}
    np.savez(tmp_path / "others.npz", **more)
    assert modelc("predict", "run", "others.npz", "-o", "out.csv", cwd=tmp_path).code == 0


def test_a_table_is_answered_with_the_source_that_reads_it(tmp_path: Path) -> None:
    keep(tmp_path, SPEC.replace("rows.npz", "rows.csv"))
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    for command in (("validate",), ("validate", "--data"), ("train",)):
        ended = modelc(*command, "spec.yaml", cwd=tmp_path)
        said = " ".join((ended.out + ended.err).split())
        assert ended.code != 0 and "if it is a table, read it as one: `source: {csv: rows.csv}`" in said, said
    keep(tmp_path, rows=ROWS)
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    ended = modelc("predict", "run", "rows.csv", "-o", "out.csv", cwd=tmp_path)
    assert ended.code == 4 and "error[E401]: the data has no column `x` for `x`" in ended.err
    assert "columns: a, b" in ended.err
    (tmp_path / "rows.dat").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "`.csv`, `.parquet` or `.jsonl`" in modelc("predict", "run", "rows.dat", "-o", "out.csv", cwd=tmp_path).err


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    keep(tmp_path)
    (tmp_path / "rows.npz").write_bytes(b"PK\3\4 and no more")
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and "error[E405]: 'rows.npz' is damaged or not an .npz file" in ended.out
    assert "spec.yaml:4:11" in ended.out


def test_a_link_out_of_the_root_is_refused_and_not_looked_at(tmp_path: Path) -> None:
    inside = tmp_path / "project"
    inside.mkdir()
    keep(tmp_path, rows=ROWS)
    keep(inside)
    (inside / "rows.npz").symlink_to(tmp_path / "rows.npz")
    ended = modelc("validate", "spec.yaml", cwd=inside)
    assert ended.code == 1 and "points outside the spec's folder through a symbolic link" in ended.out


@pytest.mark.parametrize("content", [None, POINTER], ids=["no file", "a pointer of Git LFS"])
def test_a_file_that_is_not_there_is_no_error_and_is_named(tmp_path: Path, content: bytes | None) -> None:
    keep(tmp_path)
    if content is not None:
        (tmp_path / "rows.npz").write_bytes(content)
    ended = modelc("validate", "--strict", "spec.yaml", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "1 file is valid\n")
    said = "note: the columns of `rows.npz` were not checked: it is not there; the rows were not read: use `--data`\n"
    assert ended.err == said
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and ("git lfs pull" if content else "there is no file 'rows.npz'") in ended.out


def test_what_was_not_looked_at_is_one_line_for_all_specs(tmp_path: Path) -> None:
    keep(tmp_path, rows=ROWS)
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.yaml").write_text(SPEC.replace("rows.npz", f"{name}.npz"), encoding="utf-8")
    (tmp_path / "model.yaml").write_text(SPEC.partition("data:")[0], encoding="utf-8")
    ended = modelc("validate", "spec.yaml", "a.yaml", "b.yaml", "model.yaml", cwd=tmp_path)
    columns = "the columns of `a.npz` and `b.npz` were not checked: they are not there"
    assert ended.err == f"note: {columns}; the rows of 3 specs were not read: use `--data`\n"
    ended = modelc("validate", ".", cwd=tmp_path)
    columns = "the columns of 4 files, such as `a.npz`, were not checked: they are not there"
    assert ended.err == f"note: {columns}; the rows of 5 specs were not read: use `--data`\n"


def with_arrays(folder: Path, name: str, text: str, *files: str) -> None:
    """A spec of which each layer begins with one of these files."""
    layers = ", ".join(f"{{dense: {{units: 2, kernel_initializer: {{from_file: {file}}}}}}}" for file in files)
    model = f"model: {{inputs: {{x: {{shape: [2]}}}}, layers: [{layers}]}}\n"
    (folder / name).write_text(text + model, encoding="utf-8")


def test_arrays_that_were_not_read_are_named_too(tmp_path: Path) -> None:
    with_arrays(tmp_path, "spec.yaml", "modelc: 1\n", "a.npy")
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    left = "the array in `a.npy` was not checked: it is not there"
    assert (ended.code, ended.err) == (0, f"note: {left}; the arrays in files were not read: use `--data`\n")
    ended = modelc("validate", "spec.yaml", "--format", "json", cwd=tmp_path)
    assert json.loads(ended.out)["unchecked"] == [{"file": "spec.yaml", "absent": ["a.npy"]}]
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and "E405" in ended.out and "spec.yaml:2:" in ended.out
    np.save(tmp_path / "a.npy", np.eye(2))
    assert (
        modelc("validate", "spec.yaml", cwd=tmp_path).err == "note: the arrays in files were not read: use `--data`\n"
    )
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, "1 file is valid\n", "")
    with_arrays(tmp_path, "two.yaml", "modelc: 1\ndata: {source: {npz: rows.npz}}\n", "a.npy", "b.npy", "c.npy")
    ended = modelc("validate", "spec.yaml", "two.yaml", cwd=tmp_path)
    columns = "the columns of `rows.npz` were not checked: it is not there"
    left = "the arrays in `b.npy` and `c.npy` were not checked: they are not there"
    assert ended.err == f"note: {columns}; {left}; the rows were not read: use `--data`\n"


@pytest.mark.parametrize(("array", "code"), [("nan", "E403"), ("wide", "E405"), ("none", "E405")])
def test_an_array_that_an_override_names_is_wrong_there(tmp_path: Path, array: str, code: str) -> None:
    np.savez(tmp_path / "all.npz", good=np.eye(2), nan=np.full((2, 2), np.nan), wide=np.eye(3))
    with_arrays(tmp_path, "spec.yaml", "modelc: 1\n", "{file: all.npz, array: good}")
    path = "model.layers.0.dense.kernel_initializer.from_file"
    setting = f"{path}.array={array}"
    ended = modelc("validate", "--data", "spec.yaml", "--set", setting, cwd=tmp_path)
    assert ended.code == 1 and f"error[{code}]" in ended.out and f"--> --set:1:{len(path) + 8}" in ended.out
    with_arrays(tmp_path, "spec.yaml", "modelc: 1\n", f"{{file: all.npz, array: {array}}}")
    assert "--> spec.yaml:2:" in modelc("validate", "--data", "spec.yaml", cwd=tmp_path).out


def test_nothing_is_said_where_nothing_was_left_out(tmp_path: Path) -> None:
    keep(tmp_path, rows=ROWS)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).err == ""
    (tmp_path / "model.yaml").write_text(SPEC.partition("data:")[0], encoding="utf-8")
    assert modelc("validate", "model.yaml", cwd=tmp_path).err == ""
    (tmp_path / "wrong.yaml").write_text(SPEC.replace("adam", "adm"), encoding="utf-8")
    assert modelc("validate", "wrong.yaml", "spec.yaml", cwd=tmp_path).err == ""


def test_formats_for_programs_say_it_in_the_document(tmp_path: Path) -> None:
    keep(tmp_path)
    ended = modelc("validate", "spec.yaml", "--format", "json", cwd=tmp_path)
    assert json.loads(ended.out)["unchecked"] == [{"file": "spec.yaml", "absent": ["rows.npz"]}] and ended.err == ""
    ended = modelc("validate", "spec.yaml", "--format", "sarif", cwd=tmp_path)
    (run,) = json.loads(ended.out)["runs"]
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["level"] == "note" and "`rows.npz` were not checked: it is not there" in said["message"]["text"]
    keep(tmp_path, rows=ROWS)
    ended = modelc("validate", "--data", "spec.yaml", "--format", "json", cwd=tmp_path)
    assert json.loads(ended.out)["unchecked"] == []
    ended = modelc("validate", "--data", "spec.yaml", "--format", "sarif", cwd=tmp_path)
    assert "invocations" not in json.loads(ended.out)["runs"][0]


def test_paths_begin_at_the_root_also_for_headers(tmp_path: Path) -> None:
    keep(tmp_path, rows={"x": X})
    (tmp_path / "specs").mkdir()
    keep(tmp_path / "specs")
    assert modelc("validate", "specs/spec.yaml", cwd=tmp_path).code == 0
    assert "error[E401]" in modelc("validate", "specs/spec.yaml", "--root", ".", cwd=tmp_path).out


def test_a_spec_from_standard_input_has_headers_below_a_root_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, rows={"x": X})

    def ended(*options: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(SPEC.encode())))
        found = modelc("validate", "-", *options, cwd=tmp_path)
        return found.code, found.err

    code, said = ended()
    assert code == 0 and "`rows.npz` were not checked: without `--root` it is not known where paths begin" in said
    assert ended("--root", ".") == (1, "")


def test_a_text_and_a_loaded_spec_look_at_no_data(tmp_path: Path) -> None:
    keep(tmp_path, rows={"x": X})
    assert check(SPEC, "spec.yaml", headers=True).problems == ()
    assert check_file(tmp_path / "spec.yaml").problems == ()
    assert load(tmp_path / "spec.yaml").data is not None
    assert [problem.code for problem in check_file(tmp_path / "spec.yaml", headers=True).problems] == ["E401"]


TESTED = SPEC.replace("  targets", "  test: {npz: others.npz}\n  targets")


@pytest.mark.parametrize(
    ("others", "code", "said"),
    [
        ({"kind": KIND}, "E401", "of the test rows: the data has no column `x` for `x`"),
        ({"x": X[:, :3], "kind": KIND}, "E402", "the column `x` has rows of shape [3], the input `x` takes [4]"),
        ({"x": X, "kind": KIND[:, None]}, "E402", "`kind` has rows of shape [1], in the training rows []"),
        ({"x": X, "kind": X[:, 0]}, "E402", "`category` needs integers or strings, but `kind` has float32"),
        ({"x": X[:8], "kind": KIND}, "E404", "the columns of 'others.npz' differ in length"),
    ],
)
def test_test_rows_that_do_not_fit_are_known_before_training(
    tmp_path: Path, others: Columns, code: str, said: str
) -> None:
    keep(tmp_path, TESTED, rows=ROWS, others=others)
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and ended.out.count("error[") == 1
    assert f"error[{code}]" in ended.out and said in ended.out and "spec.yaml:5:9" in ended.out
    trained = modelc("train", "spec.yaml", cwd=tmp_path)
    assert trained.code != 0 and said in trained.err and not (tmp_path / "runs").exists()


def test_test_rows_are_checked_where_the_training_rows_are_not_there(tmp_path: Path) -> None:
    keep(tmp_path, TESTED, others={"x": X[:, :3], "kind": KIND})
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and "`x` has rows of shape [3], the input `x` takes [4]" in ended.out
    both = SPEC.replace("npz: rows.npz", "npz: {train: rows.npz, test: others.npz}")
    keep(tmp_path, both, rows=ROWS)
    os.remove(tmp_path / "others.npz")
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0 and "the columns of `others.npz` were not checked" in ended.err


def test_what_is_wrong_in_both_files_is_one_error(tmp_path: Path) -> None:
    keep(tmp_path, TESTED, rows={"x": X}, others={"x": X})
    assert modelc("validate", "spec.yaml", cwd=tmp_path).out.count("error[") == 1


def test_validation_rows_are_scored_where_the_test_rows_are_gone(tmp_path: Path) -> None:
    keep(tmp_path, TESTED.replace("  test:", "  validation: {last: 1}\n  test:"), rows=ROWS, others=ROWS)
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    os.remove(tmp_path / "others.npz")
    assert modelc("evaluate", "run", "--split", "validation", cwd=tmp_path).code == 0
    assert "there is no file 'others.npz'" in modelc("evaluate", "run", cwd=tmp_path).err


def test_headers_are_read_once_in_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SPEC.replace("dense:", "dence:").replace("optimizer:", "optimiser:").replace("batch_size:", "batchsize:")
    folder, read = keep(tmp_path, text, rows=ROWS), []
    inspect = Npz.inspect

    def counted(source: Npz, root: Any) -> Any:
        read.append(root)
        return inspect(source, root)

    monkeypatch.setattr(Npz, "inspect", counted)
    assert len(check_file(folder / "spec.yaml", headers=True).errors) == 3
    assert len(read) == 1


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ("{random_normal: 0.1}", ""),
        (
            "{from_file: table.npy}",
            "note: the array in `table.npy` was not checked: it is not there; the arrays in files were not read: use `--data`\n",
        ),
    ],
)
def test_an_array_that_is_not_there_is_said_also_of_a_spec_without_data(tmp_path: Path, weight: str, said: str) -> None:
    text = f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  layers: [dense: {{units: 2, kernel_initializer: {weight}}}]\n"
    (tmp_path / "spec.yaml").write_text(text)
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0 and ended.err == said


def test_an_array_of_another_shape_is_labelled_and_reshaped_where_it_has_as_many_values(tmp_path: Path) -> None:
    for shape, help in (((8,), "save it as [4, 2]: `array.reshape(4, 2)`"), ((3,), "give both one shape")):
        np.save(tmp_path / "table.npy", np.zeros(shape, "float32"))
        layer = "dense: {units: 2, kernel_initializer: {from_file: table.npy}}"
        text = f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  layers: [{layer}]\n"
        (tmp_path / "spec.yaml").write_text(text)
        said = modelc("validate", "spec.yaml", cwd=tmp_path).out
        assert help in said and "values of [4, 2] float32 are wanted" in said
