"""Weights in the layout of PyTorch, against the formulas on the pages of its modules (https://docs.pytorch.org/docs/stable/nn.html)."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from safetensors.numpy import save_file

import modelc
from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import spec_root
from modelc.runtime.initial.begun import begun
from modelc.runtime.training.row_state import merge_trees

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: SHAPE, dtype: DTYPE}}
  nodes: {stem: {from: x, LAYER}, y: {from: stem, layers: [flatten, dense: 1]}}
  outputs: [stem, y]
data: {source: {npz: none.npz}, inputs: {x: {array: x}}, targets: {y: {array: y}}}
train:
  losses: {y: mean_squared_error, stem: none}
  optimizer: adam
  epochs: 1
  initial_weights: {file: w.safetensors, layout: torch, take: [{from: net/0, to: stem}]}
"""
DRAWN = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray[Any, Any]:
    return DRAWN.normal(size=shape).astype(np.float32)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def conv2d(x: Any, w: dict[str, Any], groups: int = 1) -> Any:
    windows = sliding_window_view(x, w["weight"].shape[2:], (1, 2))
    parts = zip(np.split(windows, groups, 3), np.split(w["weight"], groups), strict=True)
    return np.concatenate([np.einsum("bhwcij,ocij->bhwo", *pair) for pair in parts], -1) + w["bias"]


def lstm(x: Any, w: dict[str, Any]) -> Any:
    h = c = np.zeros((len(x), 3))
    for step in x.swapaxes(0, 1):
        z = step @ w["weight_ih_l0"].T + w["bias_ih_l0"] + h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
        i, f, g, o = np.split(z, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


def gru(x: Any, w: dict[str, Any]) -> Any:
    h = np.zeros((len(x), 3))
    for step in x.swapaxes(0, 1):
        of_x = np.split(step @ w["weight_ih_l0"].T + w["bias_ih_l0"], 3, -1)
        of_h = np.split(h @ w["weight_hh_l0"].T + w["bias_hh_l0"], 3, -1)
        r, z = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
        n = np.tanh(of_x[2] + r * of_h[2])
        h = (1 - z) * n + z * h
    return h


def gates(count: int) -> dict[str, Any]:
    rows = 3 * count
    return {
        "weight_ih_l0": draw(rows, 2), "weight_hh_l0": draw(rows, 3), "bias_ih_l0": draw(rows), "bias_hh_l0": draw(rows),
    }  # fmt: skip


STATISTICS = {"running_mean": draw(4), "running_var": draw(4) ** 2 + 0.1, "num_batches_tracked": np.array(7)}
SCALES = {"weight": draw(4), "bias": draw(4)}
KINDS: dict[str, tuple[str, tuple[int, ...], dict[str, Any], Any]] = {
    "linear": ("dense: 3", (4,), {"weight": draw(3, 4), "bias": draw(3)}, lambda x, w: x @ w["weight"].T + w["bias"]),
    "conv": ("conv2d: {filters: 6, kernel_size: [2, 3]}", (4, 5, 2), {"weight": draw(6, 2, 2, 3), "bias": draw(6)}, conv2d),
    "groups": (
        "conv2d: {filters: 6, kernel_size: 2, groups: 2}", (4, 5, 4), {"weight": draw(6, 2, 2, 2), "bias": draw(6)},
        lambda x, w: conv2d(x, w, 2),
    ),
    "depthwise": (
        "depthwise_conv2d: {kernel_size: 2, depth_multiplier: 3}", (4, 5, 2), {"weight": draw(6, 1, 2, 2), "bias": draw(6)},
        lambda x, w: conv2d(x, w, 2),
    ),
    "batch_norm": (
        "batch_norm: {epsilon: 1e-5}", (3, 4), {**SCALES, **STATISTICS},
        lambda x, w: (x - w["running_mean"]) / np.sqrt(w["running_var"] + 1e-5) * w["weight"] + w["bias"],
    ),
    "layer_norm": (
        "layer_norm: {epsilon: 1e-5}", (3, 4), SCALES,
        lambda x, w: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * w["weight"] + w["bias"],
    ),
    "embedding": (
        "embedding: {input_dim: 5, output_dim: 3}", (4,), {"weight": draw(5, 3)}, lambda x, w: w["weight"][x],
    ),
    "lstm": ("lstm: 3", (4, 2), gates(4), lstm),
    "gru": ("gru: 3", (4, 2), gates(3), gru),
}  # fmt: skip


def spec_of(folder: Path, layer: str, shape: tuple[int, ...], dtype: str = "float32") -> Path:
    path = folder / "spec.yaml"
    path.write_text(SPEC.replace("LAYER", layer).replace("SHAPE", str([*shape])).replace("DTYPE", dtype))
    return path


def taken(path: Path) -> Any:
    checked = check_file(path)
    assert checked.task is not None and not checked.errors, checked.problems
    found = begun(checked.task, spec_root(path, None)).task.training
    assert found is not None and found.initial is not None
    return found.initial


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_computes_what_the_module_did(kind: str, tmp_path: Path) -> None:
    layer, shape, arrays, formula = KINDS[kind]
    save_file({f"net.0.{name}": np.asarray(array) for name, array in arrays.items()}, tmp_path / "w.safetensors")
    path = spec_of(tmp_path, layer, shape, "int32" if kind == "embedding" else "float32")
    initial = taken(path)
    assert initial.report["sources"][0]["left"] == []
    model = modelc.compile(path)
    params, state = model.init(jax.random.key(0))
    weights = merge_trees(params, initial.params), merge_trees(state, initial.state)
    x = DRAWN.integers(0, 5, (2, *shape)).astype(np.int32) if kind == "embedding" else draw(2, *shape)
    outputs, _ = model.apply(*weights, {"x": jnp.asarray(x)})
    np.testing.assert_allclose(outputs["stem"], formula(x, arrays), rtol=1e-4, atol=1e-5)


def test_what_has_no_counterpart_is_named_as_it_is(tmp_path: Path) -> None:
    save_file({"net.0.in_proj_weight": draw(12, 4), "other.weight": draw(2, 2)}, tmp_path / "w.safetensors")
    path = spec_of(tmp_path, "self_attention: {num_heads: 2}", (3, 4))
    with pytest.raises(RunError) as raised:
        taken(path)
    assert raised.value.code == "E610"
    assert raised.value.notes == (
        "`net/0/in_proj_weight` would be `stem/in_proj_weight`, which the spec does not have",
    )


def test_names_with_dots_are_written_with_slashes(tmp_path: Path) -> None:
    save_file({"net.0.weight": draw(3, 4)}, tmp_path / "w.safetensors")
    path = spec_of(tmp_path, "dense: 3", (4,))
    path.write_text(path.read_text().replace("net/0", "net.0"))
    with pytest.raises(RunError) as raised:
        taken(path)
    assert raised.value.notes == ("`net.0` stands for no weight of `w.safetensors`: did you mean `net/0`?",)
