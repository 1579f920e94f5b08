"""A row for each file: what its columns say, how files of several patterns are paired, and what is said of those alone."""

from pathlib import Path
from time import process_time

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root


def make(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")


@pytest.fixture
def root(tmp_path: Path) -> Root:
    make(tmp_path, *(f"photos/{kind}/{name}.jpg" for kind in ("dog", "cat") for name in ("2", "10", "1")))
    make(tmp_path, *(f"images/{name}.jpg" for name in "abc"), *(f"masks/{name}.png" for name in "abc"))
    return Root(tmp_path, tmp_path)


def load(root: Root, value: object) -> dict[str, list[str]]:
    loaded = SOURCES.build({"files": value}).load(root)
    assert loaded.test is None
    assert all(column.dtype.kind == "T" for column in loaded.train.values())
    return {name: column.tolist() for name, column in loaded.train.items()}


def failure(root: Root, value: object) -> RunError:
    with pytest.raises(RunError) as caught:
        SOURCES.build({"files": value}).load(root)
    return caught.value


def test_a_row_has_the_path_the_name_and_the_folder_of_its_file(root: Root) -> None:
    assert load(root, "photos/*/*.jpg") == {
        "file": [f"photos/{kind}/{name}.jpg" for kind in ("cat", "dog") for name in ("1", "10", "2")],
        "name": ["1", "10", "2"] * 2,
        "folder": ["cat"] * 3 + ["dog"] * 3,
    }


def test_a_file_of_the_root_is_in_no_folder(root: Root) -> None:
    make(root.folder, "x.tar.gz")
    assert load(root, "*.gz") == {"file": ["x.tar.gz"], "name": ["x.tar"], "folder": [""]}


def test_only_the_columns_that_are_read_are_made(root: Root) -> None:
    assert SOURCES.build({"files": "photos/*/*.jpg"}).load(root, ["folder"]).train.keys() == {"folder"}


def test_files_of_one_name_are_one_row(root: Root) -> None:
    assert load(root, {"patterns": {"photo": "images/*.jpg", "mask": "masks/*.png"}}) == {
        "photo": ["images/a.jpg", "images/b.jpg", "images/c.jpg"],
        "mask": ["masks/a.png", "masks/b.png", "masks/c.png"],
        "name": ["a", "b", "c"],
        "folder": ["images"] * 3,
    }


@pytest.mark.parametrize(
    ("files", "patterns", "pairs"),
    [
        (
            ("t/1.jpg", "t/2.jpg", "m/1_mask.gif", "m/2_mask.gif"),
            {"x": "t/*.jpg", "y": "m/*_mask.gif"},
            [("t/1.jpg", "m/1_mask.gif"), ("t/2.jpg", "m/2_mask.gif")],
        ),
        (
            ("i/a/1.jpg", "i/b/1.jpg", "l/a/1.png", "l/b/1.png"),
            {"x": "i/*/*.jpg", "y": "l/*/*.png"},
            [("i/a/1.jpg", "l/a/1.png"), ("i/b/1.jpg", "l/b/1.png")],
        ),
        (
            ("i/a/1.jpg", "i/b/c/2.jpg", "l/a/1.png", "l/b/c/2.png"),
            {"x": "i/**/*.jpg", "y": "l/**/*.png"},
            [("i/a/1.jpg", "l/a/1.png"), ("i/b/c/2.jpg", "l/b/c/2.png")],
        ),
        (
            ("i/a/1.jpg", "i/b/2.jpg", "l/1.png", "l/2.png"),
            {"x": "i/*/*.jpg", "y": "l/*.png"},
            [("i/a/1.jpg", "l/1.png"), ("i/b/2.jpg", "l/2.png")],
        ),
        (
            ("p/1/left.jpg", "p/1/right.jpg", "p/2/left.jpg", "p/2/right.jpg"),
            {"x": "p/*/left.jpg", "y": "p/*/right.jpg"},
            [("p/1/left.jpg", "p/1/right.jpg"), ("p/2/left.jpg", "p/2/right.jpg")],
        ),
    ],
    ids=["other endings of names", "folders", "any folders", "folders on one side", "names without wildcards"],
)
def test_files_belong_together_if_wildcards_stand_for_the_same(
    tmp_path: Path, files: tuple[str, ...], patterns: dict[str, str], pairs: list[tuple[str, str]]
) -> None:
    make(tmp_path, *files)
    columns = load(Root(tmp_path, tmp_path), {"patterns": patterns})
    assert [*zip(columns["x"], columns["y"], strict=True)] == pairs


def test_files_without_a_counterpart_are_listed_with_what_is_missing(root: Root) -> None:
    make(root.folder, "images/d.jpg", *(f"masks/{number}.png" for number in range(6)))
    error = failure(root, {"patterns": {"photo": "images/*.jpg", "mask": "masks/*.png"}})
    assert (error.code, error.message) == ("E404", "7 files have no counterpart")
    assert error.notes[0] == "'images/d.jpg' has no `mask`: there is no 'masks/d.png'"
    assert error.notes[1] == "'masks/0.png' has no `photo`: there is no 'images/0.jpg'"
    assert len(error.notes) == 6 and error.notes[-1] == "and 2 more files"


def test_one_file_alone_is_named(root: Root) -> None:
    (root.folder / "masks/b.png").unlink()
    error = failure(root, {"patterns": {"photo": "images/*.jpg", "mask": "masks/*.png"}})
    assert error.message == "1 file has no counterpart"
    assert error.notes == ("'images/b.jpg' has no `mask`: there is no 'masks/b.png'",)


def test_the_missing_path_is_named_below_any_folders(tmp_path: Path) -> None:
    make(tmp_path, "i/1.jpg", "i/a/b/2.jpg", "l/a/b/2.png")
    error = failure(Root(tmp_path, tmp_path), {"patterns": {"x": "i/**/*.jpg", "y": "l/**/*.png"}})
    assert error.notes == ("'i/1.jpg' has no `y`: there is no 'l/1.png'",)


def test_two_files_of_one_name_are_named(root: Root) -> None:
    make(root.folder, "more/a/a.jpg", "more/b/a.jpg")
    error = failure(root, {"patterns": {"photo": "more/*/*.jpg", "mask": "masks/*.png"}})
    assert error.code == "E404"
    assert "'more/a/a.jpg' and 'more/b/a.jpg' would both be the `photo` of one row" in error.message


def test_a_pattern_without_a_file_is_one_that_is_not_there(root: Root) -> None:
    for value in ("photos/*/*.png", {"patterns": {"photo": "images/*.jpg", "mask": "labels/*.png"}}):
        source = SOURCES.build({"files": value})
        (absent,) = source.inspect(root).absent
        assert isinstance(absent, AbsentFile) and absent.path in ("photos/*/*.png", "labels/*.png")
        with pytest.raises(AbsentFile):
            source.load(root)
    assert SOURCES.build({"files": "photos/*/*.jpg"}).inspect(root).absent == ()


SPEC = """\
modelc: 1
model:
  inputs: {{kind: {{shape: [], dtype: int32}}}}
  layers: [embedding: {{input_dim: 2, output_dim: 4}}, {{dense: {{units: 2, activation: softmax}}, name: same}}]
data:
  source: {{files: {files}}}
  inputs: {{kind: {{category: {{column: folder, classes: [cat, dog]}}}}}}
  targets: {{same: {{category: {{column: folder, classes: [cat, dog]}}}}}}
  validation: 0.4
train: {{loss: cross_entropy, optimizer: adam, epochs: 1}}
"""


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ("{pattern: 'photos/*/*.jpg'}", "E102", "patterns"),
        ("{path: 'photos/*/*.jpg'}", "E102", "write `patterns: photos/*/*.jpg`"),
        ("{photo: 'images/*.jpg', mask: 'masks/*.png'}", "E102", "patterns: {photo: "),
        ("{patterns: {name: 'images/*.jpg'}}", "E106", "give the pattern another name"),
        ("{patterns: {folder: 'images/*.jpg'}}", "E106", "give the pattern another name"),
        ("{patterns: {}}", "E106", ""),
        ("{patterns: ''}", "E106", ""),
        ("{patterns: {x: 'a/*.jpg', y: 'b/*_*.png'}}", "E106", "as many wildcards"),
        ("'../photos/*.jpg'", "E405", ""),
        ("'/photos/*.jpg'", "E405", ""),
    ],
)
def test_mistakes_in_a_spec_are_answered(tmp_path: Path, files: str, code: str, words: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(files=files))
    problems = [problem for problem in check_file(path, headers=True).problems if problem.is_error]
    assert {problem.code for problem in problems} == {code}, problems
    assert any(words in help for problem in problems for help in (*problem.helps, ""))


def test_a_folder_for_each_class_is_valid_and_columns_are_known_without_it(root: Root, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.format(files="'photos/*/*.jpg'"))
    assert not check_file(tmp_path / "spec.yaml", headers=True).problems
    (tmp_path / "wrong.yaml").write_text(
        SPEC.format(files="'photos/*/*.jpg'").replace("folder, classes", "folders, classes")
    )
    problems = check_file(tmp_path / "wrong.yaml").problems
    assert {problem.code for problem in problems} == {"E401"}


def test_many_files_are_found_quickly(tmp_path: Path) -> None:
    for folder in range(20):
        for kind, ending in (("images", "jpg"), ("masks", "png")):
            (tmp_path / kind / str(folder)).mkdir(parents=True)
            for number in range(250):
                (tmp_path / kind / str(folder) / f"{number}.{ending}").touch()
    root = Root(tmp_path, tmp_path)
    begin = process_time()
    columns = load(root, {"patterns": {"photo": "images/**/*.jpg", "mask": "masks/**/*.png"}})
    assert len(columns["photo"]) == 5_000
    # 10,000 files; 100,000 are to take seconds.
    assert process_time() - begin < 1
