"""The memory that there is: what Linux and its containers report, in files that a test writes."""

from pathlib import Path

import pytest

from modelc.compiler.library.base import memory
from modelc.compiler.library.base.memory import available_memory, physical_memory

GIB = 2**30


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 8 GiB, of which 6 are available, without containers and limits."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "cgroup")
    pages = {"SC_PHYS_PAGES": 8 * GIB // 4096, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr("os.sysconf", pages.__getitem__)
    monkeypatch.setattr("os.sysconf_names", pages)
    monkeypatch.setattr("resource.getrlimit", lambda _: (-1, -1))
    put(tmp_path / "proc" / "meminfo", f"MemTotal: {8 * 2**20} kB\nMemFree: 100 kB\nMemAvailable: {6 * 2**20} kB\n")
    put(tmp_path / "proc" / "self" / "statm", f"{GIB // 4096} 10 10 1 0 10 0\n")
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_machine_alone_has_what_linux_says(system: Path) -> None:
    assert (physical_memory(), available_memory()) == (8 * GIB, 6 * GIB)


def test_a_container_has_no_more_than_its_limit_and_can_drop_cached_files(system: Path) -> None:
    put(system / "proc" / "self" / "cgroup", "0::/pod/box\n")
    put(system / "cgroup" / "pod" / "box" / "memory.max", "max\n")
    put(system / "cgroup" / "pod" / "box" / "memory.current", f"{GIB}\n")
    put(system / "cgroup" / "pod" / "memory.max", f"{4 * GIB}\n")
    put(system / "cgroup" / "pod" / "memory.current", f"{3 * GIB}\n")
    put(system / "cgroup" / "pod" / "memory.stat", f"anon 5\ninactive_file {GIB}\nslab 3\n")
    assert (physical_memory(), available_memory()) == (4 * GIB, 2 * GIB)


def test_a_container_whose_group_is_mounted_outermost_is_found(system: Path) -> None:
    put(system / "proc" / "self" / "cgroup", "0::/../elsewhere\n")
    put(system / "cgroup" / "memory.max", f"{2 * GIB}\n")
    put(system / "cgroup" / "memory.current", f"{3 * GIB}\n")
    assert (physical_memory(), available_memory()) == (2 * GIB, 0)


def test_the_older_control_groups_are_read_too(system: Path) -> None:
    put(system / "proc" / "self" / "cgroup", "5:cpu,cpuacct:/a\n4:memory:/a\n")
    put(system / "cgroup" / "memory" / "a" / "memory.limit_in_bytes", f"{GIB}\n")
    put(system / "cgroup" / "memory" / "a" / "memory.usage_in_bytes", f"{GIB // 4}\n")
    assert (physical_memory(), available_memory()) == (GIB, 3 * GIB // 4)


def test_the_limit_of_the_process_counts(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (3 * GIB, -1))
    assert available_memory() == 2 * GIB


def test_where_only_all_memory_is_known_it_is_taken_as_available(system: Path) -> None:
    (system / "proc" / "meminfo").unlink()
    assert available_memory() == 8 * GIB


def test_where_nothing_is_known_there_is_no_bound(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "proc" / "meminfo").unlink()
    monkeypatch.setattr("os.sysconf_names", {})
    assert (physical_memory(), available_memory()) == (None, None)


def test_this_machine_has_memory() -> None:
    there = available_memory()
    assert there is None or 2**26 < there < 2**50
