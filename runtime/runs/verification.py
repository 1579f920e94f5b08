"""Compares every file of a run with the digests that were recorded of it. Reads only, and needs neither jax nor the data."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import file_digest
from pathlib import Path
from typing import Literal, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.checkpoints import CHECKPOINTS, FAILED, CheckpointManifest, name_of, names_in
from modelc.runtime.runs.checkpoints import MOST as MOST_MANIFEST
from modelc.runtime.runs.leftovers import leftovers_in
from modelc.runtime.runs.metrics_log import METRICS, MOST_METRICS, Chain, chain_of, has_digests
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_files import content_of, reading
from modelc.runtime.runs.run_layout import (
    BASELINES,
    CLASS_NAMES,
    ENVIRONMENT,
    LOCK,
    MERGED,
    PROFILES,
    READERS,
    RECORD,
    REQUIREMENTS,
    RESOLVED,
    SKIPPED,
    WEIGHTS,
)
from modelc.runtime.runs.run_lock import is_locked
from modelc.runtime.runs.run_record import FORMAT, KINDS, MOST_RECORD, Best, Kind, RunRecord, record_in
from modelc.runtime.runs.sealed_json import read_sealed
from modelc.runtime.runs.unsound import INTACT, UnknownFormatError, UnsoundError
from modelc.runtime.runs.weights import MANIFEST, Manifest, sibling, unusable

ATTEMPTS = 5
"""The number of times that a run in training is looked at: what it replaces meanwhile seems to be wrong."""

State = Literal["ok", "wrong", "newer", "unknown", "left over", "other"]
UNFIT: tuple[State, ...] = ("wrong", "newer")
"""The states of which a run is not whole."""


class CheckedFile(NamedTuple):
    """A file or folder of a run by its path in it. `newer`: it is in a format that this version does not know; `unknown`: there
    is no digest to compare it with; `other`: not of the run.
    """

    path: str
    state: State
    reason: str = ""


class Verified(NamedTuple):
    """What was found of a run; its record is None where that cannot be read. `is_training` while a process writes to it."""

    folder: Path
    record: RunRecord | None
    is_training: bool
    files: tuple[CheckedFile, ...]

    @property
    def is_whole(self) -> bool:
        return not any(file.state in UNFIT for file in self.files)

    @property
    def was_killed(self) -> bool:
        """Whether its process ended without recording how."""
        return self.record is not None and self.record.status == "running" and not self.is_training


def verify(folder: Path) -> Verified:
    """Every file of the run in `folder`, compared with its digest. Raises RunError E602 if the folder cannot be read."""
    for _ in range(ATTEMPTS):
        found = look_at(folder)
        if found.is_whole or not found.is_training:
            break
    return found


def need_whole_weights(run: Run, kinds: Sequence[Kind] = ()) -> None:
    """Raise RunError E603 unless the weights of these `kinds`, by default those that are taken of a run, are as they were
    written, E602 if it cannot be read.
    """
    taken: Kind = "last" if run.record.best is None else "best"
    try:
        with OpenFolder.at(run.folder) as opened:
            files = [file for kind in kinds or (taken,) for file in weights_of(opened, kind, run.record)]
    except OSError as error:
        raise RunError("E602", f"the run `{run.folder}` cannot be read: {reason_of(error)}") from None
    if unfit := next((file for file in files if file.state in UNFIT), None):
        helps = UnknownFormatError.helps if unfit.state == "newer" else INTACT
        raise unusable(run.folder / Path(unfit.path).parent, f"`{Path(unfit.path).name}` {unfit.reason}", helps)


def look_at(folder: Path) -> Verified:
    """What is found of a run at once."""
    is_training = is_locked(folder)
    record: RunRecord | None = None
    try:
        with OpenFolder.at(folder) as run:
            try:
                record = record_in(content_of(run, RECORD, MOST_RECORD))
                first = CheckedFile(RECORD, "ok" if record.format == FORMAT else "unknown")
            except UnsoundError as error:
                first = unfit(RECORD, error)
            files = [first, *recorded_files(run, record), *metrics_of(run, record, is_training)]
            for kind in KINDS:
                files += weights_of(run, kind, record)
            for name in (CHECKPOINTS, FAILED):
                files += checkpoints_of(run, name, record)
            files += [CheckedFile("/".join(filter(None, place)), "left over") for place in leftovers_in(run)]
            known = {file.path.partition("/")[0] for file in files} | {LOCK, WEIGHTS, CHECKPOINTS, FAILED}
            files += [CheckedFile(name, "other") for name in sorted({*run.entries()} - known)]
    except OSError as error:
        raise RunError("E602", f"the run `{folder}` cannot be read: {reason_of(error)}") from None
    return Verified(folder, record, is_training, tuple(files))


def unfit(path: str, error: UnsoundError) -> CheckedFile:
    """A file that cannot be used."""
    return CheckedFile(path, "newer" if isinstance(error, UnknownFormatError) else "wrong", str(error))


def compared(folder: OpenFolder, name: str, expected: tuple[str | None, ...], below: str = "") -> CheckedFile:
    """A file in `folder`, whose sha256 is to be one of `expected`; `below` is the path of the folder in the run."""
    path = below + name
    try:
        with reading(folder, name) as file:
            if file_digest(file, "sha256").hexdigest() not in expected:
                raise UnsoundError("has changed since it was written")
    except UnsoundError as error:
        return CheckedFile(path, "wrong", str(error))
    return CheckedFile(path, "ok")


def recorded_files(run: OpenFolder, record: RunRecord | None) -> Iterator[CheckedFile]:
    """The files that do not change any more."""
    if record is None or record.format != FORMAT:
        usual = (record.spec,) if record else ("spec.yaml", "spec.json")
        names = (
            *usual,
            MERGED,
            RESOLVED,
            ENVIRONMENT,
            READERS,
            PROFILES,
            BASELINES,
            SKIPPED,
            REQUIREMENTS,
            CLASS_NAMES,
        )
        yield from (CheckedFile(name, "unknown") for name in names if run.has(name))
        return
    for name, expected in record.files.items():
        yield compared(run, name, (expected, record.replaced.get(name)))


def metrics_of(run: OpenFolder, record: RunRecord | None, is_training: bool) -> Iterator[CheckedFile]:
    """The lines of the metrics: all that the record has, and more only where the end of training is not recorded."""
    recorded = record.metrics if record is not None else None
    if not run.has(METRICS):
        if recorded is not None:
            yield CheckedFile(METRICS, "wrong", "is missing")
        return
    try:
        data = content_of(run, METRICS, MOST_METRICS)
    except UnsoundError as error:
        yield CheckedFile(METRICS, "wrong", str(error))
        return
    if recorded is None and not has_digests(data):
        yield CheckedFile(METRICS, "unknown")
        return
    yield CheckedFile(
        METRICS,
        *state_of_lines(data, None if recorded is None else Chain(**recorded.model_dump()), record, is_training),
    )


def state_of_lines(
    data: bytes, recorded: Chain | None, record: RunRecord | None, is_training: bool
) -> tuple[State, str]:
    """Whether all lines are as they were written, and those that were `recorded` are among them."""
    goes_on = is_training or (record is not None and record.status == "running")
    # A process that is killed may leave a part of a line.
    whole = data[: data.rfind(b"\n") + 1] if goes_on else data
    try:
        found = chain_of(whole)
        start = found if recorded is None or len(data) < recorded.size else chain_of(data[: recorded.size])
    except ValueError as error:
        return "wrong", str(error)
    if recorded is not None and start != recorded:
        return "wrong", f"has {found.lines:,} lines, and not the {recorded.lines:,} that were recorded"
    if recorded is not None and found != recorded and not goes_on:
        return "wrong", f"has {found.lines:,} lines, {recorded.lines:,} were recorded"
    return "ok", "" if whole == data else "its last line is not complete: it is removed when the run goes on"


def weights_of(run: OpenFolder, kind: Kind, record: RunRecord | None) -> Iterator[CheckedFile]:
    """The files of the best or of the last weights."""
    best = record.best if record is not None and kind == "best" else None
    is_there = best is not None if kind == "best" else record is not None and has_ended_well(record)
    with ExitStack() as stack:
        weights = stack.enter_context(run.existing(WEIGHTS)) if run.is_folder(WEIGHTS) else None
        there = [name for name in (kind, sibling(kind, "old")) if weights is not None and weights.has(name)]
        if weights is None or not there:
            if is_there:
                yield CheckedFile(f"{WEIGHTS}/{kind}", "wrong", "is missing: the record is of a run that has it")
            return
        # While training goes on, weights are written before the record.
        expected = best if record is not None and record.status != "running" else None
        yield from sealed_folder(weights, there[0], f"{WEIGHTS}/{there[0]}", Manifest, record, expected)


def has_ended_well(record: RunRecord) -> bool:
    """Whether a run has ended with its last weights on the disk."""
    return record.status in ("finished", "early_stopping", "interrupted") and record.step > 0


def checkpoints_of(run: OpenFolder, below: str, record: RunRecord | None) -> Iterator[CheckedFile]:
    """The files of each checkpoint in a folder of the run."""
    if run.is_folder(below):
        with run.existing(below) as folder:
            for name in names_in(folder):
                yield from sealed_folder(folder, name, f"{below}/{name}", CheckpointManifest, record)
    elif run.has(below):
        yield CheckedFile(below, "wrong", "is no folder")


def sealed_folder(
    above: OpenFolder,
    name: str,
    path: str,
    kind: type[Manifest] | type[CheckpointManifest],
    record: RunRecord | None,
    expected: Best | None = None,
) -> Iterator[CheckedFile]:
    """The files of the folder `name`, at `path` in the run, by its manifest, which may be `expected` to be of some epoch."""
    if not above.is_folder(name):
        yield CheckedFile(path, "wrong", "is no folder")
        return
    with above.existing(name) as folder:
        digests: Mapping[str, str] = {}
        try:
            manifest = read_sealed(content_of(folder, MANIFEST, MOST_MANIFEST), kind, (1,))
            if record is not None and manifest.run != record.id:
                raise UnsoundError(f"belongs to the run {manifest.run}, not to {record.id}")
            if isinstance(manifest, CheckpointManifest) and name != name_of(manifest.step):
                raise UnsoundError(f"is that of step {manifest.step:,}")
            if expected is not None and (expected.epoch, expected.step) != (manifest.epoch, manifest.step):
                raise UnsoundError(f"is of epoch {manifest.epoch:,}, the best one on record is {expected.epoch:,}")
            digests = manifest.digests()
            yield CheckedFile(f"{path}/{MANIFEST}", "ok")
        except UnsoundError as error:
            yield unfit(f"{path}/{MANIFEST}", error)
        yield from (compared(folder, file, (expected,), f"{path}/") for file, expected in digests.items())
        rest = sorted({*folder.entries()} - {MANIFEST, *digests})
        yield from (CheckedFile(f"{path}/{file}", "other" if digests else "unknown") for file in rest)
