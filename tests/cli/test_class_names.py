"""`classes: {file: names.txt}`: class names from a text file, through the commands."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from modelc.compiler.api import check, check_file
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [{dense: {units: "${classes(kind)}", activation: softmax}, name: kind}]
data:
  source: {npz: rows.npz}
  targets:
    kind: {category: {column: kind, classes: {file: names.txt}}}
  validation: 6
train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 1}
"""
NAMES = ["cat", "$dog", "žluť"]
LINE = 8
"""Where the spec names the file."""


def keep(folder: Path, names: bytes | None = None, spec: str = SPEC) -> Path:
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    (folder / "names.txt").write_bytes("\n".join(NAMES).encode() if names is None else names)
    x = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
    np.savez(folder / "rows.npz", x=x, kind=np.array(NAMES)[np.arange(30) % 3])
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = keep(tmp_path_factory.mktemp("trained"))
    ended = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def again(trained: Path, folder: Path, names: str | None) -> Path:
    """The trained project in another folder, with other names in the file, or without the file."""
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    (folder / "runs" / "spec").mkdir(parents=True)
    (folder / "run").rename(folder / "runs" / "spec" / "one")
    (folder / "names.txt").unlink()
    if names is not None:
        (folder / "names.txt").write_text(names, encoding="utf-8")
    return folder


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_names_are_the_lines_of_the_file(tmp_path: Path, mark: str, line: str, end: str) -> None:
    keep(tmp_path, (mark + line.join(NAMES) + (line if end else "")).encode())
    checked = check_file(tmp_path / "spec.yaml", headers=True)
    assert not checked.problems and checked.task is not None and checked.task.targets is not None
    assert checked.task.targets["kind"].classes == tuple(NAMES)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    "names",
    [
        ["0 rooms", "1 room", "2 rooms"],
        ["0", "1", "10"],
        ["- a", "b"],
        ["1,5", "2,5"],
        ["a,b", "c"],
        ["[PAD]", "[CLS]", "word"],
        ["{x}", "{y}"],
        ["[", "\\", "]"],
        ["{", "|", "}"],
        ["[0, 10)", "[10, 20]"],
        ["[" * 5000, "]"],
    ],
)
def test_names_may_look_like_other_forms(tmp_path: Path, names: list[str]) -> None:
    checked = check_file(keep(tmp_path, "\n".join(names).encode()) / "spec.yaml")
    assert checked.task is not None and checked.task.targets is not None
    assert checked.task.targets["kind"].classes == tuple(names)


def test_spaces_are_a_part_of_a_name(tmp_path: Path) -> None:
    checked = check_file(keep(tmp_path, b" cat\n \ncat\n") / "spec.yaml")
    assert checked.task is not None and checked.task.targets is not None
    assert checked.task.targets["kind"].classes == (" cat", " ", "cat")


@pytest.mark.parametrize(
    ("names", "code", "place", "words", "help"),
    [
        (b"cat\n\ndog\n", "E106", (2, 1), "line 2 of the names has no name", "remove it"),
        (b"cat\r\n\r\n\r\ndog", "E106", (2, 1), "line 2, and 1 more line of the names has no name", "remove them"),
        (b"cat\ndog\ncat\n", "E106", (3, 1), "`cat` is named twice", "remove one of the lines"),
        (b"cat\n", "E106", (1, 1), "one name", "one class"),
        (b"", "E106", (0, 0), "no names", "one class"),
        (b"cat\nd\xffg\n", "E001", (2, 2), "0xff is not UTF-8", "save the file as UTF-8"),
        ("cat\ndog\n".encode("utf-16"), "E001", (0, 0), "UTF-16", "save the file as UTF-8"),
        (b"cat\rdog\r", "E001", (1, 4), "carriage return", "end each line with a line feed"),
        (b"cat\nd\x00g\n", "E001", (2, 2), "NUL", "save the file as UTF-8"),
        (b"- cat\n- dog\n", "E106", (1, 1), "a YAML list", "the names alone"),
        (b'["cat",\n"dog"]\n', "E106", (1, 1), "JSON", "the names alone"),
        (b'["cat", "dog"]', "E106", (1, 1), "JSON", "the names alone"),
        (b'{"0": "cat",\n"1": "dog"}\n', "E106", (1, 1), "JSON", "the names alone"),
        (b"[\n  'cat',\n  'dog',\n]\n", "E106", (1, 1), "JSON", "the names alone"),
        (b"[cat,\n dog]\n", "E106", (1, 1), "JSON", "the names alone"),
        (b"[cat, dog]\n", "E106", (1, 1), "JSON", "the names alone"),
        (b"0,cat\n1,dog\n", "E106", (1, 1), "the numbers of the classes", "the names alone"),
        (b"1\tcat\n2\tdog\n", "E106", (1, 1), "the numbers of the classes", "the names alone"),
        (b"version https://git-lfs.github.com/spec/v1\noid 3", "E010", (0, 0), "pointer of Git LFS", "git lfs pull"),
    ],
)
def test_what_is_wrong_in_the_file_is_one_error_at_its_line(
    tmp_path: Path, names: bytes, code: str, place: tuple[int, int], words: str, help: str
) -> None:
    checked = check_file(keep(tmp_path, names) / "spec.yaml")
    (problem,) = checked.problems
    assert (problem.code, (problem.label.place.line, problem.label.place.column)) == (code, place)
    assert Path(problem.label.place.file).name == "names.txt" and words in problem.message
    assert any(help in one for one in problem.helps)
    assert [label.place.line for label in problem.related if "spec.yaml" in label.place.file] == [LINE]
    shown = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert shown.code == 1 and "names.txt" in shown.out and f"spec.yaml:{LINE}" in shown.out


@pytest.mark.parametrize(
    ("written", "code", "words", "help"),
    [
        ("{file: name.txt}", "E010", "no file 'name.txt'", "did you mean `names.txt`?"),
        ("{file: gone.dat}", "E010", "no file 'gone.dat'", "relative to the folder"),
        ("{file: ../names.txt}", "E010", "outside", "--root"),
        ("{file: /names.txt}", "E010", "absolute", ""),
        ("{file: names.txt, sep: x}", "E102", "unknown key `sep`", ""),
        ("{file: 3}", "E105", "`file` must be a string", ""),
        ("{path: names.txt}", "E106", "a file of names", "`classes: {file: names.txt}`"),
        ("names.txt", "E106", "a file of names", "`classes: {file: names.txt}`"),
        ("{cat: 1, dog: 0}", "E106", "a list of names", "`classes: [dog, cat]`"),
        ("[cat, dog, cat]", "E106", "`cat` is named twice", ""),
        ("[names.txt]", "E106", "at least two class names", "`classes: {file: names.txt}`"),
        ("{names: [cat, dog]}", "E106", "a list of names", "`classes: [cat, dog]`"),
        ("{column: kind}", "E106", "a file of names", "for example"),
        ("'file: names.txt'", "E106", "a file of names", "`classes: {file: names.txt}`"),
        ("{file: [names.txt]}", "E105", "`file` must be a string", "write `file: names.txt`"),
        (
            "{file: names.txt, unknown: a}",
            "E102",
            "`unknown` is an argument of `category`",
            "`classes: {file: names.txt}, unknown: a`",
        ),
    ],
)
def test_what_is_wrong_in_the_spec_is_one_error_there(
    tmp_path: Path, written: str, code: str, words: str, help: str
) -> None:
    text = SPEC.replace("{file: names.txt}", written).replace("model:", "vars: {n: names.txt}\nmodel:", 1)
    found = check_file(keep(tmp_path, spec=text) / "spec.yaml").errors
    assert [problem.code for problem in found] == [code]
    assert words in found[0].message and help in " ".join(found[0].helps)


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("num_classes: 3", "did you mean `classes`?"),
        ("class_names: [a, b]", "it is `classes` here"),
        ("vocab: names.txt", "it is `classes` here"),
        ("names_file: names.txt", "write `classes: {file: names.txt}`"),
        ("oov_token: other, classes: [a, b]", "write `unknown: other`"),
    ],
)
def test_what_others_call_them_is_answered(written: str, help: str) -> None:
    text = SPEC.replace("classes: {file: names.txt}", written).replace('"${classes(kind)}"', "3")
    (problem,) = check(text, "spec.yaml").errors
    assert problem.code == "E102" and problem.helps[0].startswith(help)


def test_a_spec_without_a_folder_has_no_files() -> None:
    (problem,) = check(SPEC, "spec.yaml").problems
    assert problem.code == "E010" and "this spec is not a file" in problem.message


def test_a_thousand_names_cost_nothing_and_a_vocabulary_little(tmp_path: Path) -> None:
    many = [f"word{index}" for index in range(100_000)]
    begun = perf_counter()
    assert not check_file(keep(tmp_path, "\n".join(many[:1000]).encode()) / "spec.yaml").errors
    few = perf_counter() - begun
    begun = perf_counter()
    checked = check_file(keep(tmp_path, "\n".join(many).encode()) / "spec.yaml")
    assert checked.task is not None and checked.task.targets is not None
    assert len(checked.class_names["names.txt"]) == 100_000 and not checked.errors
    assert few < 1 and perf_counter() - begun < 4


def test_more_bytes_than_a_spec_may_have_are_refused(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "names.txt").write_bytes(b"x" * (4 * 2**20 + 1))
    (problem,) = check_file(tmp_path / "spec.yaml").problems
    assert problem.code == "E005" and problem.label.place.line == LINE


def test_names_in_a_spec_that_is_too_long_are_told_of_the_file(tmp_path: Path) -> None:
    text = SPEC.replace("{file: names.txt}", str([f"word{index}" for index in range(30_000)]))
    (problem,) = check_file(keep(tmp_path, spec=text) / "spec.yaml").problems
    assert problem.code == "E005" and "`classes: {file: names.txt}`" in problem.helps[0]


def test_checking_names_imports_no_numpy(tmp_path: Path) -> None:
    keep(tmp_path)
    code = "import sys; from modelc.compiler.api import check_file; from pathlib import Path; "
    code += "assert not check_file(Path('spec.yaml'), headers=True).problems; print('numpy' in sys.modules, 'jax' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stdout == "False False\n", ended.stderr


def test_a_setting_names_another_file(tmp_path: Path) -> None:
    (keep(tmp_path) / "more.txt").write_text("\n".join([*NAMES, "cow"]), encoding="utf-8")
    at = "data.targets.kind.category.classes"
    for setting in (f"{at}.file=more.txt", f"{at}={{file: more.txt}}"):
        checked = check_file(tmp_path / "spec.yaml", settings=[setting])
        assert checked.task is not None and checked.task.targets is not None and not checked.errors
        assert checked.task.targets["kind"].classes == (*NAMES, "cow")
    (tmp_path / "more.txt").write_text("cat\ncat\n", encoding="utf-8")
    (problem,) = check_file(tmp_path / "spec.yaml", settings=[f"{at}.file=more.txt"]).problems
    assert [label.place.file for label in problem.related][-1] == "--set"


@pytest.mark.parametrize("own", ["[a, b]", "{file: names.txt}", "3"])
@pytest.mark.parametrize("base", ["[d, e, f, g]", "{file: missing.txt}", "5"])
def test_an_overlay_may_name_a_file_or_names(tmp_path: Path, base: str, own: str) -> None:
    (tmp_path / "base.yaml").write_text(SPEC.replace("{file: names.txt}", base), encoding="utf-8")
    text = f"modelc: 1\nextends: base.yaml\ndata: {{targets: {{kind: {{category: {{classes: {own}}}}}}}}}\n"
    checked = check_file(keep(tmp_path, spec=text) / "spec.yaml")
    assert checked.task is not None and checked.task.targets is not None and not checked.errors
    assert checked.task.targets["kind"].classes == {"[a, b]": ("a", "b"), "3": 3}.get(own, tuple(NAMES))


def test_paths_in_a_file_that_is_extended_begin_at_the_root(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    keep(tmp_path / "sub")
    (tmp_path / "sub" / "spec.yaml").rename(tmp_path / "sub" / "base.yaml")
    (tmp_path / "spec.yaml").write_text("modelc: 1\nextends: sub/base.yaml\n", encoding="utf-8")
    (problem,) = check_file(tmp_path / "spec.yaml").errors
    assert problem.code == "E010" and "`sub/names.txt`" in problem.helps[0]


def test_a_model_that_a_block_uses_counts_the_classes_of_its_own_data(tmp_path: Path) -> None:
    keep(tmp_path)
    (tmp_path / "spec.yaml").rename(tmp_path / "other.yaml")
    text = "modelc: 1\nblocks: {B: {use: other.yaml}}\nmodel: {inputs: {x: {shape: [4]}}, layers: [B, dense: 1]}\n"
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    checked = check_file(tmp_path / "spec.yaml")
    assert not checked.errors and checked.task is not None
    assert checked.task.planned.graph.nodes[0].layer.units == 3  # type: ignore[union-attr]  # it is a dense layer


def test_a_hard_link_is_read_with_a_warning(tmp_path: Path) -> None:
    (keep(tmp_path) / "names.txt").rename(tmp_path / "elsewhere.txt")
    (tmp_path / "names.txt").hardlink_to(tmp_path / "elsewhere.txt")
    assert [problem.code for problem in check_file(tmp_path / "spec.yaml").problems] == ["W913"]


def test_the_resolved_spec_keeps_the_path_and_knows_the_number(tmp_path: Path) -> None:
    shown = modelc("summary", "--resolved", "--format", "json", "spec.yaml", cwd=keep(tmp_path)).out
    found = json.loads(shown)
    assert found["data"]["targets"]["kind"]["category"]["classes"] == {"file": "names.txt"}
    assert found["model"]["layers"][0]["dense"]["units"] == 3


def test_a_summary_shows_some_of_many_names(tmp_path: Path) -> None:
    names = "\n".join(f"w{index}" for index in range(2000)).encode()
    shown = modelc("summary", "spec.yaml", cwd=keep(tmp_path, names)).out
    assert "w49, ... 1,950 more]" in " ".join(shown.split()) and "w51" not in shown and "2,000 classes" in shown


def test_a_run_has_the_names_and_their_digest(trained: Path) -> None:
    record = json.loads((trained / "run" / "run.json").read_text("utf-8"))
    assert list(record["class_names"]) == ["names.txt"]
    kept = json.loads((trained / "run" / "class_names.json").read_text("utf-8"))
    assert kept == {"names.txt": NAMES}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, ""),
        ("cat\n$dog\nžluť\n", ""),
        (
            "cat\ncow\nžluť\n",
            "`names.txt` has changed: line 2 was '$dog' and is 'cow'; the run uses the names that it was",
        ),
        ("cat\n$dog\n", "line 3 was 'žluť' and is nothing"),
        ("cat\ncat\n", "it has no names now"),
    ],
)
def test_a_run_does_without_the_file(trained: Path, tmp_path: Path, names: str | None, said: str) -> None:
    again(trained, tmp_path, names)
    ended = modelc("evaluate", "runs/spec/one", "--root", ".", cwd=tmp_path)
    assert ended.code == 0 and "accuracy" in ended.out
    assert said in ended.err and ("has changed" in ended.err) == bool(said)
    ended = modelc("predict", "runs/spec/one", "--output", "p.csv", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert (tmp_path / "p.csv").read_text("utf-8").startswith("kind,kind/probability/cat,kind/probability/$dog")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("cat\n$dog\nžluť\n", ""),
        ("cat\ncow\nžluť\n", '`data.targets.kind.category.classes.1` was "$$dog", and is "cow" now (spec.yaml:8)'),
        ("cat\n$dog\nžluť\ncow\n", 'had 3 items and has 4 now, the first that differs is item 4: nothing is now "cow"'),
    ],
)
def test_a_spec_whose_names_have_changed_is_another_one(trained: Path, tmp_path: Path, names: str, words: str) -> None:
    ended = modelc("evaluate", "spec.yaml", cwd=again(trained, tmp_path, names))
    assert ended.code == (4 if words else 0) and words in ended.err and ("E607" in ended.err) == bool(words)


def test_a_spec_whose_names_are_gone_cannot_be_told_from_others(trained: Path, tmp_path: Path) -> None:
    ended = modelc("evaluate", "spec.yaml", cwd=again(trained, tmp_path, None))
    assert ended.code == 4 and "no file 'names.txt'" in ended.err and "name a run directory" in ended.err


def test_names_in_the_spec_and_in_a_file_are_the_same_content(trained: Path, tmp_path: Path) -> None:
    again(trained, tmp_path, None)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("{file: names.txt}", "[cat, $$dog, žluť]"), encoding="utf-8")
    ended = modelc("evaluate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("damage", ["{}", "[]", '{"names.txt": ["cat", "dog", "cow"]}', '{"names.txt": 3}', "{", None])
def test_damaged_names_of_a_run_are_an_error(trained: Path, tmp_path: Path, damage: str | None) -> None:
    kept = again(trained, tmp_path, None) / "runs" / "spec" / "one" / "class_names.json"
    kept.unlink() if damage is None else kept.write_text(damage, encoding="utf-8")
    ended = modelc("evaluate", "runs/spec/one", cwd=tmp_path)
    assert ended.code == 4 and "E602" in ended.err and "class_names.json" in ended.err


def test_a_file_of_words_is_the_vocabulary_of_texts_and_kept_in_the_run(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("dog\ncat\n!\n")
    (tmp_path / "texts.yaml").write_text(
        """\
modelc: 1
model:
  inputs: {x: {shape: [4], dtype: int32}}
  layers: [embedding: {input_dim: "${classes(x)}", output_dim: 2}, flatten, {dense: {units: 1}, name: y}]
data:
  source: {npz: rows.npz}
  inputs: {x: {text: {column: x, length: 4, vocabulary: {file: words.txt}}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
    )
    np.savez(tmp_path / "rows.npz", x=np.array(["A dog", "Cat!", "dog"] * 4), y=np.zeros(12, np.float32))
    shown = modelc("summary", "texts.yaml", cwd=tmp_path)
    assert shown.code == 0 and "embedding: {input_dim: 5" in shown.out, shown.out
    trained = modelc("train", "texts.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    (tmp_path / "words.txt").unlink()
    assert modelc("predict", "run", "rows.npz", "--output", "out.csv", cwd=tmp_path).code == 0
