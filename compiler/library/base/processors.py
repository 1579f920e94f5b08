"""How many processors this process may use. Standard library only."""

import os


def processors() -> int | None:
    """The processors that this process may use, of which XLA makes its threads: not those of the machine. None where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
