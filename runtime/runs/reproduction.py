"""What a run is trained again from, and what has become another since: its spec, data, versions, device and commit."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from modelc.compiler.binding.task import Task
from modelc.compiler.language.settings import Settings
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.syntax.document import MAX_BYTES
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.bad_rows import PartOfSkips
from modelc.runtime.data.column_digests import KnownDigests
from modelc.runtime.data.column_profiles import Profiles
from modelc.runtime.data.learning import Learnt
from modelc.runtime.runs.commit import Commit, commit_of
from modelc.runtime.runs.comparison import lines_of
from modelc.runtime.runs.environment import (
    PACKAGES,
    changed_columns,
    changed_own_columns,
    known_digests,
    other_number,
    texts_at,
)
from modelc.runtime.runs.kept_initial import files_of_training, kept_report
from modelc.runtime.runs.kept_spec import trained_from
from modelc.runtime.runs.learnt_values import kept_values
from modelc.runtime.runs.lock_file import lock_file
from modelc.runtime.runs.new_record import new_id
from modelc.runtime.runs.plugins import changes, records_of
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.runs.resumption import MISSING, changed_keys, differences, key_text, value_at
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_layout import MERGED, REQUIREMENTS
from modelc.runtime.runs.run_record import FORMAT, RunRecord, now
from modelc.runtime.runs.spec_content import shown
from modelc.runtime.training.lengths import Course


def recorder_of(
    run: Run,
    task: Task,
    folder: Path,
    root: Root,
    settings: Sequence[str],
    environment: Mapping[str, Any],
    learnt: Learnt,
    profiles: Profiles | None,
    skipped: Sequence[PartOfSkips],
) -> Recorder:
    """The recorder of a new run in `folder` of the `task` of `run`, with further `settings` and its data below `root`, of whose
    training rows the readers have `learnt`, with the `profiles` of its columns; rows that are `skipped` are listed.

    Raises RunError E601 and E604 as for any new run, E602 if a file of `run` is damaged.
    """
    assert task.training is not None
    before = run.record
    spec = trained_from(run)
    record = RunRecord(
        format=FORMAT,
        id=new_id(),
        name=before.name,
        spec=before.spec,
        settings=[*before.settings, *settings],
        plugins=records_of(task.spec.plugins),
        root=str(root.folder.resolve()),
        data_root=None if root.data is None else str(root.data.folder.resolve()),
        source=before.source,
        content=before.content,
        commit=commit_of(Path(spec)) if spec else None,
        class_names=before.class_names,
        started=now(),
        monitor=task.training.monitor,
        better=task.training.better,
    )
    merged = json.loads(run.kept(MERGED, MAX_BYTES)) if before.content is not None else {}
    data = task.spec.document.data
    text, names, others = run.kept(before.spec), run.class_names(), files_of_training(task, skipped)
    return Recorder.new(folder, record, text, merged, data, environment, names, learnt, profiles, others)


def what_differs(
    run: Run, again: Run, tasks: tuple[Task, Task], environment: Mapping[str, Any], digests: KnownDigests
) -> list[str]:
    """Everything on record that differs between a run and one that repeats it, in words; `tasks` are those of both, before
    their data was read.
    """
    recorded = run.environment()
    specs = [task.spec.document.data for task in tasks]
    return [
        *ended_by_clock(tasks),
        *changed_values(*specs),
        *changed_data(recorded, digests),
        *changed_learning(run, again),
        *changed_arrays(recorded, environment),
        *changed_weights(run, again),
        *changed_environments(run, differences(recorded, environment)),
        *changed_distributions(run),
        *changes(run.record.plugins),
        *changed_commit(run.record.commit, again.record.commit),
    ]


def ended_by_clock(tasks: Sequence[Task]) -> Iterator[str]:
    """That the clock has decided how many steps there were, where it does so again."""
    settings = [task.training.settings for task in tasks if task.training is not None]
    if any(map(has_time, settings)) and settings[0] != settings[-1]:
        yield "`time` ends a training by the clock: how many steps there are depends on the machine, and on what else it computes"


def has_time(settings: Settings) -> bool:
    """Whether the clock may end a training, or a phase of it."""
    return any(one.time is not None for one in (settings, *settings.phases))


def course_of(run: Run, before: PreparedTask, again: PreparedTask) -> Course | None:
    """The course of a run that the clock may have ended, which is to be trained again with the same settings; None for all others."""
    assert before.training is not None and again.training is not None
    settings = before.training.settings
    if not has_time(settings) or settings != again.training.settings:
        return None
    lines = sorted(lines_of(run).items())
    ends = {epoch: int(line["step"]) for epoch, line in lines}
    last = {epoch for (epoch, line), (_, behind) in pairwise(lines) if line.get("phase") != behind.get("phase")}
    if run.record.status == "finished":
        last |= {max(ends)}
    evaluated = {epoch for epoch, line in lines if any(key.startswith("validation/") for key in line)}
    return Course(ends, frozenset(last), frozenset(evaluated))


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """The values of the spec that differ."""
    for path in changed_keys(before, after):
        was, is_now = (value_at(one, path) for one in (before, after))
        said = "was left out" if was is None else f"was {shown(was)}"
        yield f"`{key_text(path)}` {said}, and is {'left out' if is_now is None else shown(is_now)} now"


def changed_learning(run: Run, again: Run) -> Iterator[str]:
    """The inputs and targets whose readers have learnt something else of the training rows."""
    before, after = kept_values(run), kept_values(again)
    for key in after.values if before is not None and after is not None else ():
        if before is not None and after is not None and before.of_key(key) != after.of_key(key):
            yield f"the reader of `{key.partition('/')[2]}` has learnt something else of the training rows"


def changed_data(recorded: Mapping[str, Any], now: KnownDigests) -> Iterator[str]:
    """The columns whose values have changed; where there are more or fewer rows, that instead."""
    before = known_digests(recorded)
    if number := other_number(before.train, now.train):
        yield f"the data has changed: {number}"
    else:
        for name in changed_columns(recorded, now.train.digests):
            yield f"the column `{name}` of the data has changed"
    for part, unread in (("validation", ""), ("test", ", which training does not read")):
        was, is_now = getattr(before, part), getattr(now, part)
        if number := other_number(was, is_now):
            yield f"the {part} rows have changed{unread}: {number}"
        else:
            for name in changed_own_columns(recorded, part, is_now.digests) or ():
                yield f"the column `{name}` of the {part} rows has changed{unread}"


def changed_arrays(recorded: Mapping[str, Any], environment: Mapping[str, Any]) -> Iterator[str]:
    """The arrays in files that weights began with, as far as they differ."""
    before, after = (texts_at(one, "arrays") for one in (recorded, environment))
    yield from (f"the array `{name}` has changed" for name in after if name in before and before[name] != after[name])


def changed_weights(run: Run, again: Run) -> Iterator[str]:
    """The initial weights from elsewhere, as far as they differ."""
    before, after = (taken_by(one) for one in (run, again))
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        yield f"the weights that training began with have changed: `{changed[0]}`{more}"


def taken_by(run: Run) -> dict[str, str]:
    """The digests of the initial weights that a run took from elsewhere. Raises RunError E602."""
    return {name: str(one["sha256"]) for name, one in kept_report(run).get("taken", {}).items()}


def changed_environments(run: Run, now: Sequence[str]) -> Iterator[str]:
    """What differs of the environment `now`, and where the run went on in another: what is the same of both, in one line."""
    steps: dict[str, list[str]] = {}
    for one in run.record.resumed:
        for text in one.differs:
            steps.setdefault(text, []).append(f"step {one.step:,}")
    for text in now:
        after = steps.pop(text, ())
        yield f"{text}, as where the run went on after {' and after '.join(after)}" if after else text
    for text, after in steps.items():
        yield f"the run went on after {' and after '.join(after)} where {text}"


def changed_distributions(run: Run) -> Iterator[str]:
    """The installed distributions that differ, but for those whose versions the environment has."""
    if REQUIREMENTS not in run.record.files:
        return
    before, after = (pins(text) for text in (run.kept(REQUIREMENTS), lock_file()))
    for name in sorted({*before, *after} - {*PACKAGES}):
        if before.get(name) != after.get(name):
            was, is_now = (one.get(name) or MISSING["versions"] for one in (before, after))
            yield f"{name} was {was}, and is {is_now} now"


def pins(text: bytes) -> dict[str, str]:
    """The versions in a lock file, by name."""
    lines = (line.partition("==") for line in text.decode("utf-8", "replace").splitlines() if not line.startswith("#"))
    return {name: version for name, _, version in lines}


def changed_commit(before: Commit | None, after: Commit | None) -> Iterator[str]:
    """Whether the repository of the spec is at another commit, or changed since; the run's own spec is used all the same."""
    if before is not None and after is not None and before != after:
        was, is_now = (f"{one.id[:12]}{' with changes' if one.changed else ''}" for one in (before, after))
        yield f"the commit of the spec was {was}, and is {is_now} now"
