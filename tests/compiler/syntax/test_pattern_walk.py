"""Which files fit a pattern, beside Python's own `glob`; links, hidden files and names that no path may have."""

import glob
import os
from pathlib import Path

import pytest

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.pattern_walk import matches, need_matches

TREE = (
    "photos/cat/1.jpg", "photos/cat/2.jpg", "photos/cat/2.JPG", "photos/cat/Thumbs.db", "photos/cat/.hidden.jpg",
    "photos/dog/1.jpg", "photos/dog/deep/er/3.jpg", "photos/.trash/4.jpg", "photos/readme.txt", "top.jpg", "a[1].jpg",
    "a1.jpg", "photos/x^y/5.jpg", "photos/été/é.jpg", "photos/with space/6 7.jpg", "photos/new\u00a0", "end$/x.jpg",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Root:
    folder = tmp_path / "root"
    for path in TREE:
        if path.isprintable():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("")
    return Root(folder, tmp_path)


def found(root: Root, pattern: str) -> list[str]:
    return [match.path for match in need_matches(root, pattern)]


@pytest.mark.parametrize(
    "pattern",
    [
        "photos/*/*.jpg",
        "photos/**/*.jpg",
        "**/*.jpg",
        "**/*",
        "**",
        "*.jpg",
        "*",
        "photos/*",
        "photos/c*t/?.jpg",
        "photos/[cd]*/*.jpg",
        "photos/[!c]*/1.jpg",
        "photos/[a-d]??/[0-9].jpg",
        "photos/cat/*.[jJ][pP][gG]",
        "photos/cat/.*.jpg",
        "photos/.*/*.jpg",
        "photos/dog/**/er/*.jpg",
        "**/deep/**/*.jpg",
        "**/**/*.jpg",
        "a[[]1].jpg",
        "a[1].jpg",
        "end$/*.jpg",
        "photos/x^y/*",
        "photos/ét*/*",
        "photos/with space/*",
        "./photos/cat/*.jpg",
        "photos//cat/*.jpg",
        "photos/cat/1.jpg",
        "top.jpg",
    ],
)
def test_files_are_those_of_glob(root: Root, pattern: str) -> None:
    wanted = glob.glob(pattern, root_dir=root.folder, recursive=True)
    files = sorted({os.path.normpath(path) for path in wanted if (root.folder / path).is_file()})
    assert files and found(root, pattern) == files


def test_wildcards_stand_for_what_is_in_the_path(root: Root) -> None:
    (match,) = matches(root, "photos/**/e?/*.jpg")
    assert (match.path, match.folders, match.name) == ("photos/dog/deep/er/3.jpg", ("dog/deep", "r"), ("3",))
    (match,) = matches(root, "**/[!c]?g/**/d*/*/[0-9]*.?pg")
    assert (match.folders, match.name) == (("photos", "d", "o", "", "eep", "er"), ("3", "", "j"))


@pytest.mark.parametrize("pattern", ["photos/*.png", "nothing/*", "photos/cat/1.jpg/*", "*/*/*/*/*/*", "x.jpg"])
def test_a_pattern_that_nothing_fits_is_said(root: Root, pattern: str) -> None:
    with pytest.raises(AbsentFile) as caught:
        need_matches(root, pattern)
    assert pattern in caught.value.message and caught.value.code == "E405"


def test_files_that_end_otherwise_are_named(root: Root) -> None:
    (root.folder / "scans").mkdir()
    (root.folder / "scans/1.JPG").write_text("")
    with pytest.raises(AbsentFile) as caught:
        need_matches(root, "scans/*.jpg")
    assert caught.value.helps == ("there are other files, such as 'scans/1.JPG': write a pattern that these fit",)


def test_a_bracket_that_is_meant_is_answered(root: Root) -> None:
    with pytest.raises(AbsentFile) as caught:
        need_matches(root, "b[1]/*.jpg")
    assert "`[[]`" in caught.value.helps[0]


@pytest.mark.parametrize(
    "pattern", ["../*.jpg", "/etc/*", "~/photos/*", "photos/../../*", "https://host/*.jpg", "a\\*"]
)
def test_patterns_stay_below_the_root(root: Root, pattern: str) -> None:
    with pytest.raises(RunError) as caught:
        need_matches(root, pattern)
    assert caught.value.code == "E405"


@pytest.mark.parametrize(
    ("link", "pattern"),
    [
        ("photos/cat/9.jpg", "photos/*/*.jpg"),
        ("photos/fox", "photos/*/*.jpg"),
        ("photos/fox", "photos/fox/*.jpg"),
        ("pets", "pets/*"),
        ("photos/cat/9.jpg", "photos/cat/9.jpg"),
        ("photos/cat/9.jpg", "**/*.jpg"),
    ],
)
def test_a_link_out_of_the_root_is_refused(root: Root, tmp_path: Path, link: str, pattern: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_text("")
    target = outside if not link.endswith(".jpg") else outside / "secret.jpg"
    (root.folder / link).symlink_to(target)
    with pytest.raises(RunError, match="symbolic link") as caught:
        need_matches(root, pattern)
    assert caught.value.code == "E405" and link in caught.value.message


def test_any_folders_go_through_no_link(root: Root) -> None:
    before = found(root, "**/*.jpg")
    (root.folder / "photos/dog/back").symlink_to(root.folder)
    (root.folder / "photos/dog/outside").symlink_to("/usr")
    assert found(root, "**/*.jpg") == before


def test_a_link_that_stays_below_the_root_is_followed(root: Root) -> None:
    (root.folder / "pets").symlink_to("photos")
    (root.folder / "one.jpg").symlink_to("photos/cat/1.jpg")
    assert found(root, "pets/cat/*.jpg") == ["pets/cat/1.jpg", "pets/cat/2.jpg"]
    assert found(root, "one*.jpg") == ["one.jpg"]


def test_a_link_to_nothing_is_an_error_where_a_file_is_wanted(root: Root) -> None:
    (root.folder / "photos/gone").symlink_to("nothing")
    assert found(root, "photos/*/1.jpg")
    (root.folder / "photos/cat/8.jpg").symlink_to("nothing.jpg")
    with pytest.raises(AbsentFile, match=r"8\.jpg"):
        need_matches(root, "photos/*/*.jpg")


@pytest.mark.parametrize("name", ["a\nb.jpg", "\x1b[31m.jpg", "a\udcff.jpg", "c\\d.jpg"])
def test_names_that_no_path_may_have_are_refused(root: Root, name: str) -> None:
    (root.folder / "photos/cat" / name).write_text("")
    with pytest.raises(RunError, match=r"rename|path") as caught:
        need_matches(root, "photos/cat/*.jpg")
    assert caught.value.code == "E405"


def test_a_folder_that_cannot_be_read_is_named(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def closed(path: str) -> object:
        if path.endswith("cat"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(RunError, match=r"'photos/cat' cannot be read: permission denied"):
        need_matches(root, "photos/*/*.jpg")


def test_what_is_no_file_does_not_fit(root: Root) -> None:
    os.mkfifo(root.folder / "photos/cat/pipe.jpg")
    (root.folder / "photos/cat/folder.jpg").mkdir()
    assert found(root, "photos/cat/*.jpg") == ["photos/cat/1.jpg", "photos/cat/2.jpg"]
