"""`metrics.jsonl`: a line for each epoch, each with a digest over itself and all lines before it."""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.runtime.runs.files import writing
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.sealed_json import Sealed
from modelc.runtime.runs.unsound import INTACT

METRICS = "metrics.jsonl"
DIGEST = "digest"
MOST_METRICS = 2**30
"""Bytes of the metrics of a run."""


class Chain(NamedTuple):
    """The lines up to some epoch: their number, their size in bytes, and the digest of the last."""

    lines: int = 0
    size: int = 0
    digest: str = ""


class MetricsPart(Sealed):
    """A `Chain`, as it is recorded."""

    lines: int
    size: int
    digest: str


NO_LINES = Chain()
"""Those of a log that begins."""


def sealed_line(line: Mapping[str, Any], before: str) -> tuple[bytes, str]:
    """A line with its digest, after one with the digest `before`; and the digest."""
    bare = json_text(dict(line), indent=None)
    digest = sha256((before + bare).encode()).hexdigest()
    return json_text({**line, DIGEST: digest}, indent=None).encode() + b"\n", digest


class MetricsLog:
    """The open file of a run in training. Every write that fails raises RunError E604."""

    def __init__(self, folder: OpenFolder, kept: bytes = b"", chain: Chain = NO_LINES) -> None:
        self.path = folder.path / METRICS
        self.chain = self.synced = chain
        with writing(self.path):
            with folder.replacing(METRICS) as file:
                file.write(kept)
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self.descriptor = os.open(METRICS, flags, dir_fd=folder.descriptor)

    def append(self, line: Mapping[str, Any]) -> None:
        data, digest = sealed_line(line, self.chain.digest)
        with writing(self.path):
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(self.descriptor, left) :]
            except OSError:
                # A part of a line would make all of the file unreadable.
                os.ftruncate(self.descriptor, self.chain.size)
                raise
        self.chain = Chain(self.chain.lines + 1, self.chain.size + len(data), digest)

    def sync(self) -> None:
        """Make sure that all lines are on the disk: `synced` is then what is there after a loss of power."""
        chain = self.chain
        with writing(self.path):
            os.fsync(self.descriptor)
        self.synced = chain

    def close(self) -> None:
        os.close(self.descriptor)


def chain_of(data: bytes) -> Chain:
    """The chain of all lines of `data`. Raises ValueError, with the number of the first line that is not as it was written."""
    chain = NO_LINES
    for number, text in enumerate(data.splitlines(keepends=True), 1):
        try:
            line = json.loads(text)
            found = line.pop(DIGEST)
            expected, digest = sealed_line(line, chain.digest)
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            raise ValueError(f"line {number} is damaged") from None
        if found != digest or text != expected:
            raise ValueError(f"line {number} has changed since it was written")
        chain = Chain(number, chain.size + len(text), digest)
    return chain


def has_digests(data: bytes) -> bool:
    """Whether the first line has a digest: those of older versions have none."""
    try:
        return not data or DIGEST in json.loads(data.splitlines()[0])
    except (ValueError, TypeError, RecursionError):
        return True


def kept_lines(data: bytes, chain: Chain) -> bytes:
    """The lines of `chain` in `data`, whatever was written after them. Raises RunError E602 if they are not there as they were."""
    kept = data[: chain.size]
    try:
        found = chain_of(kept)
    except ValueError as error:
        raise RunError("E602", f"`{METRICS}` of the run cannot be gone on with: {error}", helps=INTACT) from None
    if found != chain:
        raise RunError("E602", f"`{METRICS}` of the run has other lines than its checkpoint says", helps=INTACT)
    return kept
