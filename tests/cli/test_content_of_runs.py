"""What `modelc evaluate SPEC` takes for the content that a run was trained from: what the keys say, in an order where that says
something.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
vars: {scale: 2, chains: {a: [dense: 2], b: [dense: 3]}}
blocks:
  Pair: {params: {units: 2, wide: 3}, layers: [dense: $units, dense: "${wide * scale}"]}
  Difference: {use: difference.yaml}
model:
  inputs: {x: {shape: [2]}, z: {shape: [2]}}
  nodes:
    difference: {from: [x, z], Difference: }
    sides: {from: difference, parallel: {join: concatenate, branches: {left: [dense: 2], right: [dense: 3]}}}
    more: {from: sides, parallel: {join: concatenate, branches: $chains}}
    size: {from: more, layers: [Pair: {units: 4, wide: 1}, {dense: 2, name: last}]}
    other: {from: more, layers: [Pair: 5, dense: 2]}
  outputs: {size: size, other: other}
data:
  source: {npz: rows.npz}
  targets: {size: {array: y}, other: {array: y}}
  validation: 6
train:
  losses: {size: mean_squared_error, other: {mean_absolute_error: {}, weight: 0.5}}
  optimizer: {adam: {learning_rate: 0.01, beta_1: 0.8}}
  epochs: 1
"""
USED = """\
modelc: 1
model:
  inputs: {one: {shape: [2]}, two: {shape: [2]}}
  nodes: {difference: {from: [one, two], subtract: }}
  outputs: [difference]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    draws = np.random.default_rng(4)
    x, y, z = draws.normal(size=(3, 18, 2))
    np.savez(folder / "rows.npz", x=x, y=y, z=z)
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "difference.yaml").write_text(USED, encoding="utf-8")
    ended = modelc("train", "spec.yaml", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def evaluated(trained: Path, before: str, after: str) -> tuple[int, str]:
    """The exit code and the messages of `evaluate` of the spec, in which `before` is replaced by `after` meanwhile."""
    assert (SPEC + USED).count(before) == 1
    (trained / "spec.yaml").write_text(SPEC.replace(before, after), encoding="utf-8")
    (trained / "difference.yaml").write_text(USED.replace(before, after), encoding="utf-8")
    ended = modelc("evaluate", "spec.yaml", cwd=trained)
    return ended.code, ended.err


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("{units: 2, wide: 3}", "{wide: 3, units: 2}", "blocks.Pair.params"),
        (
            "{left: [dense: 2], right: [dense: 3]}",
            "{right: [dense: 3], left: [dense: 2]}",
            "model.nodes.sides.parallel.branches",
        ),
        ("{a: [dense: 2], b: [dense: 3]}", "{b: [dense: 3], a: [dense: 2]}", "vars.chains"),
        (
            "{one: {shape: [2]}, two: {shape: [2]}}",
            "{two: {shape: [2]}, one: {shape: [2]}}",
            "blocks.Difference.use.model.inputs",
        ),
        ("{x: {shape: [2]}, z: {shape: [2]}}", "{z: {shape: [2]}, x: {shape: [2]}}", "model.inputs"),
        ("{size: size, other: other}", "{other: other, size: size}", "model.outputs"),
    ],
)
def test_an_order_that_means_something_is_content(trained: Path, before: str, after: str, path: str) -> None:
    code, said = evaluated(trained, before, after)
    file = "difference.yaml:3" if ".use." in path else "spec.yaml:"
    assert code == 4 and "error[E607]" in said
    assert f"`{path}` has its keys in another order, which means something there ({file}" in said
    assert said.count("= note:") == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{npz: rows.npz}", "{'npz': \"rows.npz\"}  # the rows"),
        ("vars: {scale: 2, chains: {a: [dense: 2], b: [dense: 3]}}", "vars: {chains: {a: [dense: 2], b: [dense: 3]}, scale: 2}"),
        ("Pair: {units: 4, wide: 1}", "Pair: {wide: 1, units: 4}"),
        ("{dense: 2, name: last}", "{name: last, dense: 2}"),
        ("{mean_absolute_error: {}, weight: 0.5}", "{weight: 0.5, mean_absolute_error: {}}"),
        ("{learning_rate: 0.01, beta_1: 0.8}", "{beta_1: 0.8, learning_rate: 1.0e-2}"),
        ("{from: [one, two], subtract: }", "{subtract: , from: [one, two]}"),
        ("{size: {array: y}, other: {array: y}}", "{other: {array: y}, size: {array: y}}"),
        ("scale: 2,", "scale: 2.0,"),
    ],
)  # fmt: skip
def test_no_other_order_nor_the_way_to_write_a_number_is_content(trained: Path, before: str, after: str) -> None:
    code, said = evaluated(trained, before, after)
    assert (code, said) == (0, "")


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ("scale: 2,", 'scale: "2",', '`vars.scale` was 2, and is "2" now'),
        ("scale: 2,", "scale: 2.5,", "`vars.scale` was 2, and is 2.5 now"),
        ("epochs: 1", "epochs: true", "`train.epochs` was 1, and is true now"),
    ],
)
def test_another_value_is_another_content(trained: Path, before: str, after: str, note: str) -> None:
    code, said = evaluated(trained, before, after)
    assert code == 4 and "error[E607]" in said and note in said
