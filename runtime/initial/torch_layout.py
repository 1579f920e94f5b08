"""Weights as PyTorch saves them, `layer1.0.conv1.weight`, under the names and in the layouts of the layers that they are taken for.

Which arrays a module has, and what they mean, is said by the pages of its class in PyTorch's documentation; the axes are channels first.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from modelc.compiler.graph.graph import Graph
from modelc.compiler.library.contracts.layer import Layer
from modelc.compiler.library.layers.convolutional.conv import Conv
from modelc.compiler.library.layers.convolutional.depthwise_conv import DepthwiseConv
from modelc.compiler.library.layers.core.dense import Dense
from modelc.compiler.library.layers.core.embedding import Embedding
from modelc.compiler.library.layers.normalization.base import Affine
from modelc.compiler.library.layers.normalization.layer_norm import RMSNorm
from modelc.compiler.library.layers.recurrent.gru import GRU
from modelc.compiler.library.layers.recurrent.lstm import LSTM
from modelc.runtime.data.arrays import Array
from modelc.runtime.initial.sources import Opened
from modelc.runtime.initial.taking import path_here

Module = Mapping[str, Array]
"""The arrays of one module by the last part of their names."""
UNUSED = ("num_batches_tracked",)
"""What modules save that no computation needs: a fixed momentum does not count batches."""


def converted(source: Opened, graph: Graph) -> Opened:
    """`source` with the arrays of each module that is taken for a layer of `graph` as that layer has them. Others keep their names, and
    so do those of layers whose counterpart is written otherwise.
    """
    modules: dict[str, dict[str, Array]] = {}
    for name, array in source.arrays.items():
        path, _, leaf = name.rpartition("/")
        if leaf not in UNUSED:
            modules.setdefault(path, {})[leaf] = array
    found: dict[str, Array] = {}
    for path, module in modules.items():
        here = path_here(source, path)
        node = None if here is None else graph.node(here)
        arrays = module if node is None or node.layer is None else arrays_for(node.layer, module)
        found.update({f"{path}/{name}" if path else name: array for name, array in arrays.items()})
    return replace(source, arrays=found)


def arrays_for(layer: Layer, module: Module) -> Module:
    """The arrays of a module under the names that `layer` has for them; those that it has no counterpart of as they are."""
    convert = next((convert for kind, convert in CONVERTERS if isinstance(layer, kind)), None)
    try:
        return module if convert is None else convert(layer, module)
    except (KeyError, ValueError):
        # Of another module than this layer stands for: the names or shapes that it has are said as they are.
        return module


def renamed(names: Mapping[str, str], module: Module) -> Module:
    return {names.get(name, name): array for name, array in module.items()}


def dense(layer: Layer, module: Module) -> Module:
    """`nn.Linear`: `weight` is `[units, features]`."""
    return renamed({"weight": "kernel"}, {**module, "weight": transposed(module["weight"], (1, 0))})


def convolution(layer: Layer, module: Module) -> Module:
    """`nn.Conv2d` and the like: `weight` is `[filters, channels / groups, *kernel_size]`."""
    kernel = module["weight"]
    return renamed({"weight": "kernel"}, {**module, "weight": transposed(kernel, (*range(2, kernel.ndim), 1, 0))})


def depthwise(layer: Layer, module: Module) -> Module:
    """`nn.Conv2d` with as many groups as channels: `weight` is `[channels * multiplier, 1, *kernel_size]`."""
    assert isinstance(layer, DepthwiseConv)
    kernel = module["weight"]
    by_channel = kernel.reshape(-1, layer.depth_multiplier, *kernel.shape[2:])
    return renamed({"weight": "kernel"}, {**module, "weight": transposed(by_channel, (*range(2, kernel.ndim), 0, 1))})


def embedding(layer: Layer, module: Module) -> Module:
    """`nn.Embedding`."""
    return renamed({"weight": "embeddings"}, module)


def normalization(layer: Layer, module: Module) -> Module:
    """`nn.BatchNorm2d`, `nn.LayerNorm`, `nn.GroupNorm` and the like."""
    names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    return renamed(names, module)


def root_mean_square(layer: Layer, module: Module) -> Module:
    """`nn.RMSNorm`."""
    return renamed({"weight": "scale"}, module)


def lstm(layer: Layer, module: Module) -> Module:
    """`nn.LSTM` of one layer and direction: gates in the order i, f, g, o, which is that of here, and two biases that are added."""
    kernels = {"kernel": module["weight_ih_l0"].T.copy(), "recurrent_kernel": module["weight_hh_l0"].T.copy()}
    rest = {name: array for name, array in module.items() if name not in RECURRENT}
    if "bias_ih_l0" in module:
        kernels["bias"] = module["bias_ih_l0"] + module["bias_hh_l0"]
    return {**kernels, **rest}


def gru(layer: Layer, module: Module) -> Module:
    """`nn.GRU` of one layer and direction: gates in the order r, z, n, here z, r, n."""
    inner, recurrent = (z_first(module[name]) for name in ("weight_ih_l0", "weight_hh_l0"))
    kernels = {"kernel": inner.T.copy(), "recurrent_kernel": recurrent.T.copy()}
    rest = {name: array for name, array in module.items() if name not in RECURRENT}
    if "bias_ih_l0" in module:
        kernels["bias"] = np.stack([z_first(module["bias_ih_l0"]), z_first(module["bias_hh_l0"])])
    return {**kernels, **rest}


RECURRENT = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def z_first(array: Array) -> Array:
    """An array whose first axis has the gates r, z, n, with z before r."""
    reset, update, new = np.split(array, 3)
    return np.concatenate([update, reset, new])


def transposed(array: Array, axes: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(array.transpose(axes))


CONVERTERS: tuple[tuple[type[Layer], Callable[[Layer, Module], Module]], ...] = (
    (Dense, dense),
    (Conv, convolution),
    (DepthwiseConv, depthwise),
    (Embedding, embedding),
    (RMSNorm, root_mean_square),
    (Affine, normalization),
    (LSTM, lstm),
    (GRU, gru),
)
"""What makes the arrays of a layer of the arrays of its counterpart."""
