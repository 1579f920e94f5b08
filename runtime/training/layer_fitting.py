"""Fits layers before the first step: puts their state into the training state, times it and informs the observer."""

import time

from modelc.compiler.library.layers import LAYERS
from modelc.compiler.lowering.layer_fitting import fit_layers
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Part
from modelc.runtime.training.observer import Fitted, Observer
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.step import TrainState


def learn(task: PreparedTask, part: Part, state: TrainState, placement: Placement, observer: Observer) -> TrainState:
    """`state` after fitting the layers of `task` to the rows of `part`, but for those whose state is taken from elsewhere;
    `observer` is informed of each.

    Raises RunError E403 if a layer cannot be fitted to them.
    """
    fitted = dict(state.state)
    begun = time.perf_counter()
    initial = None if task.training is None else task.training.initial
    for node, entries in fit_layers(task, part.inputs, {} if initial is None else initial.state):
        assert node.layer is not None
        fitted[node.path] = {**fitted[node.path], **placement.put(dict(entries), placement.everywhere)}
        ended = time.perf_counter()
        observer.fitted(Fitted(node.path, LAYERS.name_of(node.layer), part.rows, ended - begun))
        begun = ended
    return state._replace(state=fitted)
