"""The baselines of a run: its record has their scores by the rows that these are of, and `baselines.json` what was fitted, for others."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.runtime.baselines.baseline import Baseline, Fitted
from modelc.runtime.baselines.features import Features
from modelc.runtime.baselines.linear_models import Linear
from modelc.runtime.baselines.models import Model
from modelc.runtime.baselines.trained import Trained
from modelc.runtime.data.arrays import Array
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_files import MOST, damaged
from modelc.runtime.runs.run_layout import BASELINES
from modelc.runtime.runs.run_record import KeptBaseline
from modelc.runtime.runs.sealed_json import Sealed, read_sealed
from modelc.runtime.runs.unsound import UnsoundError

FORMAT = 1
"""The version of the layout of the file."""
MOST_NUMBERS = 2**20
"""Of so many numbers at most it is made: the mean of targets that are images has one for each of their values."""


def keep_baselines(recorder: Recorder, trained: Trained) -> None:
    """Let a run that has ended keep the baselines of its training. Raises RunError E604."""
    models = None if trained.fitted is None else models_json(trained.fitted)
    recorder.keep_baselines(as_kept(trained.scores), models)


def as_kept(found: Mapping[str, Sequence[Baseline]]) -> dict[str, list[KeptBaseline]]:
    """Baselines as a record has them."""
    return {
        key: [KeptBaseline(name=one.name, values=dict(one.values), rows=one.rows) for one in scored]
        for key, scored in found.items()
    }


def kept_baselines(run: Run, split: str) -> list[Baseline] | None:
    """The baselines of `run` on the rows of `split`; None where it has not kept any."""
    kept = run.record.baselines.get(split)
    return None if kept is None else [Baseline(one.name, one.values, one.rows) for one in kept]


class KeptModel(Sealed):
    """One baseline of one output: the `constant` for all rows, or the `weights` of each feature with the `intercept`, one for each
    value of the output, whose `shape` is that of a row.
    """

    shape: list[int]
    constant: list[float] | None = None
    weights: list[list[float]] | None = None
    intercept: list[float] | None = None


class KeptModels(Sealed):
    """What `Fitted` has: the models by their name and the output, how many rows each was fitted to, and which features they take."""

    format: int
    training: int
    rows: dict[str, int]
    models: dict[str, dict[str, KeptModel]]
    ids: dict[str, list[int]]
    mean: list[float] | None
    scale: list[float] | None


def models_json(fitted: Fitted) -> bytes | None:
    """What the file says; None where it would be too long, or has numbers that are none."""
    features = fitted.features or Features({}, 0)
    parts = [part for models in fitted.models.values() for model in models.values() for part in parts_of(model)]
    if sum(part.size for part in parts) > MOST_NUMBERS:
        return None
    scales = [one for one in (features.mean, features.scale) if one is not None]
    if not all(np.isfinite(one).all() for one in (*scales, *parts)):
        return None
    found = KeptModels(
        format=FORMAT,
        training=fitted.training,
        rows=dict(fitted.rows),
        models={
            name: {output: kept_model(model) for output, model in models.items()}
            for name, models in fitted.models.items()
        },
        ids={name: ids.tolist() for name, ids in features.ids.items()},
        mean=None if features.mean is None else features.mean.tolist(),
        scale=None if features.scale is None else features.scale.tolist(),
    )
    return json_text(found.model_dump(), indent=None).encode() + b"\n"


def parts_of(model: Model) -> tuple[Array, ...]:
    """The arrays of a model."""
    if isinstance(model.value, Linear):
        return model.value.weights, model.value.intercept
    return (np.asarray(model.value),)


def kept_model(model: Model) -> KeptModel:
    """A model as the file has it."""
    shape = list(model.shape)
    if isinstance(model.value, Linear):
        return KeptModel(shape=shape, weights=model.value.weights.tolist(), intercept=model.value.intercept.tolist())
    return KeptModel(shape=shape, constant=np.asarray(model.value, np.float64).ravel().tolist())


def kept_models(run: Run, task: Task) -> Fitted | None:
    """The baselines that were fitted in training; None for a run that has kept none. Raises RunError E602."""
    if BASELINES not in run.record.files:
        return None
    try:
        return fitted_of(read_sealed(run.kept(BASELINES, MOST), KeptModels, (FORMAT,), (FORMAT,)), task)
    except UnsoundError as error:
        raise damaged(run.folder / BASELINES, str(error), error.helps) from None


def fitted_of(kept: KeptModels, task: Task) -> Fitted:
    """The baselines of the outputs of `task`. Raises UnsoundError where they are of another one."""
    ids = {name: np.asarray(numbers, np.int64) for name, numbers in kept.ids.items()}
    sizes = {name: prod(one.wanted.shape) for name, one in (task.inputs or {}).items() if one.wanted is not None}
    count = sum({**sizes, **{name: len(numbers) for name, numbers in ids.items()}}.values())
    features = None
    if kept.mean is not None and kept.scale is not None:
        features = Features(ids, count, np.asarray(kept.mean), np.asarray(kept.scale))
    models = {
        name: {output: model_of(one, task, output, count) for output, one in outputs.items()}
        for name, outputs in kept.models.items()
    }
    is_linear = any(not model.is_constant for outputs in models.values() for model in outputs.values())
    widths = {len(kept.mean or ()), len(kept.scale or ())}
    if {*kept.rows} != {*models} or not {*ids} <= {*sizes} or (is_linear and (features is None or widths != {count})):
        raise UnsoundError("is of another model")
    return Fitted(models, kept.rows, features, kept.training)


def model_of(kept: KeptModel, task: Task, output: str, features: int) -> Model:
    """The model of an output. Raises UnsoundError where it is of another one."""
    shape = tuple(kept.shape)
    if output not in task.outputs or task.outputs[output].type.shape != shape:
        raise UnsoundError("is of another model")
    if kept.constant is not None and len(kept.constant) == prod(shape):
        return Model(shape, np.reshape(kept.constant, shape))
    if kept.weights is None or kept.intercept is None or len(kept.intercept) != prod(shape):
        raise UnsoundError("is damaged")
    if len(kept.weights) != features or {len(row) for row in kept.weights} != {prod(shape)}:
        raise UnsoundError("is damaged")
    return Model(shape, Linear(np.asarray(kept.weights), np.asarray(kept.intercept)))
