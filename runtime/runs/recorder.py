"""The observer that records a run: locks its directory during training, and writes metrics, weights and the record."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.column_profiles import Profiles
from modelc.runtime.data.learning import Learnt
from modelc.runtime.runs.checkpoints import Stored
from modelc.runtime.runs.files import writing
from modelc.runtime.runs.kept_profiles import profiles_json
from modelc.runtime.runs.learnt_values import contents_of
from modelc.runtime.runs.leftovers import remove_leftovers
from modelc.runtime.runs.lock_file import lock_file
from modelc.runtime.runs.metrics_log import METRICS, MOST_METRICS, MetricsLog, MetricsPart, kept_lines
from modelc.runtime.runs.new_record import ClassNames
from modelc.runtime.runs.new_run import need_empty, need_free
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.recorded_json import resolved_json, to_json
from modelc.runtime.runs.run_files import MOST, read_bytes
from modelc.runtime.runs.run_layout import (
    BASELINES,
    CLASS_NAMES,
    ENVIRONMENT,
    MERGED,
    PROFILES,
    READERS,
    RECORD,
    REQUIREMENTS,
    RESOLVED,
    WEIGHTS,
)
from modelc.runtime.runs.run_lock import lock
from modelc.runtime.runs.run_record import (
    FORMAT,
    Best,
    Failure,
    FittedLayer,
    KeptBaseline,
    Kind,
    RunRecord,
    Status,
    digest,
    now,
    read_record,
    record_bytes,
)
from modelc.runtime.runs.ways_on import ONCE_ENDED
from modelc.runtime.runs.weights import step_of, write_weights
from modelc.runtime.training.observer import EpochRecord, Fitted, NoObserver, Outcome, Snapshot

LEAVE = ("leave the folder of a run where it is, and as it is, until training has ended",)
SHARE = 0.05
"""The part of the time that may go into writing weights: after short epochs not each of them is written at once."""


class Recorder(NoObserver):
    """Writes one run to its folder, which is locked until the `with` block ends."""

    def __init__(self, record: RunRecord, opened: OpenFolder, metrics: MetricsLog, held: ExitStack) -> None:
        self.folder = opened.path
        self.record = record
        self.opened = opened
        self.metrics = metrics
        self.held = held
        self.waiting: dict[Kind, Snapshot] = {}
        self.best: Snapshot | None = None
        self.kept: int | None = None
        """The last epoch whose weights are on the disk."""
        self.kept_best: Best | None = None
        """The epoch of the best weights that are on the disk."""
        self.next_write = 0.0

    @classmethod
    def new(
        cls,
        folder: Path,
        record: RunRecord,
        text: bytes,
        merged: Any,
        data: Any,
        environment: Mapping[str, Any],
        class_names: ClassNames = MappingProxyType({}),
        learnt: Learnt | None = None,
        profiles: Profiles | None = None,
        others: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Self:
        """That of a new run in `folder`, made here.

        `text` is the spec as written, `merged` the same with all files that it extends and uses, and `data` that with settings applied;
        `others` are further files by their names. Raises RunError E601 if the folder is in use, E604 where it cannot be written.
        """
        need_free(folder)
        files = {
            record.spec: text,
            MERGED: resolved_json(merged),
            RESOLVED: resolved_json(data),
            ENVIRONMENT: to_json(environment),
            REQUIREMENTS: lock_file(),
            **({READERS: to_json(contents_of(learnt))} if learnt is not None else {}),
            **({PROFILES: profiles_json(profiles)} if profiles is not None else {}),
            **others,
            **({CLASS_NAMES: to_json(class_names)} if class_names else {}),
        }
        from_run, data = os.path.relpath(record.root, os.path.realpath(folder)), record.data_root
        found = {
            "root_from_run": from_run,
            "data_root_from_run": None if data is None else os.path.relpath(data, os.path.realpath(folder)),
            "files": {name: digest(content) for name, content in files.items()},
        }
        record = record.model_copy(update=found)
        with ExitStack() as stack:
            opened = open_locked(stack, folder, make=True)
            need_empty(folder, opened.entries())
            try:
                for name, content in files.items():
                    write(opened, name, content)
                metrics = MetricsLog(opened)
                stack.callback(metrics.close)
                # Last: it makes a run of the folder.
                write_record(opened, record)
            except RunError:
                # The same command can be given again.
                for name in (RECORD, *files, METRICS):
                    with suppress(OSError):
                        opened.remove(name)
                raise
            return cls(record, opened, metrics, stack.pop_all())

    @classmethod
    def reopened(cls, folder: Path, record: RunRecord, stored: Stored, data: Any = None) -> Self:
        """That of a run that goes on from a checkpoint. What was recorded after it is removed, since it is computed again.

        `data` is the spec with settings applied where it goes on with others.

        Raises RunError E601 if another process trains it, or has since `record` was made of what it was, E602 if its
        metrics are not as they were, E604 where it cannot be written.
        """
        with ExitStack() as stack:
            opened = open_locked(stack, folder)
            need_untouched(folder, record)
            remove_leftovers(opened)
            kept = kept_lines(read_bytes(folder, METRICS, MOST_METRICS), stored.chain)
            record = with_digests(record, folder).model_copy(update={"metrics": MetricsPart(**stored.chain._asdict())})
            content = None if data is None else resolved_json(data)
            if content is not None:
                files = {**record.files, RESOLVED: digest(content)}
                record = record.model_copy(update={"files": files, "replaced": {RESOLVED: record.files[RESOLVED]}})
            # A process that is killed behind this leaves more lines than the record has, which are removed the next time,
            # and one of the two files that it has.
            write_record(opened, record)
            metrics = MetricsLog(opened, kept, stored.chain)
            stack.callback(metrics.close)
            if content is not None:
                write(opened, RESOLVED, content)
            recorder = cls(record.model_copy(update={"replaced": {}}), opened, metrics, stack)
            if stored.best is not None:
                recorder.best = recorder.waiting["best"] = stored.best
            recorder.save()
            recorder.held = stack.pop_all()
        return recorder

    def fitted(self, fitted: Fitted) -> None:
        layer = FittedLayer(path=fitted.path, layer=fitted.layer, rows=fitted.rows, seconds=round(fitted.seconds, 4))
        self.record = self.record.model_copy(update={"fitted": [*self.record.fitted, layer]})

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        line = {
            "epoch": record.epoch,
            "step": record.step,
            **({"phase": record.phase} if record.phase else {}),
            **({} if record.learning_rate is None else {"learning_rate": record.learning_rate}),
            **({"skipped_updates": record.skipped} if record.skipped else {}),
            **record.values,
            "seconds": round(record.seconds, 4),
        }
        self.metrics.append(line)
        update: dict[str, Any] = {"epoch": record.epoch, "step": record.step}
        weights = snapshot()
        self.waiting["last"] = weights
        self.need_place()
        if record.best:
            self.best = self.waiting["best"] = weights
            update["best"] = Best(epoch=record.epoch, step=record.step, score=record.values[self.record.monitor])
        self.record = self.record.model_copy(update=update)
        if time.monotonic() >= self.next_write:
            self.save()

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        weights = snapshot()
        self.waiting["last"] = weights
        self.record = self.record.model_copy(update={"step": weights.step})
        self.save()

    def save(self) -> None:
        """Write the pending weights, and the record. Raises RunError E604."""
        begun = time.monotonic()
        try:
            self.write_waiting()
            self.metrics.sync()
            self.write_record()
        except RunError as error:
            self.need_there(error)
            raise
        ended = time.monotonic()
        self.next_write = ended + (ended - begun) * (1 - SHARE) / SHARE

    def write_record(self, **instead: Any) -> None:
        """Write the record, with the lines of the metrics that are on the disk, and with other entries `instead`.

        Raises RunError E604.
        """
        lines = MetricsPart(**self.metrics.synced._asdict())
        write_record(self.opened, self.record.model_copy(update={"metrics": lines, **instead}))

    def write_waiting(self) -> None:
        """Write the pending weights. Raises RunError E604."""
        for kind, snapshot in list(self.waiting.items()):
            with writing(self.folder / WEIGHTS):
                weights = self.opened.below(WEIGHTS)
            with weights:
                try:
                    write_weights(weights, kind, self.record.id, snapshot)
                finally:
                    # Also where it failed once they were in their place.
                    if step_of(weights, kind) == snapshot.step:
                        self.kept = max(self.kept or 0, snapshot.epoch)
                        self.kept_best = self.record.best if kind == "best" else self.kept_best
            del self.waiting[kind]

    def finish(self, outcome: Outcome) -> None:
        """Write everything that is pending, and how training ended. Raises RunError E604."""
        self.end(outcome.reason, None)

    def keep_baselines(self, baselines: dict[str, list[KeptBaseline]], models: bytes | None) -> None:
        """Write the scores of the baselines of a run that has ended, and the file of what was fitted. Raises RunError E604."""
        before = self.record.files
        files = before if models is None else {**before, BASELINES: digest(models)}
        if (baselines, files) == (self.record.baselines, before):
            return
        self.record = self.record.model_copy(update={"baselines": baselines, "files": files})
        if models is not None and files != before:
            if BASELINES in before:
                self.write_record(replaced={BASELINES: before[BASELINES]})
            write(self.opened, BASELINES, models)
        self.write_record()

    def fail(self, code: str, message: str) -> None:
        """Write what was reached before an error. A second error while writing is ignored: the first is reported
        already.
        """
        try:
            self.end("failed", Failure(code=code, message=message))
        except RunError as further:
            if further.code != "E604":
                raise

    def end(self, status: Status, failure: Failure | None) -> None:
        self.record = self.record.model_copy(update={"status": status, "ended": now(), "failure": failure})
        try:
            self.save()
        except RunError as error:
            # What weights took of a full disk is free again: at least the record says how it ended.
            failure = failure or Failure(code=error.code, message=error.message)
            self.record = self.record.model_copy(update={"status": "failed", "failure": failure})
            self.write_record(best=self.kept_best)
            raise
        self.need_place()
        self.folder = self.place()

    def need_place(self) -> None:
        """Raise RunError E604 if the folder was removed: what is written to it is nowhere."""
        if os.fstat(self.opened.descriptor).st_nlink == 0:
            self.kept = None
            raise RunError("E604", f"the run directory `{self.folder}` was removed during training", helps=LEAVE)

    def need_there(self, error: RunError) -> None:
        """Raise RunError E604 if `error` came of writing to a folder that was removed, all of it or only in part."""
        self.need_place()
        if isinstance(error.__context__, FileNotFoundError):
            message = f"files of the run directory `{self.folder}` were removed during training"
            raise RunError("E604", message, notes=(error.message,), helps=LEAVE) from None

    def place(self) -> Path:
        """Where the folder is now: it is written to wherever it is moved."""
        try:
            if os.path.samestat(os.stat(self.folder), os.fstat(self.opened.descriptor)):
                return self.folder
        except OSError:
            pass
        with suppress(OSError):
            return Path(os.readlink(f"/proc/self/fd/{self.opened.descriptor}"))
        return self.folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Record the exception that ended the run, if any, and unlock the directory."""
        try:
            if isinstance(error, RunError):
                self.fail(error.code, error.message)
            elif isinstance(error, KeyboardInterrupt):
                self.end("interrupted", None)
            elif error is not None:
                self.fail("", f"{type(error).__name__}: {error}")
        finally:
            self.held.close()


def open_locked(stack: ExitStack, folder: Path, *, make: bool = False) -> OpenFolder:
    """The run directory, open and locked until `stack` is closed. Raises RunError E601 and E604."""
    with writing(folder):
        opened = stack.enter_context(OpenFolder.at(folder, make=make))
        stack.callback(os.close, lock(opened, "choose another folder with `--run-dir DIR`" if make else ONCE_ENDED))
    return opened


def need_untouched(folder: Path, record: RunRecord) -> None:
    """Raise RunError E601 if the run in `folder`, which is to go on with `record`, went on since that was made: its
    checkpoint may be gone, and the lengths of its training others.
    """
    if read_record(folder).resumed != record.resumed[:-1]:
        helps = ("give the command again, to go on from where it is now",)
        raise RunError("E601", f"another process has gone on with the run `{folder}` in the meantime", helps=helps)


def write_record(opened: OpenFolder, record: RunRecord) -> None:
    write(opened, RECORD, record_bytes(record))


def with_digests(record: RunRecord, folder: Path) -> RunRecord:
    """`record` in the format of now; of a run without digests, the files are sealed as they are. Raises RunError E602."""
    if record.format == FORMAT:
        return record
    names = [record.spec, MERGED, RESOLVED, ENVIRONMENT, *([CLASS_NAMES] if record.class_names else [])]
    files = {name: digest(read_bytes(folder, name, MOST)) for name in names}
    return record.model_copy(update={"format": FORMAT, "files": files})


def write(opened: OpenFolder, name: str, data: bytes) -> None:
    with writing(opened.path / name), opened.replacing(name) as file:
        file.write(data)
