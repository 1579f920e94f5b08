"""What can be done about a run that a command cannot use as it is: by how it ended, and by what it has saved."""

from pathlib import Path

from modelc.compiler.diagnostics.command_line import command, path_word
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs.checkpoints import CHECKPOINTS, FAILED, checkpoints_of
from modelc.runtime.runs.kept_spec import trained_from
from modelc.runtime.runs.plugins import options_of
from modelc.runtime.runs.run_directory import Run

OF_TRAINING = "E501"
"""The error that comes of the training itself, and comes again; all others come of the machine, such as a full disk."""
ONCE_ENDED = "let it end, or stop it by Ctrl-C or SIGTERM, which save: then go on with it"
"""What to do before going on with a run in training."""
REPRODUCE = "reproduce"
"""The command that takes a run by how it ended; all others that take one of several use weights."""


def was_cut(run: Run) -> bool:
    """Whether a run was killed, or ended by an error that is not of its training."""
    failure = run.record.failure
    return run.state == "killed" or (failure is not None and failure.code != OF_TRAINING)


def was_stopped(run: Run) -> bool:
    """Whether a run came to an end from outside, and is to be repeated up to the step of its last weights only."""
    return run.state == "interrupted" or was_cut(run)


def need_ended(run: Run, advice: str) -> None:
    """Raise RunError E601, with an advice, for a run in training."""
    if run.state == "running":
        raise RunError("E601", f"the run `{run.folder}` is in training", helps=(advice,))


def need_repeatable(run: Run) -> None:
    """Raise RunError E601 for a run in training, E602 for one that has nothing that could be repeated."""
    need_ended(run, "reproduce it once it has ended")
    if not can_be_used(run, REPRODUCE):
        message = f"the run `{run.folder}` was stopped before it saved weights: there is nothing to compare"
        raise RunError("E602", message, helps=after_its_end(run))


def can_be_used(run: Run, name: str) -> bool:
    """Whether the command `name` takes this run, as far as it is whole."""
    if name == REPRODUCE:
        return run.state != "running" and (not was_stopped(run) or "last" in run.kinds())
    return bool(run.kinds())


def ways_on(run: Run, name: str) -> tuple[str, ...]:
    """What to do about a run that the command `name` takes by its own name only."""
    wish = "reproduce it all the same" if name == REPRODUCE else "use what it saved"
    by_name = (f"to {wish}, name it: `{path_word(run.folder)}`",) if can_be_used(run, name) else ()
    if run.state == "running":
        return ("wait until it has ended", *by_name)
    return (*by_name, *to_go_on(run), *to_look_into(run)) or to_train_again(run)


def without_weights(run: Run) -> tuple[str, ...]:
    """What to do about a run that has no weights."""
    if run.state == "running":
        return ("wait until its first epoch is over: then it saves some",)
    return after_its_end(run)


def without_checkpoint(run: Run) -> tuple[str, ...]:
    """What to do about a run that has no checkpoint."""
    if run.state == "running":
        return ("wait until it has saved one, which it does at the latest when it ends",)
    weights = (f"to use the weights that it saved: `{told('evaluate', run)}`",) if run.kinds() else ()
    return (*weights, *(to_look_into(run) or to_train_again(run)))


def after_its_end(run: Run) -> tuple[str, ...]:
    """What to do about a run that has ended, and not as it was to."""
    return (*to_go_on(run), *to_look_into(run)) or to_train_again(run)


def to_go_on(run: Run) -> tuple[str, ...]:
    """How to go on with a run that was stopped from outside and has a checkpoint; empty for others."""
    can_go_on = was_stopped(run) and has_kept(run, CHECKPOINTS)
    return (f"to go on with it: `{told('train', '--resume', run)}`",) if can_go_on else ()


def to_look_into(run: Run) -> tuple[str, ...]:
    """How to see why the training of a run failed; empty for others."""
    failure = run.record.failure
    can_be_seen = failure is not None and failure.code == OF_TRAINING and has_kept(run, FAILED)
    return (f"to see what was not finite: `{told('debug', run)}`",) if can_be_seen else ()


def to_train_again(run: Run) -> tuple[str]:
    """How to train once more what a run was of."""
    spec = trained_from(run)
    if not spec:
        return ("train its spec again",)
    settings = [word for setting in run.record.settings for word in ("--set", setting)]
    return (f"train it again: `{command('train', Path(spec), *options_of(run.record.plugins), *settings)}`",)


def told(*words: str | Run) -> str:
    """A command with runs as its arguments, and with their plug-ins."""
    plugins = [option for word in words if isinstance(word, Run) for option in options_of(word.record.plugins)]
    return command(*(word.folder if isinstance(word, Run) else word for word in words), *plugins)


def has_kept(run: Run, kind: str) -> bool:
    """Whether a run has a checkpoint in its folder `kind`; in one that cannot be read there is none."""
    try:
        return bool(checkpoints_of(run.folder, kind))
    except RunError:
        return False
