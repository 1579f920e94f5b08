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

from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.library.initializers.constant import Zeros
from modelc.runtime.training.parallelism import Parallelism, sizes_of
from modelc.runtime.training.weight_axes import axes_of

ROOT = Path(__file__).parent.parent.parent.parent
ONE, STILL, PERMUTED = "1,1,none", "1,1,still", "1,1,permuted"
MESHES = ("8,1,none", "4,2,none", "8,1,optimizer", "8,1,params", "4,2,params")
FEW = {"mnist_mlp": ("4,2,none",), "cnn_residual": ("8,1,optimizer",), "gpt": ("8,1,params",), "lstm_classifier": ()}
"""What the suite tries of each kind; `--mesh-steps 50` tries all."""
NEAR = 1e-5


SMALL = {"image": 1e-5, "series": 1e-5, "weighted": 1e-5}
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


def need_collectives(mesh: str, found: Any) -> None:
    """What devices tell each other in a step: sums over all rows, and the weights that are spread along them, once each."""
    _, model, shard = mesh.split(",")
    kinds = Counter(what for what, _ in found["collectives"])
    gathered = Counter(
        tuple(sorted(map(int, shape.split(","))))
        for what, types in found["collectives"]
        if what == "all-gather"
        for shape in re.findall(r"f32\[([0-9,]+)\]", types)
    )
    assert kinds["all-reduce"] > 0
    if (model, shard) == ("1", "none"):
        assert set(kinds) == {"all-reduce"}
    weights = found["weights"].values()
    for one in weights:
        whole, used, spread = (tuple(sorted(one[name])) for name in ("whole", "used", "spread"))
        stack = [] if shard == "params" else one["stack"]
        if prod(whole) >= 256 and used != whole:
            # One that the model axis divides is never there as a whole.
            assert not gathered[whole], (mesh, one)
        if shard != "none" and prod(spread) < prod(used):
            # In a loop over copies, each copy is gathered in its turn.
            alike = [
                other
                for other in weights
                if sorted(other["used"]) == list(used)
                and other["spread"] != other["used"]
                and (shard == "params" or other["stack"] == one["stack"])
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


@pytest.mark.parametrize("text", ["", "data", "data=0", "data=x", "row=2", "data=2,data=2", "data=2,", "data=-1"])
def test_what_is_no_mesh_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="axis"):
        sizes_of(text)


def test_a_mesh_is_read_as_it_is_written() -> None:
    parallelism = Parallelism(4, 2, "params")
    assert sizes_of(" model=2 , data=4") == {"model": 2, "data": 4}
    assert Parallelism.from_record(parallelism.mesh, parallelism.shard) == parallelism
