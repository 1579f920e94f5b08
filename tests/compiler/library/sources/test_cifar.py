"""The records of CIFAR, and archives that are not what they should be."""

import io
import tarfile
from collections.abc import Callable

import numpy as np
import pytest

from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES, cifar_records
from modelc.compiler.library.sources.cifar_records import read_members, read_records
from tests.compiler.library.sources.published import tar

RECORD = bytes([7]) + bytes([1] * 1024 + [2] * 1024 + [3] * 1024)


def packed(change: Callable[[tarfile.TarFile], None]) -> io.BytesIO:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        change(archive)
    content.seek(0)
    return content


def entry(name: str, size: int = 0, type_: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.type, found.linkname = size, type_, link
    return found


def test_the_channels_of_a_record_are_red_green_and_blue() -> None:
    (columns,) = read_records(io.BytesIO(tar({"a.bin": RECORD * 2})), {"a.bin": 2}, {"label": 10})
    assert columns["label"].tolist() == [7, 7]
    assert columns["image"].shape == (2, 32, 32, 3)
    assert columns["image"][1, 31, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "archive",
    [
        io.BytesIO(tar({"other.bin": RECORD})),
        io.BytesIO(tar({"a.bin": RECORD[:-1]})),
        io.BytesIO(tar({"a.bin": RECORD * 2})),
        io.BytesIO(tar({"../a.bin": RECORD})),
        io.BytesIO(tar({"a.bin": bytes([10]) + RECORD[1:]})),
        io.BytesIO(tar({"a.bin": RECORD})[:-30]),
        io.BytesIO(b"\x1f\x8b nothing"),
        io.BytesIO(b""),
        packed(lambda archive: archive.addfile(entry("a.bin", 0, tarfile.SYMTYPE, "/etc/passwd"))),
        packed(lambda archive: archive.addfile(entry("a.bin", 0, tarfile.LNKTYPE, "b.bin"))),
        packed(lambda archive: archive.addfile(entry("a.bin", 0, tarfile.FIFOTYPE))),
        packed(lambda archive: archive.addfile(entry("a.bin", 0, tarfile.DIRTYPE))),
    ],
    ids=["missing", "short", "long", "path", "label", "cut", "gzip", "empty", "symlink", "hardlink", "pipe", "folder"],
)
def test_an_archive_with_anything_else_is_refused(archive: io.BytesIO) -> None:
    with pytest.raises((ValueError, OSError, EOFError)):
        read_records(archive, {"a.bin": 1}, {"label": 10})


def test_no_more_is_unpacked_than_there_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar_records, "LIMIT", 10**6)
    bomb = tar({"zeros": bytes(5 * 10**7), "a.bin": RECORD})
    assert len(bomb) < 10**5
    with pytest.raises((ValueError, OSError, EOFError)):
        read_members(io.BytesIO(bomb), {"a.bin": len(RECORD)})


def test_the_names_of_classes_are_in_the_order_of_their_labels() -> None:
    for source, column, names in (
        ("cifar10", "label", {0: "airplane", 3: "cat", 9: "truck"}),
        ("cifar100", "label", {0: "apple", 26: "crab", 52: "oak_tree", 99: "worm"}),
        ("cifar100", "coarse_label", {0: "aquatic_mammals", 14: "people", 19: "vehicles_2"}),
        ("fashion_mnist", "label", {0: "T-shirt/top", 9: "Ankle boot"}),
    ):
        columns = SOURCES.build(source).columns()
        assert columns is not None
        found = READERS.build({"category": column}).class_names({column: columns[column]})
        assert isinstance(found, tuple) and np.all([found[label] == name for label, name in names.items()])


def test_other_names_may_be_given_and_a_number_takes_them_away() -> None:
    columns = SOURCES.build("cifar10").columns()
    assert columns is not None
    own = tuple("abcdefghij")
    assert (
        READERS.build({"category": {"column": "label", "classes": [*own]}}).class_names({"label": columns["label"]})
        == own
    )
    assert (
        READERS.build({"category": {"column": "label", "classes": 10}}).class_names({"label": columns["label"]}) == 10
    )
