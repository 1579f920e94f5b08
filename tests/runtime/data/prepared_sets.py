"""What tests of prepared sets share: preparing and comparing them, ways to damage one, and a full disk."""

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from modelc.compiler.api import load
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import Dataset, Part, complete, read_dataset
from modelc.runtime.data.prepared_rows import dataset_of


def prepared(raw: dict[str, Any], root: Root, **given: Any) -> Dataset:
    task, _ = complete(load(raw), root)
    return dataset_of(task, root, **given)


def read_anew(raw: dict[str, Any], root: Root) -> Dataset:
    task, _ = complete(load(raw), root)
    return read_dataset(task, root)


def need_same(one: Dataset, other: Dataset) -> None:
    for name in ("train", "validation", "test"):
        need_same_part(getattr(one, name), getattr(other, name))
    assert one.digests == other.digests
    assert one.train.learnt == other.train.learnt


def need_same_part(one: Part | None, other: Part | None) -> None:
    assert (one is None) == (other is None)
    if one is None or other is None:
        return
    for found, wanted in ((one.inputs, other.inputs), (one.targets, other.targets)):
        assert list(found) == list(wanted)
        for name, array in wanted.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)
    assert one.rows == other.rows
    assert (one.numbers is None) == (other.numbers is None)
    if one.numbers is not None and other.numbers is not None:
        np.testing.assert_array_equal(one.numbers, other.numbers)


def sets(root: Root) -> list[Path]:
    return sorted(path.parent for path in (root.cache / "prepared").glob("*/record.json"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    found = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def swap(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def become_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def become_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a bit": flip,
    "shorter": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "longer": lambda path: os.truncate(path, path.stat().st_size + 9),
    "gone": Path.unlink,
    "link": swap,
    "folder": become_folder,
    "pipe": become_pipe,
}


WRITER = """
import json, sys
from pathlib import Path
from modelc.compiler.api import load
from modelc.runtime.data.dataset import complete
from modelc.runtime.data.prepared_rows import dataset_of
from tests.runtime.tables import root_of
folder, raw = Path(sys.argv[1]), json.loads(sys.argv[2])
task, _ = complete(load(raw), root_of(folder))
found = dataset_of(task, root_of(folder))
print(found.train.inputs["x"].sum(), found.of_cache)
"""


def need_nothing_of_a_full_disk(raw: dict[str, Any], root: Root, room: int) -> None:
    """Rows that are prepared where files have room for so many bytes are read, nothing of them is left, and the next run keeps them."""
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        found = prepared(raw, root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    need_same(found, read_anew(raw, root))
    assert "not kept for the next run" in found.of_cache[0]
    assert not sets(root) and not any(name.startswith(".") for name in os.listdir(root.cache / "prepared"))
    assert prepared(raw, root).of_cache == () and len(sets(root)) == 1
