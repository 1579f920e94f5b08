"""How much memory this process may use, by what the system, its container and its limits say. Standard library only."""

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
"""Where Linux shows processes, and the limits of the containers that they are in (man 7 cgroups)."""


def physical_memory() -> int | None:
    """The memory of the machine, or of the container if it may use less, in bytes; None if nothing reports it."""
    limits = [limit for limit, _ in container_limits()]
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" in names and "SC_PAGE_SIZE" in names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=None)


def available_memory() -> int | None:
    """The bytes that this process could still take without swapping or being killed; None if nothing reports it.

    Where the system only reports all memory, as macOS does, it is all memory.
    """
    rooms = [limit - used for limit, used in container_limits()]
    rooms += [room for room in (free_pages(), room_of_process()) if room is not None]
    if not rooms and (whole := physical_memory()) is not None:
        rooms.append(whole)
    return max(min(rooms), 0) if rooms else None


def free_pages() -> int | None:
    """What Linux says is available to new programs."""
    for line in lines_of(PROC / "meminfo"):
        name, _, value = line.partition(":")
        if name == "MemAvailable" and value.split()[0].isdigit():
            return 1024 * int(value.split()[0])
    return None


def room_of_process() -> int | None:
    """What is left of the limit of this process (`ulimit -v`)."""
    try:
        import resource
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = " ".join(lines_of(PROC / "self" / "statm")).split()
    if limit == resource.RLIM_INFINITY or not pages:
        return None
    return limit - int(pages[0]) * os.sysconf("SC_PAGE_SIZE")


def container_limits() -> Iterator[tuple[int, int]]:
    """For each control group around this process, its limit and what is used of it, without what can be given back."""
    for line in lines_of(PROC / "self" / "cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            folder, names = CGROUPS, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            folder = CGROUPS / "memory"
        else:
            continue
        inner = folder / path.strip("/")
        # Inside of a container its own group is often mounted as the outermost one.
        for group in [inner, *(above for above in inner.parents if above.is_relative_to(folder))]:
            limit, used = (number_in(group / name) for name in names[:2])
            if limit is not None and used is not None:
                yield limit, max(used - reclaimable(group, names[2]), 0)


def reclaimable(group: Path, name: str) -> int:
    """The bytes of files in memory that a control group gives back when it needs memory."""
    for line in lines_of(group / "memory.stat"):
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0


def number_in(file: Path) -> int | None:
    """The number that a file consists of; None for one that is missing or says `max`."""
    text = "".join(lines_of(file))
    return int(text) if text.isdigit() else None


def lines_of(file: Path) -> list[str]:
    """The lines of a small file of the system; none if it cannot be read."""
    try:
        return file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
