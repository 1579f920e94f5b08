"""Training on a mesh of 8 simulated devices: the losses of one device, the collectives that the rules imply, and no others."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.api import check
from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.library.contracts.mesh_axes import RULES
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism, sizes_of
from modelc.runtime.training.weight_axes import axes_of, rules_shown

ROOT = Path(__file__).parent.parent.parent.parent
ONE, STILL, PERMUTED = "1,1,none", "1,1,still", "1,1,permuted"
RULED, KEPT = "4,2,none,mlp=none,embed=model", "8,1,none,embed=data"
MESHES = ("8,1,none", "4,2,none", "8,1,optimizer", "8,1,params", "4,2,params", RULED, KEPT)
FEW = {
    "mnist_mlp": ("4,2,none", RULED, KEPT),
    "cnn_residual": ("8,1,optimizer", RULED),
    "gpt": ("8,1,params",),
    "lstm_classifier": (),
}
"""What the suite tries of each kind; `--mesh-steps 50` tries all."""
KERNEL = {
    "4,2,none": {"used": [784, 128], "kept": [784, 128], "moments": [784, 128]},
    RULED: {"used": [392, 256], "kept": [392, 256], "moments": [392, 256]},
    KEPT: {"used": [784, 256], "kept": [98, 256], "moments": [98, 256]},
}
"""The shapes of the first kernel of `mnist_mlp` on one device: where it is computed with, between two steps, and of moments."""
NEAR = 1e-5

SMALL = {"image": 1e-5, "series": 1e-5, "weighted": 1e-5, "hidden": 1e-5, "phased": 1e-5}
ALL = SMALL | {"dense": 1e-5, "blocks": 1e-5, "early": 1e-5, "rounded": 1e-3}
"""How far figures of small trainings are apart at most; `rounded` has values of eight bits."""


def printed(module: str, *arguments: str) -> Any:
    """What a script prints that has its own number of devices."""
    command = [sys.executable, "-m", f"tests.runtime.{module}", *arguments]
    ended = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)


def distance(losses: list[float], others: list[float]) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(losses, others, strict=True))


@pytest.mark.parametrize("kind", FEW)
def test_losses_are_those_of_one_device_and_collectives_those_of_the_rules(
    kind: str, pytestconfig: pytest.Config
) -> None:
    steps = pytestconfig.getoption("--mesh-steps")
    meshes = MESHES if steps else FEW[kind]
    if not meshes:
        pytest.skip("only with --mesh-steps")
    found = printed("spread", str(steps or 3), kind, ONE, *meshes, *((STILL, PERMUTED) if steps else ()))
    if steps:
        print(kind, "one device, permuted", distance(found[PERMUTED]["losses"], found[STILL]["losses"]))
    for mesh in meshes:
        far = distance(found[mesh]["losses"], found[ONE]["losses"])
        print(kind, mesh, far)
        assert far < NEAR, (mesh, far)
        need_collectives(mesh, found[mesh])
    if kind == "mnist_mlp":
        lies = {mesh: {way: found[mesh]["weights"]["dense/kernel"][way] for way in KERNEL[mesh]} for mesh in KERNEL}
        assert lies == KERNEL


def need_collectives(mesh: str, found: Any) -> None:
    """What devices tell each other in a step: sums over all rows, and the weights that are spread along them, once each."""
    _, model, *_ = mesh.split(",")
    weights = found["weights"].values()
    kinds = Counter(what for what, _ in found["collectives"])
    gathered = Counter(
        tuple(sorted(map(int, shape.split(","))))
        for what, types in found["collectives"]
        if what == "all-gather"
        for shape in re.findall(r"f32\[([0-9,]+)\]", types)
    )
    assert kinds["all-reduce"] > 0
    if model == "1" and all(one["used"] == one["kept"] == one["moments"] for one in weights):
        assert set(kinds) == {"all-reduce"}
    for one in weights:
        whole, used, spread = (tuple(sorted(one[name])) for name in ("whole", "used", "moments"))
        # Where weights are kept so, each copy in a loop is gathered in its turn.
        is_kept = one["kept"] != one["used"]
        stack = [] if is_kept else one["stack"]
        if prod(whole) >= 256 and used != whole:
            # One that the model axis divides is never there as a whole.
            assert not gathered[whole], (mesh, one)
        if prod(spread) < prod(used):
            alike = [
                other
                for other in weights
                if sorted(other["used"]) == list(used)
                and other["moments"] != other["used"]
                and (is_kept or other["stack"] == one["stack"])
            ]
            expected = tuple(sorted((*used, *stack)))
            ones = gathered[expected] + gathered[tuple(sorted((1, *used)))]
            assert ones >= len(alike), (mesh, one, gathered)
            if prod(used) >= 256 and model == "1":
                assert ones == len(alike), (mesh, one, gathered)


def test_statistics_masks_and_chance_are_of_the_whole_batch_and_checkpoints_do_not_know_the_mesh(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    kinds = ALL if pytestconfig.getoption("--mesh-steps") else SMALL
    for kind, found in printed("resharded", str(tmp_path), *kinds).items():
        (_, one), *others = found["figures"].items()
        for mesh, figures in others:
            for values, wanted in zip(figures, one, strict=True):
                assert values == {key: pytest.approx(wanted[key], rel=kinds[kind]) for key in values}, (kind, mesh)
        assert len(found["digests"]) == 6 and len(set(found["digests"])) == 1, kind


def weight(*axes: tuple[str | None, int]) -> Weight:
    return Weight(tuple(size for _, size in axes), Zeros(), tuple(name for name, _ in axes))


@pytest.mark.parametrize(
    ("given", "parallelism", "used", "sharded"),
    [
        # The longest axis that can be divided is spread along the rows, rather one that lies along no other axis.
        ([("embed", 12), ("mlp", 8)], Parallelism(4, 2), ((), ("model",)), (("data",), ("model",))),
        ([("embed", 7), ("mlp", 8)], Parallelism(4, 2), ((), ("model",)), ((), ("model", "data"))),
        ([("embed", 7), ("mlp", 7)], Parallelism(4, 2), ((), ()), ((), ())),
        ([("embed", 8), ("heads", 3), (None, 16)], Parallelism(2, 2), ((), (), ()), ((), (), ("data",))),
        ([("vocab", 10), ("embed", 4)], Parallelism(2, 5), (("model",), ()), (("model",), ("data",))),
        # No axis of the mesh is used twice.
        ([("mlp", 4), ("heads", 4)], Parallelism(1, 2), (("model",), ()), (("model",), ("data",))),
    ],
)
def test_axes_of_weights_follow_from_their_names_and_sizes(
    given: list[tuple[str | None, int]], parallelism: Parallelism, used: Any, sharded: Any
) -> None:
    found = axes_of(weight(*given), parallelism, stacked=False)
    assert (found.used, found.sharded) == (used, sharded)


@pytest.mark.parametrize(
    ("given", "rules", "parallelism", "used", "kept", "moments"),
    [
        ([("embed", 12), ("mlp", 8)], {"mlp": "none"}, Parallelism(4, 2), ((), ()), ((), ()), ((), ())),
        # What a rule says of `data` holds whatever is sharded, for another axis than the longest too.
        (
            [("embed", 12), ("mlp", 8)],
            {"mlp": "data"},
            Parallelism(4, 2),
            ((), ()),
            ((), ("data",)),
            ((), ("data",)),
        ),
        (
            [("embed", 12), ("mlp", 8)],
            {"embed": "data"},
            Parallelism(4, 2, "optimizer"),
            ((), ("model",)),
            (("data",), ("model",)),
            (("data",), ("model",)),
        ),
        ([("embed", 7), ("mlp", 8)], {"embed": "data"}, Parallelism(4, 2), ((), ("model",)), ((), ("model",)), None),
        (
            [("embed", 7), ("mlp", 8)],
            {"embed": "data"},
            Parallelism(4, 1, "optimizer"),
            ((), ("model",)),
            ((), ("model",)),
            ((), ("model", "data")),
        ),
        ([("state", 8), (None, 8)], {"state": "model"}, Parallelism(1, 2), (("model",), ()), (("model",), ()), None),
        ([("mlp", 8)], {}, Parallelism(4, 1, "params"), (("model",),), (("model", "data"),), None),
    ],
)
def test_rules_of_a_spec_say_where_axes_lie(
    given: list[tuple[str | None, int]],
    rules: dict[str, str],
    parallelism: Parallelism,
    used: Any,
    kept: Any,
    moments: Any,
) -> None:
    found = axes_of(weight(*given), parallelism, {**RULES, **rules}, stacked=False)
    assert (found.used, found.kept(parallelism.shard)) == (used, kept)
    assert found.moments(parallelism.shard) == (kept if moments is None else moments)


@pytest.mark.parametrize(
    ("axes", "parallelism", "shown"),
    [
        ("{}", Parallelism(4, 2), ""),
        ("{mlp: model, embed: none}", Parallelism(4, 2), ""),
        ("{mlp: none, embed: data}", Parallelism(4, 1), "embed along data, mlp whole"),
        (
            "{mlp: data, heads: none, embed: model}",
            Parallelism(4, 1),
            "embed whole (the mesh has one device along model), heads (no weight has it), mlp along data",
        ),
        ("{mlp: none, embed: data}", ONE_DEVICE, "embed whole (the mesh has one device along data), mlp whole"),
    ],
)
def test_what_became_of_each_rule_is_said(axes: str, parallelism: Parallelism, shown: str) -> None:
    spec = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [4]}}}}, axes: {axes}, layers: [dense: 8, relu, dense: 1]}}"
    task = check(spec, "spec.yaml").task
    assert task is not None and rules_shown(prepare(task), parallelism) == shown


@pytest.mark.parametrize("text", ["", "data", "data=0", "data=x", "row=2", "data=2,data=2", "data=2,", "data=-1"])
def test_what_is_no_mesh_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="axis"):
        sizes_of(text)


def test_a_mesh_is_read_as_it_is_written() -> None:
    parallelism = Parallelism(4, 2, "params")
    assert sizes_of(" model=2 , data=4") == {"model": 2, "data": 4}
    assert Parallelism.from_record(parallelism.mesh, parallelism.shard) == parallelism
