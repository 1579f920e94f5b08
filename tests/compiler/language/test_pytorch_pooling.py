"""PyTorch's `padding`, `ceil_mode` and `count_include_pad` of pooling: what a help says to write computes what PyTorch does."""

import math
import re
from typing import Any

import numpy as np
import pytest

import modelc
from modelc.compiler.api import check
from modelc.compiler.library.base.lazy import jax, jnp

SPEC = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [{}, 2]}}}}, layers: [{}]}}\n"
RANDOM = np.random.default_rng(0)


def pooled(x: np.ndarray, kind: str, size: int, stride: int, pad: int, is_ceil: bool, counts: bool) -> np.ndarray:
    """`torch.nn.MaxPool1d` and `AvgPool1d` along the first axis, as its documentation defines them."""
    whole = len(x)
    count = (math.ceil if is_ceil else math.floor)((whole + 2 * pad - size) / stride) + 1
    if is_ceil and (count - 1) * stride >= whole + pad:
        count -= 1
    windows = []
    for index in range(count):
        begin = index * stride - pad
        end = min(begin + size, whole + pad)
        inside = x[max(begin, 0) : min(end, whole)]
        windows.append(inside.max(0) if kind == "max" else inside.sum(0) / ((end - begin) if counts else len(inside)))
    return np.stack(windows)


def written_by(help: str) -> str:
    """The layers in the first backticks of a help, and in the second where it says two."""
    found = re.findall(r"`([^`]+)`", help)
    return ", ".join(found[:2]) if "two layers" in help else found[0]


@pytest.mark.parametrize("whole", [9, 12])
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("max", {"pool_size": 3, "strides": 2, "padding": 1}),
        ("max", {"pool_size": 3, "strides": 1, "padding": 1}),
        ("max", {"pool_size": 5, "strides": 1, "padding": 1}),
        ("max", {"pool_size": 2, "ceil_mode": True}),
        ("max", {"pool_size": 2, "strides": 1, "ceil_mode": True}),
        ("max", {"pool_size": 4, "padding": 2}),
        ("max", {"pool_size": 2, "padding": 0, "ceil_mode": False}),
        ("avg", {"pool_size": 3, "strides": 2, "padding": 1}),
        ("avg", {"pool_size": 3, "strides": 1, "padding": 1}),
        ("avg", {"pool_size": 3, "strides": 1, "padding": 1, "count_include_pad": False}),
        ("avg", {"pool_size": 2, "ceil_mode": True}),
        ("avg", {"pool_size": 4, "count_include_pad": True}),
    ],
)
def test_what_is_written_computes_the_same(kind: str, arguments: dict[str, Any], whole: int) -> None:
    text = f"{kind}_pool1d: {{{', '.join(f'{key}: {str(value).lower()}' for key, value in arguments.items())}}}"
    helps = {help for problem in check(SPEC.format(whole, text), "spec.yaml").errors for help in problem.helps}
    # One text for all of them, so that none drops what another says.
    (help,) = helps
    assert help.startswith("write ")
    x = RANDOM.uniform(0, 1, (whole, 2)).astype(np.float32)
    document = check(SPEC.format(whole, written_by(help)), "spec.yaml")
    assert document.task is not None and not document.problems
    model = modelc.compile(document.task)
    outputs, _ = model.apply(*model.init(jax.random.key(0)), {"x": jnp.asarray(x[None])})
    (found,) = outputs.values()
    size = arguments["pool_size"]
    wanted = pooled(x, kind, size, arguments.get("strides", size), arguments.get("padding", 0),
                    arguments.get("ceil_mode", False), arguments.get("count_include_pad", True))  # fmt: skip
    np.testing.assert_allclose(np.asarray(found)[0], wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "help"),
    [
        ("max_pool2d: {kernel_size: 3, stride: 2, padding: 1, ceil_mode: true}",
         ("write two layers, `zero_padding2d: [[1, 2], [1, 2]]` and `max_pool2d: {pool_size: 3, strides: 2}`; with values of at "
         "least 0, as behind `relu`, the result is the same")),
        ("max_pool3d: {pool_size: 2, padding: [1, 0, 1]}",
         ("write two layers, `zero_padding3d: [1, 0, 1]` and `max_pool3d: 2`; with values of at least 0, as behind `relu`, the "
         "result is the same")),
        ("avg_pool2d: {pool_size: 3, strides: 2, padding: 1, count_include_pad: false}",
         "`avg_pool2d: {pool_size: 3, strides: 2, padding: same}` is near: it counts no padding, and pads both edges alike"),
        ("conv2d_transpose: {filters: 3, kernel_size: 4, strides: 2, padding: 1}",
         "put the layer `cropping2d: 1` behind it: padding of a transposed convolution cuts off so much"),
    ],
)  # fmt: skip
def test_all_that_is_said_of_the_edges_is_in_each_help(layer: str, help: str) -> None:
    shape = "[9, 9, 9, 2]" if "3d" in layer else "[9, 9, 2]"
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: {shape}}}}}, layers: [{layer}]}}\n"
    helps = {help for problem in check(text, "spec.yaml").errors for help in problem.helps if "did you" not in help}
    assert helps == {help}


def test_in_a_node_both_layers_stand_in_a_list() -> None:
    text = """\
modelc: 1
model:
  inputs: {x: {shape: [9, 9, 2]}}
  nodes: {p: {from: x, max_pool2d: {pool_size: 3, strides: 2, padding: 1}}}
  outputs: [p]
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps[0].startswith("write `layers: [zero_padding2d: 1, max_pool2d: {pool_size: 3, strides: 2}]`")
