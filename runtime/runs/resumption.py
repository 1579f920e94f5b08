"""What a run that is to go on is made of again: its task with other lengths, its execution, and what differs from before."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from modelc.compiler.api import Checked, check
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.command_line import command
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.durations import duration_of
from modelc.compiler.library.contracts.optimizer import Schedule
from modelc.compiler.syntax.document import MAX_BYTES
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_layout import RESOLVED
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop_state import end_of_phase
from modelc.runtime.training.observer import Checkpoint
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism

LENGTHS = ("epochs", "steps", "time", "early_stopping")
"""The keys of `train` that may be others when a run goes on."""
COMPARED = (
    "versions",
    "platform",
    "device",
    "cpus",
    "instructions",
    "mesh",
    "shard",
    "processes",
    "flags",
    "byte_order",
)
"""The entries of an environment that may change the bits of a training."""
CALLED: dict[Path, str] = {
    ("platform", "system"): "operating system",
    ("platform", "release"): "release of the operating system",
    ("platform", "machine"): "architecture",
    ("device", "platform"): "device platform",
    ("device", "kind"): "device kind",
    ("device", "count"): "number of devices",
    ("cpus",): "number of cpus",
    ("processes",): "number of processes",
    ("instructions",): "instruction set of the processor",
    ("byte_order",): "byte order",
}
"""What entries are called where their last key does not say it."""
MISSING = {"flags": "not set", "versions": "not installed"}
"""What an entry without a value is, by its first key."""

BEFORE_MESHES = {"mesh": ONE_DEVICE.mesh, "shard": ONE_DEVICE.shard, "processes": 1}
"""What is true of runs that do not record it."""


class Continued(NamedTuple):
    """The task of a run as it was, and as it goes on; `checked` with other lengths, None where there are none."""

    before: Task
    task: Task
    checked: Checked | None = None


def continued(run: Run, settings: Sequence[str]) -> Continued:
    """The task of a run, with `settings` that change nothing but its lengths.

    Raises RunError E602 if its spec is damaged, E609 for other settings. The problems of settings are in `checked`.
    """
    task = run.task()
    if not settings:
        return Continued(task, task)
    checked = checked_again(run, settings)
    if checked.errors or checked.task is None:
        return Continued(task, task, checked)
    before, after = task.spec.document.data, checked.task.spec.document.data
    changed = [*changed_keys(without_lengths(before), without_lengths(after))]
    if changed:
        # Beside phases there are no other lengths.
        lengths = LENGTHS[-1:] if before["train"].get("phases") else LENGTHS
        raise RunError(
            "E609",
            f"a run goes on with what it began with, and `{key_text(changed[0])}` would be another",
            helps=(
                f"`--set` may change {', '.join(f'`train.{key}`' for key in lengths)}",
                "for anything else, train anew",
            ),
        )
    return Continued(task, checked.task, checked)


def checked_again(run: Run, settings: Sequence[str]) -> Checked:
    """The spec of a run with further `settings`. Raises RunError E602 if it is damaged."""
    text = run.kept(RESOLVED, 4 * MAX_BYTES)
    return check(text, str(run.folder / RESOLVED), tuple(settings), written_out=True, class_names=run.class_names())


def without_lengths(data: Any) -> Any:
    """The data of a spec without its lengths."""
    train = data.get("train")
    return {**data, "train": {key: value for key, value in train.items() if key not in LENGTHS}} if train else data


def changed_keys(before: Any, after: Any, path: Path = ()) -> list[Path]:
    """The key paths at which two specs differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = dict.fromkeys((*before, *after))
        return [found for key in keys for found in changed_keys(before.get(key), after.get(key), (*path, key))]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [found for index, pair in pairs for found in changed_keys(*pair, (*path, index))]
    return [] if before == after and type(before) is type(after) else [path]


def key_text(path: Path) -> str:
    """A key path as it is written: `model.layers.0.dense`."""
    return ".".join(map(str, path))


def recorded_execution(run: Run) -> Execution:
    """How the run executes its steps. Raises RunError E602 if its record does not say."""
    environment = run.environment()
    found = environment.get("execution")
    last = next((one for one in reversed(run.record.resumed) if one.mesh is not None), None)
    placed = {**BEFORE_MESHES, **environment} if last is None else {"mesh": last.mesh, "shard": last.shard}
    try:
        parallelism = Parallelism.from_record(placed["mesh"], placed["shard"])
        assert isinstance(found, dict)
        mode, steps, reason = (found[name] for name in ("mode", "steps_per_chunk", "reason"))
        assert mode in ("scan", "single") and type(steps) is int and steps > 0 and isinstance(reason, str)
    except (AssertionError, KeyError, ValueError):
        raise RunError("E602", f"`execution` in the environment of the run `{run.folder}` is damaged") from None
    return Execution(mode, steps, reason, parallelism)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of an environment differs that may change the bits of a training: `jax was 0.10.1, and is 0.10.2 now`."""

    def said(value: Any, path: Path) -> Any:
        return MISSING.get(str(path[0]), "not known") if value in (None, "") else value

    before = {**BEFORE_MESHES, **before}
    found = []
    for name in COMPARED:
        if name not in before:
            # A run of a version that did not record it.
            continue
        for path in changed_keys(before.get(name), now.get(name), (name,)):
            was, is_now = (said(value_at(one, path), path) for one in (before, now))
            found.append(f"{CALLED.get(path, str(path[-1]))} was {was}, and is {is_now} now")
    return found


def value_at(data: Any, path: Path) -> Any:
    """The value at a key path; None if there is none."""
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def need_same_course(before: Task, after: Task, rows: int, done: int) -> None:
    """Raise RunError E609 if other lengths would change one of the `done` steps, of a training on `rows` rows."""
    if not done:
        return
    assert before.training is not None and after.training is not None
    totals = [training.settings.total_steps(rows) for training in (before.training, after.training)]
    if totals[0] == totals[1]:
        return
    if totals[1] < done:
        message = f"the run has done {done:,} steps already, and would have {totals[1]:,}"
        raise RunError("E609", message, helps=("give it more epochs or steps than it has done",))
    if done == totals[0] and done % before.training.settings.steps_per_epoch(rows):
        message = f"the run has ended inside an epoch, at step {done:,}: its last epoch would have been longer"
        raise RunError("E609", message, helps=("train anew with the greater number of steps",))
    schedule = getattr(before.training.optimizer, "learning_rate", None)
    if not isinstance(schedule, Schedule):
        return
    rates = [schedule.function(total) for total in totals]
    if any(rates[0](step) != rates[1](step) for step in range(0, done, max(done // 200, 1))):
        length = schedule.length or "decay_steps"
        raise RunError(
            "E609",
            "the learning rate follows a schedule to the end of the run, so another length changes steps that are done",
            helps=(f"write the length of the schedule, such as `{length}`, before training, or train anew",),
        )


def need_more(run: Run, task: Task, rows: int, checkpoint: Checkpoint) -> None:
    """Raise RunError E609 if the training is done, and its end recorded, so that there is nothing to go on with."""
    assert task.training is not None
    if run.record.status not in ("finished", "early_stopping"):
        # Its process may have ended between the last step and the record of it.
        return
    whole, number = task.training.settings, int(checkpoint.facts.get("phase", 0))
    settings = whole.phases[number] if number < len(whole.phases) else whole
    end = end_of_phase(checkpoint, settings, settings.steps_per_epoch(rows))
    if not end or number + 1 < len(whole.phases):
        return
    message = f"the training of `{run.folder}` is done, at step {checkpoint.step:,}"
    if whole.phases:
        taken = command("train", "SPEC", "--initial-weights", run.folder)
        helps = (
            "to train on, train anew with longer phases",
            f"another training can begin with its weights: `{taken}`",
        )
        raise RunError("E609", f"{message}, at the end of its last phase", helps=helps)
    time = duration_of(2 * (settings.time or 0.0))
    more = {"time": f"time={time}", "length": f"{length_key(task)}=NUMBER", "patience": f"{patience_key(task)}=NUMBER"}
    longer = command("train", "--resume", run.folder, "--set", f"train.{more[end]}")
    raise RunError("E609", message, helps=(f"to train on, give it more: `{longer}`",))


def patience_key(task: Task) -> str:
    """The key of `train` that says how long to wait for a better epoch."""
    written = task.spec.document.data["train"].get("early_stopping")
    return "early_stopping.patience" if isinstance(written, Mapping) else "early_stopping"


def length_key(task: Task) -> str:
    """The key of `train` that says how long to train."""
    assert task.training is not None
    return "steps" if task.training.settings.steps else "epochs"
