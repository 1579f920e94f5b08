"""Losses and compiled programs of shipped specs on several simulated devices, as JSON; a process of its own, as jax asks for
their number when it starts:

    python -m tests.runtime.spread STEPS KIND MESH...

A mesh is DATA,MODEL,SHARD, and then AXIS=ALONG for each of `model.axes`; instead of what is sharded, `still` leaves out what
depends on places in a batch, and `permuted` also changes the order of the rows in each.
"""

import json
import os
import sys

DEVICES = 8
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={DEVICES}"

import re
from pathlib import Path
from typing import Any

import jax
import numpy as np

from modelc.compiler.api import check_file
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.runtime.data.dataset import Part
from modelc.runtime.training.feeding import on_device
from modelc.runtime.training.parallelism import Parallelism, Shard
from modelc.runtime.training.step import Data, Steps, make

SPECS = Path(__file__).parent.parent.parent / "specs"
SMALL = ("vocabulary=64", "length=16", "width=32", "depth=8", "heads=4")
SETTINGS: dict[str, list[str]] = {
    "mnist_mlp": ["train.batch_size=32"],
    "cnn_residual": ["train.batch_size=32", "train.optimizer={adam: 0.003}"],
    "gpt": [*(f"vars.{one}" for one in SMALL), "train.batch_size=16", "train.optimizer={adamw: 0.001}"],
    "lstm_classifier": ["train.batch_size=32"],
}
"""What makes the specs small, and their steps independent of how many there are."""
STILL = {
    "mnist_mlp": [],
    "cnn_residual": ["model.nodes.digit.layers.3.dropout=0.0"],
    "gpt": ["vars.dropout=0.0"],
    "lstm_classifier": ["model.layers.3.dropout=0.0"],
}
"""What leaves out all that depends on the place of a row in its batch."""
COLLECTIVE = re.compile(r"= (\S.*?) (all-reduce|reduce-scatter|all-gather|all-to-all|collective-permute)(?:-start)?\(")


def task_of(kind: str, *settings: str) -> PreparedTask:
    checked = check_file(SPECS / f"{kind}.yaml", settings=[*SETTINGS[kind], *settings])
    assert checked.task is not None and not checked.errors
    return prepare(checked.task)


def part_of(kind: str, rows: int) -> Part:
    """Made rows for a kind; the labels follow from the inputs."""
    generator = np.random.default_rng(0)
    if kind == "gpt":
        text = generator.integers(0, 64, (rows, 17), dtype=np.int32)
        return Part({"text": text[:, :-1]}, {"next": text[:, 1:]}, rows)
    if kind == "lstm_classifier":
        length = generator.integers(2, 65, rows)
        tokens = np.where(np.arange(64) < length[:, None], generator.integers(10, 5000, (rows, 64)), 0)
        label = tokens[:, 0] % 2
        return Part({"tokens": tokens.astype(np.int32)}, {"good": label.astype(np.float32)[:, None]}, rows)
    size = 28 if kind == "mnist_mlp" else 8
    image = generator.random((rows, size, size)).astype(np.float32)
    return Part({"image": image}, {"digit": (image[:, 0, 0] * 10).astype(np.int32)}, rows)


def losses(steps: Steps, data: Data, indices: Any) -> list[float]:
    """The loss of each step."""
    state, found = steps.first(), []
    count, batch = indices.shape
    valid = np.full(count, batch, np.int32)
    for index in range(count):
        zero = steps.zero(data, batch, 1)
        place = np.int32(index), np.int32(1)
        state, sums = steps.chunk(state, zero, data, indices, valid, *place)
        (term,) = (parts for key, parts in jax.device_get(sums).items() if key.endswith("/loss"))
        found.append(float(term["total"] / term["count"]))
    return found


def collectives(steps: Steps, data: Data, indices: Any) -> list[tuple[str, str]]:
    """The collectives of the compiled training step, each with the type of its result on one device."""
    valid, zero = np.full(len(indices), indices.shape[1], np.int32), steps.zero(data, indices.shape[1], 1)
    lowered = steps.single.lower(steps.first(), zero, data, indices, valid, np.int32(0))  # type: ignore[attr-defined]  # jitted
    return [(what, types) for types, what in COLLECTIVE.findall(lowered.compile().as_text())]


def shapes(steps: Steps) -> dict[str, dict[str, list[int]]]:
    """The shapes of each weight, of one copy if it is of a rolled repeat: whole, and on one device where a node computes with
    it, between two steps, and of what an optimizer keeps of it.
    """
    found = {}
    params, placement = jax.eval_shape(steps.first).params, steps.placement
    for path, named in placement.weights.items():
        for name, axes in named.items():
            whole = params[path][name].shape[axes.stacked :]
            shard = placement.parallelism.shard
            ways = {"used": axes.used, "kept": axes.kept(shard), "moments": axes.moments(shard)}
            shown = {way: placement.of_axes(one).shard_shape(whole) for way, one in ways.items()}
            found[f"{path}/{name}"] = {"whole": whole, **shown, "stack": params[path][name].shape[: axes.stacked]}
    return found


def main(steps: int, kind: str, meshes: list[str]) -> dict[str, Any]:
    batch = 16 if kind == "gpt" else 32
    part = part_of(kind, steps * batch)
    order = np.arange(part.rows, dtype=np.int32).reshape(steps, batch)
    found: dict[str, Any] = {}
    for mesh in meshes:
        data_axis, model_axis, shard, *rules = mesh.split(",")
        settings = [f"model.axes.{rule}" for rule in rules]
        indices = order
        if shard in ("still", "permuted"):
            settings = STILL[kind]
        if shard == "permuted":
            indices = order[:, np.random.default_rng(1).permutation(batch)]
        parallelism = Parallelism(int(data_axis), int(model_axis), shard_of(shard))
        made = make(task_of(kind, *settings), steps, parallelism)
        data = on_device(part, made.placement)
        rows = made.placement.put(indices, made.placement.batches)
        found[mesh] = {
            "losses": losses(made, data, rows),
            "collectives": collectives(made, data, rows) if parallelism.devices > 1 else [],
            "weights": shapes(made),
        }
    return found


def shard_of(word: str) -> Shard:
    return word if word in ("optimizer", "params") else "none"  # type: ignore[return-value]  # one of its words


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])))
