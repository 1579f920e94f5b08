"""Weights from a run or a file before the first step: what is taken, what is said of it, and what is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.cli.commands import Ended, modelc
from tests.runtime.taken import digests, weights_before

ROOT = Path(__file__).parent.parent.parent

FIRST = """\
modelc: 1
blocks: {Unit: {layers: [dense: 4, batch_norm]}}
model:
  inputs: {x: {shape: [3]}, text: {shape: [4], dtype: int32}}
  nodes:
    norm: {from: x, normalization: {}}
    words: {from: text, layers: [embedding: {input_dim: 8, output_dim: 4}, global_avg_pool1d]}
    body: {from: norm, layers: [dense: 4, {Unit: {}, repeat: 8, name: deep}]}
    both: {from: [body, words], add: {}}
    y: {from: both, dense: 1}
  outputs: [y]
data:
  source: {csv: rows.csv}
  inputs: {x: {numbers: {columns: [a, b, c]}}, text: {text: {column: text, length: 4, vocabulary: 8}}}
  targets: {y: {number: y}}
train: {loss: mean_squared_error, optimizer: {adam: 0.01}, epochs: 1, batch_size: 16}
"""
SECOND = FIRST.replace("body", "back").replace("repeat: 8", "repeat: 9").replace("rows.csv", "others.csv")
SECOND = SECOND.replace("{adam: 0.01}, epochs", "{sgd: 1.0e-30}, initial_weights: FROM, epochs")
WORDS = SECOND.replace("vocabulary: 8", "vocabulary: {run: runs/a}")
"""A spec that takes the words of the run as well: in it one copy is new, and steps change no weights."""
MAPPED = "{run: runs/a, take: [{from: body, to: back}, norm, words, y]}"


def rows(words: list[str], seed: int) -> str:
    drawn = np.random.default_rng(seed)
    lines = [
        f"{','.join(f'{value:.3f}' for value in drawn.normal(seed, 2, 4))},{' '.join(drawn.choice(words, 4))}"
        for _ in range(48)
    ]
    return "\n".join(["a,b,c,y,text", *lines]) + "\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "rows.csv").write_text(rows(["one", "two", "three", "four"], 1))
    (folder / "others.csv").write_text(rows(["two", "five", "six", "one"], 2))
    (folder / "first.yaml").write_text(FIRST)
    assert modelc("train", "first.yaml", "--run-dir", "runs/a", cwd=folder).code == 0
    return folder


def weights(run: Path, kind: str = "last") -> dict[str, Any]:
    files = (run / "weights" / kind / f"{name}.safetensors" for name in ("params", "state"))
    return {name: array for file in files for name, array in load_file(file).items()}


def trained(folder: Path, spec: str, run: str, *options: str) -> Ended:
    (folder / f"{run}.yaml").write_text(spec)
    shutil.rmtree(folder / "runs" / run, ignore_errors=True)
    return modelc("train", f"{run}.yaml", "--run-dir", f"runs/{run}", "--no-baseline", *options, cwd=folder)


def spec_at(folder: Path, text: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text(text)
    return path


def test_what_is_taken_is_there_to_the_bit_and_the_rest_as_usual(project: Path) -> None:
    before = {name.replace("body/", "back/"): one for name, one in weights(project / "runs/a", "best").items()}
    usual, fitted = weights_before(spec_at(project, WORDS.replace("initial_weights: FROM, ", "")))
    assert fitted == ["norm"]
    spec = spec_at(project, WORDS.replace("FROM", MAPPED))
    after, fitted = weights_before(spec)
    assert fitted == [] and after.keys() == usual.keys() and len(after) == len(before) + 6
    for name, array in after.items():
        assert name.startswith("back/deep/8/") == (name not in before)
        assert array.tobytes() == before.get(name, usual[name]).tobytes(), name
        assert "bias" in name or "beta" in name or name not in before or array.tobytes() != usual[name].tobytes(), name
    command = [sys.executable, "-m", "tests.runtime.taken", str(spec)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == digests(after)


def test_the_log_says_what_was_taken_and_what_begins_anew(project: Path) -> None:
    ended = trained(project, WORDS.replace("FROM", MAPPED), "b")
    assert ended.code == 0, ended.err
    assert "fitted to" not in ended.out and "left there" not in ended.out
    assert "initial weights  55 of 61 from runs/a (best, epoch 1)\n" in ended.out
    assert "begin anew       back/deep/8\n" in ended.out


def test_the_run_keeps_what_was_taken_from_where_and_is_repeated(project: Path) -> None:
    trained(project, WORDS.replace("FROM", MAPPED), "b")
    report = json.loads((project / "runs/b/initial_weights.json").read_text())
    (source,) = report["sources"]
    record = json.loads((project / "runs/a/run.json").read_text())
    assert (source["run"], source["id"], source["weights"], source["left"]) == ("runs/a", record["id"], "best", [])
    assert report["taken"]["back/dense/kernel"]["from"] == "body/dense/kernel"
    assert len(report["taken"]) == 55 and len(report["new"]) == 6
    assert "ok  initial_weights.json" in modelc("verify", "runs/b", cwd=project).out
    again = modelc("reproduce", "runs/b", cwd=project)
    assert again.code == 0 and "what differs" not in again.out, again.out
    assert modelc("evaluate", "runs/b", "rows.csv", cwd=project).code == 0


def test_a_run_elsewhere_stands_for_the_one_in_the_spec_and_is_found_again(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "runs/a", tmp_path / "moved")
    spec = WORDS.replace("FROM", MAPPED.replace("{run: runs/a", "{run: nowhere"))
    ended = trained(project, spec, "c", "--initial-weights", str(tmp_path / "moved"))
    assert ended.code == 0 and f"55 of 61 from {tmp_path}/moved (best" in ended.out
    assert modelc("reproduce", "runs/c", cwd=project).code == 0
    shutil.rmtree(moved := tmp_path / "moved")
    trained(project, FIRST.replace("batch_size: 16", "batch_size: 16, seed: 5"), "other")
    shutil.copytree(project / "runs/other", moved)
    changed = modelc("reproduce", "runs/c", cwd=project)
    assert changed.code == 1
    assert "the weights that training began with have changed: `back/dense/kernel` and " in changed.out
    resumed = modelc("train", "--resume", "runs/c", "--set", "train.epochs=2", "--no-baseline", cwd=project)
    assert resumed.code == 0, resumed.err
    shutil.rmtree(tmp_path / "moved")
    lost = modelc("reproduce", "runs/c", cwd=project)
    assert lost.code == 4 and "its weights are read there again" in lost.err
    assert modelc("evaluate", "runs/c", "rows.csv", cwd=project).code == 0


def test_a_file_that_is_no_longer_there_is_asked_for_where_it_was(project: Path) -> None:
    shutil.copy(project / "runs/a/weights/best/params.safetensors", project / "taken.safetensors")
    ended = trained(project, SECOND.replace("FROM", "{file: taken.safetensors, take: [y]}"), "e")
    assert ended.code == 0, ended.err
    (project / "taken.safetensors").unlink()
    lost = modelc("reproduce", "runs/e", cwd=project)
    assert lost.code == 4 and "there is no file 'taken.safetensors'" in lost.err, lost.err
    assert "they are read there again" in lost.err and f"put it back below '{project}'" in lost.err


def test_without_take_all_that_both_have_is_taken(project: Path) -> None:
    ended = trained(project, WORDS.replace("FROM", "{file: nowhere}"), "d", "--initial-weights", "runs/a")
    assert ended.code == 0 and "initial weights  5 of 61" in ended.out
    assert "left there       body\n" in ended.out and "begin anew       back\n" in ended.out


def test_validate_says_what_would_be_taken(project: Path) -> None:
    (project / "b.yaml").write_text(WORDS.replace("FROM", MAPPED))
    found = modelc("validate", "--data", "b.yaml", cwd=project)
    assert found.code == 0 and "note: b.yaml: initial weights: 55 of 61 from runs/a (best, epoch 1)" in found.err
    quick = modelc("validate", "b.yaml", cwd=project)
    assert quick.code == 0 and "were not read: use `--data`" in quick.err and "runs/a" not in quick.err
    (project / "b.yaml").write_text(WORDS.replace("FROM", "{run: runs/none}"))
    lost = modelc("validate", "b.yaml", cwd=project)
    assert lost.code == 0 and "the weights of `runs/none` were not checked: it is not there" in lost.err


def test_a_file_with_several_names_is_a_warning(files: Path) -> None:
    (files / "linked.safetensors").unlink(missing_ok=True)
    (files / "linked.safetensors").hardlink_to(files / "y.safetensors")
    (files / "b.yaml").write_text(WORDS.replace("FROM", "{file: linked.safetensors}"))
    for option in ((), ("--data",)):
        assert "W913" in modelc("validate", "b.yaml", *option, cwd=files).out
    (files / "linked.safetensors").unlink()


def test_all_that_does_not_fit_is_in_one_error(project: Path) -> None:
    wide = WORDS.replace("FROM", "{run: runs/a, take: [{from: body, to: back}, {from: nody, to: y}, y]}")
    wide = wide.replace("dense: 1}", "dense: 2}").replace("number: y", "numbers: {columns: [y, a]}")
    wide = wide.replace("repeat: 9", "repeat: 7")
    ended = trained(project, wide, "e")
    assert (
        ended.code == 4
        and "error[E610]: what is taken from the run `runs/a` does not fit the spec: 9 things are wrong" in ended.err
    )
    for note in (
        "`y/kernel` is [4, 1] there and [4, 2] here",
        "`y/bias` is [1] there and [2] here",
        "`body/deep/7/dense/kernel` would be `back/deep/7/dense/kernel`, which the spec does not have",
        "`nody` stands for no weight of the run `runs/a`: did you mean `body`?",
    ):
        assert f"= note: {note}\n" in ended.err
    assert "e.yaml:16:" in ended.err
    checked = modelc("validate", "--data", "e.yaml", cwd=project)
    assert checked.code == 1 and "E610" in checked.out
    (project / "e.yaml").write_text(wide.replace(", take: [{from: body, to: back}, {from: nody, to: y}, y]", ""))
    assert "= help: take what fits: `take: [words, norm]`" in modelc("train", "e.yaml", cwd=project).err


def test_a_table_of_other_words_is_refused_and_the_vocabulary_goes_with_it(project: Path) -> None:
    ended = trained(project, SECOND.replace("FROM", MAPPED), "f")
    assert ended.code == 4 and "E610" in ended.err and "`words/embedding/embeddings` are for other ids" in ended.err
    assert "= help: take the vocabulary with it: `text: {..., vocabulary: {run: runs/a}}`" in ended.err
    without = SECOND.replace("FROM", MAPPED.replace("words, ", ""))
    assert trained(project, without, "f").code == 0


def test_one_part_of_a_fitted_layer_is_no_fit(project: Path) -> None:
    ended = trained(project, WORDS.replace("FROM", "{run: runs/a, take: [norm/mean]}"), "g")
    assert ended.code == 4 and "`norm` is fitted to rows as a whole: `norm/mean` is taken" in ended.err


@pytest.fixture
def files(project: Path) -> Path:
    found = weights(project / "runs/a", "best")
    save_file({name: array for name, array in found.items() if name.startswith("y")}, project / "y.safetensors")
    return project


@pytest.mark.parametrize(
    ("dtype", "exact"), [("float32", True), ("float16", False), ("float64", True), ("bfloat16", False)]
)
def test_a_file_has_weights_by_path_and_name(files: Path, dtype: str, exact: bool) -> None:
    import jax.numpy as jnp

    kept = load_file(files / "y.safetensors")
    narrow = {name: array.astype(jnp.bfloat16 if dtype == "bfloat16" else dtype) for name, array in kept.items()}
    save_file(narrow, files / "z.safetensors")
    ended = trained(files, WORDS.replace("FROM", "{file: z.safetensors, take: [y]}"), "h")
    assert ended.code == 0 and "2 of 61 from z.safetensors" in ended.out, ended.err
    after = weights(files / "runs/h")
    for name, array in narrow.items():
        assert after[name].dtype == np.float32 and np.array_equal(after[name], array.astype(np.float32))
        assert np.array_equal(after[name], kept[name]) == exact


def test_weights_of_several_places_are_taken_once_each(files: Path) -> None:
    both = "[{run: runs/a, take: [norm, words]}, {file: y.safetensors}]"
    ended = trained(files, WORDS.replace("FROM", both), "i")
    assert ended.code == 0 and "3 of 61 from runs/a (best, epoch 1); 2 of 61 from y.safetensors\n" in ended.out
    ended = trained(files, WORDS.replace("FROM", both.replace("words]", "y]")), "i")
    assert ended.code == 4 and "`y/kernel` is taken from the run `runs/a` and from `y.safetensors`" in ended.err
    ended = trained(files, WORDS.replace("FROM", both), "i", "--initial-weights", "runs/a")
    assert ended.code == 2 and "takes weights from several places" in ended.err


@pytest.mark.parametrize(
    ("place", "code", "said"),
    [
        ("{run: ../a}", "E405", "points outside"),
        ("{run: /tmp/a}", "E405", "is absolute"),
        ("{file: no.safetensors}", "E405", "there is no file 'no.safetensors'"),
        ("{run: runs}", "E602", "'runs' is no run"),
        ("{run: nowhere}", "E602", "= help: train it first, if it is yet to be"),
        ("{run: nowhere}", "E602", "a run elsewhere is named on the command line"),
        ("{file: rows.csv}", "E603", "is no safetensors file"),
        ("{file: torch.safetensors}", "E603", "`layer.weight` in 'torch.safetensors' is no name of a weight"),
        ("{file: nan.safetensors}", "E403", "is no finite float32"),
        ("{file: count.safetensors}", "E610", "`y/bias` is int32 there and float32 here"),
        ("{file: twice.safetensors}", "E603", "two arrays in 'twice.safetensors' are both called `y/a/b`"),
        ("{file: none.safetensors}", "E610", "no weight of `none.safetensors` has the path of one of the spec"),
    ],
)
def test_places_that_cannot_be_used_are_errors_where_they_stand(files: Path, place: str, code: str, said: str) -> None:
    save_file({"layer.weight": np.zeros(2, "f4")}, files / "torch.safetensors")
    save_file({"y:bias": np.full(1, np.inf, "f8")}, files / "nan.safetensors")
    save_file({"y:bias": np.zeros(1, "i4")}, files / "count.safetensors")
    save_file({"y/a:b": np.zeros(1, "f4"), "y:a/b": np.zeros(1, "f4")}, files / "twice.safetensors")
    save_file({"other:bias": np.zeros(1, "f4")}, files / "none.safetensors")
    ended = trained(files, WORDS.replace("FROM", place), "j")
    assert ended.code == 4 and f"[{code}]" in ended.err and said in ended.err, ended.err
    assert "j.yaml:16:" in ended.err
    assert not (files / "runs/j").exists()
