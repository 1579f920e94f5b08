"""The state of training as one value, and as named entries on the host: all that a run is stopped with and goes on from.

What is no entry here follows from the spec, the seed and the step. Writes and reads nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.language.settings import Settings
from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import to_named
from modelc.runtime.data.arrays import Array
from modelc.runtime.training.epoch_sums import SEPARATOR, Tally
from modelc.runtime.training.observer import Checkpoint, EpochRecord, Snapshot, by_path
from modelc.runtime.training.placement import on_host
from modelc.runtime.training.plateau import Plateau
from modelc.runtime.training.row_state import merge_trees, without_per_row_entries
from modelc.runtime.training.step import Steps, TrainState
from modelc.runtime.training.sums import Sums

End = Literal["", "time", "length", "patience"]
"""What ends a phase: its time, its epochs or steps, or that no epoch was better; empty for nothing."""


class LoopState(NamedTuple):
    """What training goes on from, between two chunks.

    `epoch` is the one that has begun last, counted from 1, and `seconds` what was spent in it. Its sums are in `tally`, and
    those of the `span` that is not full yet are still on the device. `waited` and `unscored` are as in `Outcome`; `reached` is
    the monitor of the epoch since which was waited. `plateau` says how far the learning rate is lowered, where it goes by the monitor.
    `phase` is the number of the phase, from 0, and `before` how many epochs were before it; after `since` steps it has begun, and
    the epoch after `first`. `kept` are the best weights, where a later phase begins with them. `spent` are the seconds of the
    epochs of the phase that have ended; once the time of the phase has passed, it `is_over`. Of the epochs that have ended, those of
    the phase made so many `updates`, and all `skipped` so many.
    """

    train: TrainState
    step: int
    tally: Tally
    span: Sums | None = None
    epoch: int = 0
    seconds: float = 0.0
    best: EpochRecord | None = None
    last: EpochRecord | None = None
    waited: int = 0
    unscored: int = 0
    reached: float | None = None
    plateau: Plateau | None = None
    phase: int = 0
    before: int = 0
    since: int = 0
    first: int = 0
    kept: Snapshot | None = None
    spent: float = 0.0
    is_over: bool = False
    updates: int = 0
    skipped: int = 0

    @property
    def is_inside(self) -> bool:
        """Whether the epoch has begun and not ended."""
        return self.epoch > (0 if self.last is None else self.last.epoch)

    @property
    def is_between(self) -> bool:
        """Whether a phase has ended, and no epoch of the one behind it has begun."""
        return self.phase > 0 and self.epoch == self.before


def capture(state: LoopState) -> Checkpoint:
    """A copy on the host."""
    arrays = {name: named(on_host(tree)) for name, tree in trees(state.train).items()}
    arrays["span"] = {} if state.span is None else named(on_host(state.span))
    arrays["tally"] = state.tally.entries()
    facts: dict[str, Any] = {
        "seconds": state.seconds,
        "best": None if state.best is None else asdict(state.best),
        "last": None if state.last is None else asdict(state.last),
        "waited": state.waited,
        "unscored": state.unscored,
        "reached": state.reached,
        "plateau": None if state.plateau is None else state.plateau._asdict(),
        "phase": state.phase,
        "before": state.before,
        "since": state.since,
        "first": state.first,
        "spent": state.spent,
        "updates": state.updates,
        "skipped": state.skipped,
    }
    if state.kept is not None:
        arrays |= {"kept_params": named(state.kept.params), "kept_state": named(state.kept.state)}
        facts["kept"] = [state.kept.epoch, state.kept.step]
    return Checkpoint(state.epoch, state.step, arrays, facts)


def restore(given: Checkpoint, steps: Steps, span: Sums, metrics: Mapping[str, Metric], per_epoch: int) -> LoopState:
    """The state that gave a checkpoint, on the devices of `steps`; `span` has the shapes and dtypes of its sums, and an epoch
    `per_epoch` steps.

    Raises ValueError, with what is wrong, if the checkpoint is not of such a training.
    """
    like, placement = jax.eval_shape(steps.first), steps.placement
    wanted = trees(like)
    found = {name: tree_of(name, tree, given.arrays.get(name, {})) for name, tree in wanted.items()}
    sums = given.arrays.get("span", {})
    since, first = steps_before(given, per_epoch)
    train = like._replace(
        step=jnp.int32(given.step),
        params=found["params"],
        state=found["state"],
        optimizer=found["optimizer"],
        failed=jnp.int32(-1),
        averages=found.get("averages", {}),
        scale=found.get("scale", ()),
        rate=found.get("rate", {}),
        since=jnp.int32(since),
    )
    facts = given.facts
    return LoopState(
        placement.put(train, steps.shardings),
        given.step,
        Tally.from_entries(given.arrays.get("tally", {}), metrics),
        placement.put(tree_of("span", span, sums), placement.everywhere) if sums else None,
        given.epoch,
        float(facts["seconds"]),
        record_of(facts["best"]),
        record_of(facts["last"]),
        int(facts["waited"]),
        int(facts["unscored"]),
        facts.get("reached"),
        None if facts.get("plateau") is None else Plateau(**facts["plateau"]),
        int(facts.get("phase", 0)),
        int(facts.get("before", 0)),
        since,
        first,
        kept_of(given),
        float(facts.get("spent", 0.0)),
        updates=int(facts.get("updates", 0)),
        skipped=int(facts.get("skipped", 0)),
    )


def steps_before(given: Checkpoint, per_epoch: int) -> tuple[int, int]:
    """The steps after which the phase of a checkpoint has begun, and its epoch."""
    facts = given.facts
    if "first" in facts:
        return int(facts["since"]), int(facts["first"])
    # A run of a version in which no epoch was cut short but the last one.
    return int(facts.get("before", 0)) * per_epoch, max(given.epoch - 1, 0) * per_epoch


def has_no_step_left(given: Checkpoint, whole: Settings, per_epoch: int) -> bool:
    """Whether all steps of the epoch of a checkpoint are done, by the settings of the whole training."""
    facts, (since, first) = given.facts, steps_before(given, per_epoch)
    settings = whole.phases[int(facts["phase"])] if whole.phases else whole
    is_last = settings.steps is not None and given.step - since >= settings.steps
    return is_last or given.step - first == per_epoch or settings.is_over(facts.get("spent", 0.0) + facts["seconds"])


def end_of_phase(given: Checkpoint, settings: Settings, per_epoch: int) -> End:
    """What has ended the phase of a checkpoint, or a training without any, by the `settings` of that; empty where it goes on."""
    facts, since = given.facts, steps_before(given, per_epoch)[0]
    if given.ended != given.epoch:
        return ""
    if settings.is_over(facts.get("spent", 0.0)):
        return "time"
    if settings.has_all(given.epoch - int(facts.get("before", 0)), given.step - since):
        return "length"
    return "patience" if settings.is_impatient(facts["waited"], has_best=facts["best"] is not None) else ""


def kept_of(given: Checkpoint) -> Snapshot | None:
    """The best weights that a checkpoint has for a later phase, if any."""
    if "kept" not in given.facts:
        return None
    epoch, step = given.facts["kept"]
    return Snapshot(epoch, step, *weights_of(given, "kept_"))


def weights_of(given: Checkpoint, which: str = "") -> tuple[Any, Any]:
    """The params and the state of a checkpoint, as the model holds them; or `which` it has of them besides."""
    trees: Any = tuple(by_path(given.arrays.get(f"{which}{part}", {})) for part in ("params", "state"))
    params, state = trees
    return params, state


def used_weights_of(given: Checkpoint) -> Any:
    """The weights of a checkpoint that the model is used with: their averages, where there are any."""
    averages: Any = by_path(given.arrays.get("averages", {}))
    return merge_trees(weights_of(given)[0], averages)


def record_of(data: Mapping[str, Any] | None) -> EpochRecord | None:
    """The record that `asdict` made plain data of."""
    return None if data is None else EpochRecord(**data)


def trees(state: TrainState) -> dict[str, Any]:
    """The trees of a training state by name."""
    found = {"params": state.params, "state": state.state, "optimizer": state.optimizer}
    more = {"averages": state.averages, "scale": state.scale, "rate": state.rate}
    return found | {name: tree for name, tree in more.items() if tree}


def named(tree: Any) -> dict[str, Array]:
    """The leaves of a tree by the way to each."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {name_of(path): np.asarray(leaf) for path, leaf in leaves}


def name_of(path: tuple[Any, ...]) -> str:
    """The way to a leaf as a name: keys, fields and indices."""
    return SEPARATOR.join(str(getattr(part, "key", getattr(part, "name", getattr(part, "idx", part)))) for part in path)


def tree_of(name: str, like: Any, entries: Mapping[str, Array]) -> Any:
    """The tree with the structure of `like` whose leaves are `entries`. Raises ValueError unless they are all that it has."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(like)
    wanted = {name_of(path): leaf for path, leaf in leaves}
    for key, leaf in wanted.items():
        if key not in entries:
            raise ValueError(f"`{name}` lacks `{key}`")
        array = entries[key]
        if (array.shape, array.dtype) != (leaf.shape, leaf.dtype):
            given, needed = (f"{list(one.shape)} {one.dtype}" for one in (array, leaf))
            raise ValueError(f"`{key}` of `{name}` is {given}, training needs {needed}")
    if strange := [key for key in entries if key not in wanted]:
        raise ValueError(f"`{name}` has `{strange[0]}`, which training does not need")
    return jax.tree_util.tree_unflatten(structure, [entries[key] for key in wanted])


def snapshot(task: PreparedTask, state: TrainState, epoch: int, step: int) -> Snapshot:
    """The current weights and state without per-row state, copied to the host."""
    params, model_state = on_host((state.weights, without_per_row_entries(task, state.state)))
    rolls = task.rolls
    return Snapshot(epoch, step, to_named(rolls, params), to_named(rolls, model_state))
