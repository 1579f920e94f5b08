"""The sets of the cache take a bounded part of the disk, and those that were not used for longest go first."""

import os
from pathlib import Path

import pytest

from modelc.runtime.data.prepared import cache
from modelc.runtime.data.prepared.cache import found, put
from modelc.runtime.runs.open_folder import OpenFolder

SIZE = 1000


def fill(folder: OpenFolder) -> None:
    folder.write_new("0.npy", b"x" * SIZE)


def there(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / "prepared"))


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of the disk and what is free of it, in bytes."""
    sizes = [10**9, 10**9]
    system = os.statvfs

    def small(path: int | str) -> os.statvfs_result:
        known = list(system(path))
        # f_bsize, f_frsize, f_blocks, f_bfree, f_bavail
        known[:5] = [1, 1, sizes[0], sizes[1], sizes[1]]
        return os.statvfs_result(known)

    monkeypatch.setattr(os, "statvfs", small)
    return sizes


def test_the_set_that_was_not_used_for_longest_goes_first(tmp_path: Path, room: list[int]) -> None:
    for number in range(4):
        put(tmp_path, f"set{number}", SIZE, fill)
        os.utime(tmp_path / "prepared" / f"set{number}", (number, number))
    with found(tmp_path, "set0") as folder:
        assert folder is not None
    room[0] = cache.SHARE * 3 * SIZE
    put(tmp_path, "set4", SIZE, fill)
    assert there(tmp_path) == ["set0", "set3", "set4"]


def test_one_that_is_larger_than_all_may_take_is_there_alone(tmp_path: Path, room: list[int]) -> None:
    put(tmp_path, "before", SIZE, fill)
    room[0] = SIZE
    put(tmp_path, "large", SIZE, fill)
    assert there(tmp_path) == ["large"]


def test_a_full_disk_is_freed_of_old_sets(tmp_path: Path, room: list[int]) -> None:
    for name in ("one", "two"):
        put(tmp_path, name, SIZE, fill)
    os.utime(tmp_path / "prepared" / "one", (1, 1))
    room[1] = SIZE - 1
    put(tmp_path, "three", SIZE, fill)
    assert "three" in there(tmp_path) and "one" not in there(tmp_path)


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path: Path, room: list[int]) -> None:
    put(tmp_path, "one", SIZE, fill)
    for name, age in ((".old.tmp", 2 * cache.STALE), (".new.tmp", 60.0)):
        (tmp_path / "prepared" / name).mkdir()
        now = os.stat(tmp_path).st_mtime
        os.utime(tmp_path / "prepared" / name, (now - age, now - age))
    put(tmp_path, "two", SIZE, fill)
    assert there(tmp_path) == [".new.tmp", "one", "two"]


def test_a_set_stays_readable_where_it_is_removed_meanwhile(tmp_path: Path, room: list[int]) -> None:
    put(tmp_path, "one", SIZE, fill)
    with found(tmp_path, "one") as folder:
        assert folder is not None
        with folder.reading("0.npy") as file:
            room[0] = 0
            put(tmp_path, "two", SIZE, fill)
            assert there(tmp_path) == ["two"]
            assert file.read() == b"x" * SIZE


def test_nothing_is_left_of_a_set_that_cannot_be_written(tmp_path: Path, room: list[int]) -> None:
    def fail(folder: OpenFolder) -> None:
        fill(folder)
        raise OSError(28, "no space left on device")

    with pytest.raises(OSError, match="no space"):
        put(tmp_path, "one", SIZE, fail)
    assert there(tmp_path) == []
