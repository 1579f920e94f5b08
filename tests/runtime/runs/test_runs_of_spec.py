"""The runs of a spec are those of its content, with all files, whatever they and their folders are called."""

import os
import shutil
import unicodedata
from itertools import count
from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import spec_root
from modelc.runtime.runs.find_run import find_run
from modelc.runtime.runs.new_record import record_of
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.runs.run_folders import task_name
from modelc.runtime.training.observer import Outcome
from tests.runtime.runs.sealing import without_seal

BASE = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: 8, dense: 1]  # two of them
data: {source: {npz: data.npz}, targets: {output: {array: y}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 3}
"""
TIMES = count()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str = BASE) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)


def train(
    spec: str | Path,
    *settings: str,
    status: str = "finished",
    root: Path | None = None,
    old: bool = False,
    folder: str = "",
) -> Path:
    """A run directory as `modelc train` writes it, without weights; `old` as before contents were recorded."""
    spec = Path(spec)
    checked = check_file(spec, settings=settings, root=root)
    assert checked.task is not None and checked.merged is not None and not checked.errors
    id, where = f"{next(TIMES):04}", spec_root(spec, root)
    merged, name = checked.merged.data, task_name(checked.task, spec)
    record = record_of(checked.task, id, name, spec, settings, where, merged, checked.class_names)
    path = Path(folder or "runs") / name / id
    with Recorder.new(path, record, spec.read_bytes(), merged, checked.data, {}, checked.class_names) as recording:
        if status == "finished":
            recording.finish(Outcome("finished", None, None, 0))
        elif status == "failed":
            recording.fail("E501", "the loss is not finite")
    if old:
        without_seal(path, "source", "content")
        (path / "merged.json").unlink()
    return path


def refused(text: str, root: Path | None = None) -> RunError:
    with pytest.raises(RunError) as caught:
        find_run(text, root)
    return caught.value


def taken(text: str, root: Path | None = None) -> tuple[Path, str]:
    found = find_run(text, root)
    return found.run.folder, "\n".join(found.notes)


def test_a_spec_that_was_not_changed_gives_its_latest_run_without_a_word() -> None:
    write("tiny.yaml")
    train("tiny.yaml")
    second = train("tiny.yaml")
    found = find_run("tiny.yaml")
    assert (found.run.folder, found.run.find_root().root.folder, found.notes) == (second, Path.cwd(), ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# two of them", "# a remark"),
        ("dense: 8, dense: 1]", "dense: 8,   dense: 1 ]"),
        ("{loss: mean_squared_error, optimizer: adam, epochs: 3}", "{epochs: 3, loss: 'mean_squared_error', optimizer: adam}"),
        ("epochs: 3}", "epochs: 3}\n\n"),
    ],
)  # fmt: skip
def test_comments_layout_and_the_order_of_keys_are_not_content(before: str, after: str) -> None:
    run = train(write("tiny.yaml"))
    assert before in BASE
    write("tiny.yaml", BASE.replace(before, after))
    assert taken("tiny.yaml") == (run, "")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("epochs: 3", "epochs: 5", "`train.epochs` was 3, and is 5 now (tiny.yaml:6)"),
        ("dense: 8,", "dense: 9,", "`model.layers.0.dense` was 8, and is 9 now (tiny.yaml:4)"),
        ("dense: 8,", "", "`model.layers` is not what it was (tiny.yaml:4)"),
        ("dense: 8,", "dense: {units: 8},", "`model.layers.0.dense` was 8, and is a mapping now (tiny.yaml:4)"),
        ("epochs: 3", "steps: 3", "`train.steps` was not in the spec, and is 3 now (tiny.yaml:6)"),
        ("epochs: 3", "steps: 3", "`train.epochs` was 3, and is not in the spec now"),
        ("modelc: 1", "modelc: 1\ndescription: '3'", '`description` was not in the spec, and is "3" now (tiny.yaml:2)'),
    ],
)
def test_a_spec_that_was_changed_since_is_refused_with_what_differs_and_both_ways_out(
    before: str, after: str, said: str
) -> None:
    run = train(write("tiny.yaml"))
    write("tiny.yaml", BASE.replace(before, after))
    error = refused("tiny.yaml")
    assert error.code == "E607"
    assert error.message == f"the latest run, `{run}`, was trained before `tiny.yaml` was changed"
    assert said in error.notes
    assert f"name it: `modelc evaluate {run}`" in error.helps[0]
    assert "`modelc train tiny.yaml`" in error.helps[1]


def test_many_differences_are_counted() -> None:
    train(write("tiny.yaml"))
    vars = "vars: {a: 1, b: 2, c: 3, d: 4, e: 5}\n"
    write("tiny.yaml", BASE.replace("model:", "model: ").replace("modelc: 1\n", f"modelc: 1\n{vars}name: x\nseed: 3\n"))
    shutil.move("runs/tiny", "runs/x")
    assert len(refused("tiny.yaml").notes) == 3
    write("tiny.yaml", BASE.replace("modelc: 1\n", "modelc: 1\na: 1\nb: 1\nc: 1\nd: 1\ne: 1\nname: x\n"))
    assert refused("tiny.yaml").notes[-1] == "3 more values differ"


def test_an_older_run_of_the_same_content_is_taken_and_named() -> None:
    first = train(write("tiny.yaml"))
    second = train(write("tiny.yaml", BASE.replace("epochs: 3", "epochs: 5")))
    write("tiny.yaml")
    folder, said = taken("tiny.yaml")
    assert folder == first
    assert said == f"taking `{first}`: the later run `{second}` is of another content of `tiny.yaml`"


def test_the_settings_of_a_run_are_named_beside_what_was_changed_in_the_spec() -> None:
    run = train(write("tiny.yaml"), "train.epochs=5")
    write("tiny.yaml", BASE.replace("epochs: 3", "epochs: 5"))
    error = refused("tiny.yaml")
    assert error.code == "E607" and "`train.epochs` was 3, and is 5 now (tiny.yaml:6)" in error.notes
    assert error.notes[-1] == f"`{run}` was trained with `--set train.epochs=5`"


def test_settings_are_no_difference_of_the_spec_and_are_named() -> None:
    run = train(write("tiny.yaml"), "train.epochs=7", "train.optimizer=sgd: 0.1")
    said = f"`{run}` was trained with `--set train.epochs=7 --set 'train.optimizer=sgd: 0.1'`"
    assert taken("tiny.yaml") == (run, said)
    write("tiny.yaml", BASE.replace("epochs: 3", "epochs: 7"))
    assert refused("tiny.yaml").notes == ("`train.epochs` was 3, and is 7 now (tiny.yaml:6)", said)


OVER = "modelc: 1\nextends: base.yaml\ntrain: {epochs: 4}\n"
USED = BASE.replace("layers: [dense: 8, dense: 1]", "layers: [Part, dense: 1]") + "blocks: {Part: {use: part.yaml}}\n"
PART = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 8]}\n"


def test_a_change_of_a_file_that_is_extended_is_a_change_of_the_spec() -> None:
    write("base.yaml")
    run = train(write("tiny.yaml", OVER))
    assert taken("tiny.yaml") == (run, "")
    write("base.yaml", BASE.replace("dense: 8", "dense: 16"))
    error = refused("tiny.yaml")
    assert (error.code, error.notes) == ("E607", ("`model.layers.0.dense` was 8, and is 16 now (base.yaml:4)",))
    write("base.yaml", BASE.replace("two of them", "a remark"))
    assert taken("tiny.yaml") == (run, "")


def test_a_change_of_a_file_that_is_used_is_a_change_of_the_spec() -> None:
    write("part.yaml", PART)
    run = train(write("tiny.yaml", USED))
    assert taken("tiny.yaml") == (run, "")
    write("part.yaml", PART.replace("dense: 8", "dense: 16"))
    (said,) = refused("tiny.yaml").notes
    assert said.endswith("was 8, and is 16 now (part.yaml:2)")


@pytest.mark.parametrize(("name", "other", "spec"), [("base.yaml", BASE, OVER), ("part.yaml", PART, USED)])
def test_files_that_are_gone_or_unreadable_are_said(name: str, other: str, spec: str) -> None:
    write(name, other)
    train(write("tiny.yaml", spec))
    Path(name).unlink()
    error = refused("tiny.yaml")
    assert error.code == "E602"
    assert "its runs cannot be told from others" in error.message
    assert f"there is no file '{name}'" in error.notes[0]
    write("tiny.yaml", "a: [")
    assert refused("tiny.yaml").notes == ("E002: `[` is not closed",)


def test_two_specs_of_one_name_are_told_apart() -> None:
    first = train(write("a/tiny.yaml"))
    other = BASE.replace("epochs: 3", "epochs: 5")
    write("b/tiny.yaml", other)
    error = refused("b/tiny.yaml")
    assert error.code == "E607"
    assert error.message == f"`b/tiny.yaml` has not been trained here: `{first}` is of another spec, `a/tiny.yaml`"
    second = train("b/tiny.yaml")
    assert taken("a/tiny.yaml") == (first, "")
    assert taken("b/tiny.yaml") == (second, "")
    named = train(write("named.yaml", other.replace("modelc: 1\n", "modelc: 1\nname: tiny\n")))
    assert named.parent == first.parent
    assert taken("a/tiny.yaml") == (first, "")


NFC, NFD = "größe", unicodedata.normalize("NFD", "größe")


@pytest.mark.parametrize(
    ("one", "other"),
    [("größe", "grüße"), (NFC, NFD), ("größe", "grosse"), ("a b", "a-b"), ("Größe", "größe"), ("été", "t"), ("模型", "数据")],
)  # fmt: skip
def test_names_that_fold_together_are_told_apart(one: str, other: str) -> None:
    first = train(write(f"{one}.yaml"))
    write(f"{other}.yaml", BASE.replace("dense: 8", "dense: 9"))
    assert refused(f"{other}.yaml").code in ("E602", "E607")
    second = train(f"{other}.yaml")
    assert taken(f"{one}.yaml") == (first, "")
    assert taken(f"{other}.yaml") == (second, "")


def test_a_spec_that_was_changed_is_told_of_its_own_run_and_not_of_one_of_the_same_name() -> None:
    own = train(write("a/tiny.yaml"))
    train(write("b/tiny.yaml", BASE.replace("epochs: 3", "epochs: 5")))
    write("a/tiny.yaml", BASE.replace("epochs: 3", "epochs: 4"))
    error = refused("a/tiny.yaml")
    assert error.message == f"the latest run, `{own}`, was trained before `a/tiny.yaml` was changed"
    assert error.notes == ("`train.epochs` was 3, and is 4 now (a/tiny.yaml:6)",)


def test_copies_with_data_of_their_own_prefer_their_own_run_and_read_their_own_data() -> None:
    first = train(write("a/tiny.yaml"))
    train(write("b/tiny.yaml"))
    found = find_run("a/tiny.yaml")
    assert (found.run.folder, found.run.find_root().root.folder, found.notes) == (first, Path.cwd() / "a", ())
    write("c/tiny.yaml")
    found = find_run("c/tiny.yaml")
    assert found.run.find_root().root.folder == Path.cwd() / "c"
    assert found.notes == (
        f"`{found.run.folder}` was trained from `b/tiny.yaml`, which had the content that `c/tiny.yaml` has",
    )


def test_a_spec_that_was_renamed_finds_its_run_and_says_so() -> None:
    run = train(write("tiny.yaml"))
    Path("tiny.yaml").rename("better.yaml")
    folder, said = taken("better.yaml")
    assert folder == run
    assert said == f"`{run}` was trained from `tiny.yaml`, which had the content that `better.yaml` has"
    write("better.yaml", BASE.replace("epochs: 3", "epochs: 4"))
    assert refused("better.yaml").code == "E602"


@pytest.mark.parametrize("extended", [False, True])
def test_a_project_that_was_moved_finds_its_runs_and_its_data(
    here: Path, monkeypatch: pytest.MonkeyPatch, extended: bool
) -> None:
    write("before/specs/base.yaml")
    write("before/specs/tiny.yaml", OVER.replace("base.yaml", "specs/base.yaml") if extended else BASE)
    monkeypatch.chdir(here / "before")
    run = train("specs/tiny.yaml", root=Path("."))
    monkeypatch.chdir(here)
    os.rename("before", "after")
    monkeypatch.chdir(here / "after")
    found = find_run("specs/tiny.yaml")
    assert (found.run.folder, found.run.find_root().root.folder, found.notes) == (run, here / "after", ())
    write("specs/tiny.yaml", BASE.replace("epochs: 3", "epochs: 5"))
    assert refused("specs/tiny.yaml").message.startswith("the latest run, ")


def test_runs_beside_the_spec_are_found_from_another_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("project/tiny.yaml")
    monkeypatch.chdir(here / "project")
    run = train("tiny.yaml")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert taken("../project/tiny.yaml") == (Path("../project") / run, "")


def test_a_run_of_before_is_known_by_its_text_where_that_is_all() -> None:
    run = train(write("tiny.yaml"), old=True)
    assert taken("tiny.yaml") == (run, "")
    assert find_run("tiny.yaml").run.find_root().root.folder == Path.cwd()
    write("tiny.yaml", BASE.replace("epochs: 3", "epochs: 5"))
    assert refused("tiny.yaml").notes == ("`train.epochs` was 3, and is 5 now (tiny.yaml:6)",)


def test_a_run_of_before_with_other_files_is_used_and_one_line_says_what_is_not_known() -> None:
    write("base.yaml")
    run = train(write("tiny.yaml", OVER), old=True)
    write("base.yaml", BASE.replace("dense: 8", "dense: 16"))
    said = f"`{run}` recorded too little to tell whether `tiny.yaml` has changed since it was trained"
    assert taken("tiny.yaml") == (run, said)
    known = train("tiny.yaml")
    assert taken("tiny.yaml") == (known, "")


def test_runs_of_this_content_that_did_not_finish_are_named() -> None:
    run = train(write("tiny.yaml"), status="failed")
    error = refused("tiny.yaml")
    assert (error.code, error.helps) == ("E602", ("train it again: `modelc train tiny.yaml`",))
    (run / "weights/last").mkdir(parents=True)
    error = refused("tiny.yaml")
    assert (error.code, error.helps) == ("E602", (f"to use what it saved, name it: `{run}`",))


def test_a_damaged_run_of_another_name_does_not_matter() -> None:
    run = train(write("tiny.yaml"))
    write("runs/other/a/run.json", "{")
    write("runs/other/a/resolved.json", "{}")
    Path("tiny.yaml").rename("better.yaml")
    assert taken("better.yaml")[0] == run


@pytest.mark.parametrize("content", ["{", '{"modelc": NaN}', '{"train": 1e999}'])
def test_a_content_that_was_recorded_and_lost_is_still_told_by_its_digest(content: str) -> None:
    run = train(write("tiny.yaml"))
    without_seal(run)
    (run / "merged.json").write_text(content)
    assert taken("tiny.yaml") == (run, "")
    write("tiny.yaml", BASE.replace("epochs: 3", "epochs: 5"))
    assert refused("tiny.yaml").notes == ()
