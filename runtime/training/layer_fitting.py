"""What layers learn before the first step: put into the state of a training, timed and told. Knows no mathematics."""

import time

import jax

from modelc.compiler.library.layers import LAYERS
from modelc.compiler.lowering.layer_fitting import fit_layers
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Part
from modelc.runtime.training.observer import Fitted, Observer
from modelc.runtime.training.step import TrainState


def learn(task: PreparedTask, part: Part, state: TrainState, observer: Observer) -> TrainState:
    """`state` with what the layers of `task` learn from the rows of `part`; `observer` is told of each.

    Raises RunError E403 where a layer cannot learn from them.
    """
    carried = dict(state.state)
    begun = time.perf_counter()
    for node, entries in fit_layers(task, part.inputs):
        assert node.layer is not None
        carried[node.path] = {**carried[node.path], **jax.device_put(dict(entries))}
        ended = time.perf_counter()
        observer.fitted(Fitted(node.path, LAYERS.name_of(node.layer), part.rows, ended - begun))
        begun = ended
    return state._replace(state=carried)
