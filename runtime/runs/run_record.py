"""The record of a run, `run.json`: what it is of, how far it came, and the digests of its other files, under a seal."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from modelc.runtime.runs.commit import Commit
from modelc.runtime.runs.metrics_log import MetricsPart
from modelc.runtime.runs.plugins import PluginRecord
from modelc.runtime.runs.run_files import damaged, read_bytes
from modelc.runtime.runs.run_layout import RECORD
from modelc.runtime.runs.sealed_json import Sealed, read_sealed, sealed
from modelc.runtime.runs.unsound import UnsoundError

FORMAT = 2
UNSEALED = (1,)
"""The formats of before there were seals."""
MOST_RECORD = 2**20
"""Bytes of a record."""

Kind = Literal["best", "last"]
KINDS: tuple[Kind, ...] = ("best", "last")
Status = Literal["running", "finished", "early_stopping", "interrupted", "failed"]


def without_nul(path: str) -> str:
    """`path`, which the operating system must be able to look for. Raises ValueError."""
    if "\0" in path:
        raise ValueError
    return path


RecordedPath = Annotated[str, AfterValidator(without_nul)]


class Best(Sealed):
    """The best epoch so far, by `monitor`."""

    epoch: int
    step: int
    score: float


class Failure(Sealed):
    """Why a run failed."""

    code: str
    message: str


class FittedLayer(Sealed):
    """A layer that was fitted to the training rows before the first step; its state is among the weights."""

    path: str
    layer: str
    rows: int
    seconds: float


class KeptBaseline(Sealed):
    """What one baseline scores, by log key without a prefix, and to how many training rows it was fitted."""

    name: str
    values: dict[str, float]
    rows: int


class Resumption(Sealed):
    """When training went on, from which step, with which lengths, and what differed from the environment before; on which
    mesh of devices, and what of its arrays was sharded, None in a record from before these were recorded.
    """

    at: str
    step: int
    settings: list[str] = Field(default_factory=list)
    differs: list[str] = Field(default_factory=list)
    mesh: str | None = None
    shard: str | None = None


class RunRecord(Sealed):
    """`run.json`: the identity and progress of a run. Times are UTC; `root` is the folder that data paths are relative
    to, `root_from_run` the path to it from the run directory, `source` the path of the spec from it. `data_root` and
    `data_root_from_run` are the same of the folder of `--data-root`, None where there was none.

    `content` is the digest of the spec with all files that it extends and uses, without settings; None, as `source`,
    in the record of a run that was made before these were recorded. `class_names` has the digest of the names in each file
    of class names, by the path that the spec has for it.

    `commit` is that of the repository of the spec. `files` has the sha256 of each file that does not change any more;
    `replaced` that of one which was being replaced when the record was written, and may still be there. `metrics` are the
    lines that `metrics.jsonl` has at least. All three are missing in a record without a seal. `baselines` are by the rows that
    they are scored on, `validation` or `test`, where they were asked for and training has ended.
    """

    format: int
    id: str
    name: str
    spec: str
    settings: list[str]
    tags: list[str] = Field(default_factory=list)
    note: str = ""
    plugins: list[PluginRecord] = Field(default_factory=list)
    root: RecordedPath
    root_from_run: RecordedPath | None = None
    data_root: RecordedPath | None = None
    data_root_from_run: RecordedPath | None = None
    source: RecordedPath | None = None
    content: str | None = None
    commit: Commit | None = None
    class_names: dict[str, str] = Field(default_factory=dict)
    started: str
    ended: str | None = None
    status: Status = "running"
    epoch: int = 0
    step: int = 0
    monitor: str
    better: str
    best: Best | None = None
    fitted: list[FittedLayer] = Field(default_factory=list)
    baselines: dict[str, list[KeptBaseline]] = Field(default_factory=dict)
    failure: Failure | None = None
    resumed: list[Resumption] = Field(default_factory=list)
    files: dict[str, str] = Field(default_factory=dict)
    replaced: dict[str, str] = Field(default_factory=dict)
    metrics: MetricsPart | None = None


def record_bytes(record: RunRecord) -> bytes:
    """The content of `run.json`."""
    return sealed(record.model_dump())


def read_record(folder: Path) -> RunRecord:
    """The record of the run in `folder`. Raises RunError E602."""
    data = read_bytes(folder, RECORD, MOST_RECORD)
    try:
        return record_in(data)
    except UnsoundError as error:
        raise damaged(folder / RECORD, str(error), error.helps) from None


def record_in(data: bytes) -> RunRecord:
    """The record in the content of `run.json`. Raises UnsoundError."""
    return read_sealed(data, RunRecord, (*UNSEALED, FORMAT), UNSEALED)


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def now() -> str:
    """The current time, UTC, to the microsecond; strings sort like times."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
