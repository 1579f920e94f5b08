"""Threads that decode rows while the device computes, and how much of the time they have work."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from modelc.compiler.library.base.processors import processors
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.block_order import Indices

TOGETHER = 16
"""As many rows are decoded by one thread after the other, at most: fewer where that gives each thread some."""
SHARES = 4
"""Into as many tasks for each thread the rows of some steps are divided at least, so that all end at about the same time."""


class Work:
    """How long threads have been at work, all together."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.active, self.since, self.sum = 0, time.perf_counter(), 0.0

    def change(self, by: int) -> None:
        """So many threads more have work now."""
        with self.lock:
            now = time.perf_counter()
            self.sum += self.active * (now - self.since)
            self.active, self.since = self.active + by, now

    @property
    def seconds(self) -> float:
        """The seconds of all threads until now."""
        self.change(0)
        return self.sum


class Decoder:
    """Decodes rows by as many threads as there are processors."""

    def __init__(self) -> None:
        self.count = processors() or 1
        self.threads = ThreadPoolExecutor(self.count, "decoder")
        self.work = Work()

    def take(self, array: Array, rows: Indices, found: Array) -> None:
        """Put the `rows` of an array whose rows are decoded into `found`, each of them decoded once. Raises RunError."""
        distinct, places = np.unique(rows, return_inverse=True)
        has_twice = len(distinct) < len(rows)
        wanted = distinct if has_twice else rows
        into = np.empty((len(wanted), *found.shape[1:]), found.dtype) if has_twice else found
        size = max(min(TOGETHER, len(wanted) // (SHARES * self.count)), 1)

        def decode(start: int) -> None:
            self.work.change(1)
            try:
                into[start : start + size] = array[wanted[start : start + size]]
            finally:
                self.work.change(-1)

        jobs = [self.threads.submit(decode, start) for start in range(0, len(wanted), size)]
        try:
            for job in jobs:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
        if has_twice:
            np.take(into, places, axis=0, out=found, mode="clip")

    def close(self) -> None:
        """Decode nothing more."""
        self.threads.shutdown(wait=False, cancel_futures=True)
