"""What layers learn before the first step of a training: from which rows, through which layers, and that it stays."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import modelc
from modelc.compiler.api import check, load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.layer_fitting import fit_layers
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.execution import choose
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

NORMALIZED: list[Any] = ["normalization", {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}]
HELD_OUT = {"validation": {"last": 9}}


def rows(count: int = 29, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(count, 4)) * [1, 2, 3, 4] + [0, 10, 20, 3000]).astype("float32")


def trained(folder: Path, x: np.ndarray) -> Watcher:
    task, dataset = ready(spec(NORMALIZED, data=HELD_OUT, epochs=2), write_rows(folder, len(x), x=x))
    watcher = Watcher()
    fit(prepare(task), dataset, choose(task), watcher, lambda: False)
    return watcher


def learnt(
    layers: list[Any], x: np.ndarray, shape: tuple[int, ...] = (4,), dtype: str = "float32", **model: Any
) -> Any:
    """What the layers of a chain learn, by path."""
    raw = {"inputs": {"x": {"shape": list(shape), "dtype": dtype}}, "layers": layers, **model}
    task = prepare(load({"modelc": 1, "model": raw}))
    return {node.path: entries for node, entries in fit_layers(task, {"x": x})}


def test_training_rows_are_learnt_from_and_no_others_before_the_first_step(tmp_path: Path) -> None:
    x = rows()
    watcher = trained(tmp_path, x)
    (told,) = watcher.learnt
    assert (told.path, told.layer, told.rows) == ("normalization", "normalization", 20)
    for snapshot in watcher.snapshots:
        state = snapshot.state["normalization"]
        np.testing.assert_allclose(state["mean"], x[:20].mean(0, dtype="float64"), rtol=1e-6)
        np.testing.assert_allclose(state["variance"], x[:20].var(0, dtype="float64"), rtol=1e-6)
    others = np.concatenate([x[:20], x[20:] + 5])
    for one, other in zip(trained(tmp_path, others).snapshots, watcher.snapshots, strict=True):
        jax.tree.map(np.testing.assert_array_equal, (one.params, one.state), (other.params, other.state))


def test_layers_that_have_no_fit_learn_nothing() -> None:
    assert learnt([{"batch_norm": None}, {"dense": 1}], rows()) == {}


def test_what_comes_into_a_layer_is_computed_by_the_layers_before_it_as_in_prediction() -> None:
    x = np.random.default_rng(0).integers(0, 256, (2500, 3, 2), dtype=np.uint8)
    layers = [{"rescaling": "1/255"}, "flatten", {"dropout": 0.5}, "normalization", "tanh", {"normalization": None}]
    found = learnt([*layers, {"dense": 1}], x, (3, 2), "uint8")
    scaled = x.reshape(2500, 6).astype("float64") / 255
    np.testing.assert_allclose(found["normalization"]["mean"], scaled.mean(0), rtol=1e-6)
    np.testing.assert_allclose(found["normalization"]["variance"], scaled.var(0), rtol=1e-5)
    second = np.tanh((scaled - scaled.mean(0)) / scaled.std(0))
    np.testing.assert_allclose(found["normalization_2"]["mean"], second.mean(0), atol=1e-5)
    np.testing.assert_allclose(found["normalization_2"]["variance"], second.var(0), rtol=1e-5)


def test_steps_that_a_layer_before_masks_are_not_learnt_from() -> None:
    x = np.random.default_rng(0).normal(size=(1100, 5, 2)).astype("float32")
    x[np.arange(1100), np.arange(1100) % 5] = 0
    found = learnt(["masking", "normalization", {"lstm": 2}, {"dense": 1}], x, (5, 2))["normalization"]
    real = x[(x != 0).any(-1)].astype("float64")
    np.testing.assert_allclose(found["mean"], real.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found["variance"], real.var(0), rtol=1e-5)


@pytest.mark.parametrize(
    ("layers", "x", "message"),
    [
        (
            ["masking", "normalization", {"lstm": 2}],
            np.zeros((3, 5, 4), "float32"),
            "`normalization` cannot be fitted to the training rows: every step of every training row is masked",
        ),
        (
            ["exponential", {"normalization": None, "name": "even"}, {"dense": 1}],
            np.full((3, 4), 100, "float32"),
            "`normalization` at `even` cannot be fitted to the training rows: its `mean` is not finite",
        ),
    ],
    ids=["masked", "infinite"],
)
def test_rows_that_cannot_be_learnt_from_are_an_error(layers: list[Any], x: np.ndarray, message: str) -> None:
    with pytest.raises(RunError) as caught:
        learnt(layers, x, x.shape[1:])
    assert (caught.value.code, caught.value.message) == ("E403", message)
    assert caught.value.helps


@pytest.mark.parametrize("before", [{"dense": 4}, {"batch_norm": {"center": False, "scale": False}}], ids=str)
def test_a_layer_after_one_that_training_changes_is_refused_at_its_line(before: Any) -> None:
    layers = [before, "tanh", {"normalization": None, "name": "even"}, {"dense": 1}]
    model = {"inputs": {"x": {"shape": [4]}}, "layers": layers}
    (problem,) = check(json.dumps({"modelc": 1, "model": model}), "spec.json").problems
    kind = next(iter(before))
    message = "`normalization` at `even` is fitted to the training rows before training, "
    message += f"but `{kind}` before it changes during training"
    assert (problem.code, problem.message) == ("E307", message)
    assert problem.helps == (f"put it before `{kind}`, or give it `mean` and `variance`",)
    assert problem.path == ("model", "layers", 2, "normalization")
    given = {"normalization": {"mean": 0, "variance": 1}}
    model["layers"] = [before, given, {"dense": 1}]
    assert check(json.dumps({"modelc": 1, "model": model}), "spec.json").problems == ()


@pytest.mark.parametrize("before", [[], [{"reshape": [1, 1]}, "flatten"], [{"rescaling": 1}]], ids=str)
def test_half_precision_does_not_blur_what_comes_into_the_model(before: list[Any]) -> None:
    years: Any = np.arange(1990, 2030, dtype="float32")[:, None]
    model: dict[str, Any] = {"inputs": {"x": {"shape": [1]}}, "layers": [*before, "normalization"]}
    wide, half = (
        modelc.compile({"modelc": 1, "model": {**model, "precision": precision}})
        for precision in ("float32", "mixed_bfloat16")
    )
    _, state = half.init(jax.random.key(0))
    state = half.fit(state, {"x": years})
    np.testing.assert_allclose(state["normalization"]["variance"], [years.var(dtype="float64")], rtol=1e-6)
    outputs = [compiled.apply({}, state, {"x": years})[0]["output"] for compiled in (wide, half)]
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=2**-8)


def test_python_fits_what_it_compiled() -> None:
    x: Any = rows()
    compiled = modelc.compile({"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": NORMALIZED}})
    params, state = compiled.init(jax.random.key(0))
    assert np.isnan(compiled.apply(params, state, {"x": x})[0]["y"]).all()
    fitted = compiled.fit(state, {"x": x})
    np.testing.assert_allclose(fitted["normalization"]["mean"], x.mean(0, dtype="float64"), rtol=1e-6)
    assert np.isnan(state["normalization"]["mean"]).all()
    assert np.isfinite(compiled.apply(params, fitted, {"x": x})[0]["y"]).all()
    with pytest.raises(ValueError, match="the input 'x' has shape"):
        compiled.fit(state, {"x": x[:, :2]})


def test_more_ids_than_there_is_room_for_are_found_without_data() -> None:
    layers = [{"discretization": 10}, "flatten", {"reshape": [2, 2]}, {"embedding": {"input_dim": 8, "output_dim": 3}}]
    raw: dict[str, Any] = {"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": [*layers, "flatten"]}}
    (problem,) = check(json.dumps(raw), "spec.json").problems
    assert (problem.code, problem.message) == (
        "E308",
        "`discretization` outputs 10 different ids, but `embedding` has room for 8",
    )
    assert problem.helps == ("increase it to 10",)
    raw["model"]["layers"][3]["embedding"]["input_dim"] = 10
    assert check(json.dumps(raw), "spec.json").problems == ()


def test_more_ids_than_there_is_room_for_are_found_where_they_are_joined_and_cast() -> None:
    nodes: dict[str, Any] = {
        "few": {"from": "x", "discretization": 4},
        "many": {"from": "x", "layers": [{"discretization": 10}, {"cast": "int8"}, {"cast": "int32"}]},
        "both": {"from": ["few", "many"], "stack": -1},
        "y": {"from": "both", "layers": ["flatten", {"category_encoding": 8}]},
    }
    raw = {"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "nodes": nodes, "outputs": ["y"]}}
    (problem,) = check(json.dumps(raw), "spec.json").problems
    assert problem.code == "E308"
    assert problem.message.startswith("`discretization` at `many/discretization` outputs 10 different ids")
    nodes["y"]["layers"][1] = {"category_encoding": 10}
    assert check(json.dumps(raw), "spec.json").problems == ()


def test_ids_that_an_encoding_has_no_room_for_are_found_before_training(tmp_path: Path) -> None:
    raw = spec([{"category_encoding": 4}, {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}])
    raw["model"]["inputs"]["x"]["dtype"] = "int32"
    x = np.tile(np.arange(4, dtype="int32"), (29, 1))
    ready(raw, write_rows(tmp_path, x=x))
    x[7, 2] = 4
    with pytest.raises(RunError) as caught:
        ready(raw, write_rows(tmp_path, x=x))
    assert caught.value.code == "E403"
    assert caught.value.message == "`x` has 1 id outside 0 to 3, the first is 4 in row 7"
    assert caught.value.notes == ("`category_encoding` has room for 4 ids",)


def test_bins_and_vocabularies_are_learnt_in_training_and_kept(tmp_path: Path) -> None:
    raw = spec(data=HELD_OUT, epochs=1)
    raw["model"] = {
        "inputs": {"x": {"shape": [4]}, "code": {"shape": [3], "dtype": "int32"}},
        "nodes": {
            "bins": {"from": "x", "layers": [{"discretization": 5}, {"embedding": {"input_dim": 5, "output_dim": 2}}]},
            "codes": {"from": "code", "integer_lookup": {"max_tokens": 5, "output_mode": "count"}},
            "flat": {"from": "bins", "flatten": None},
            "both": {"from": ["flat", "codes"], "concatenate": None},
            "y": {"from": "both", "dense": {"units": 3, "activation": "softmax"}},
        },
        "outputs": ["y"],
    }
    code = np.random.default_rng(0).integers(100, 107, (29, 3)).astype("int32")
    task, dataset = ready(raw, write_rows(tmp_path, x=rows(), code=code))
    watcher = Watcher()
    outcome = fit(prepare(task), dataset, choose(task), watcher, lambda: False)
    assert outcome.last is not None
    assert all(np.isfinite(value) for value in outcome.last.values.values())
    assert [told.path for told in watcher.learnt] == ["bins/discretization", "codes"]
    state = watcher.snapshots[-1].state
    shares = np.arange(1, 5) / 5
    expected = np.quantile(rows()[:20], shares, method="interpolated_inverted_cdf")
    np.testing.assert_allclose(state["bins/discretization"]["bin_boundaries"], expected, rtol=1e-6)
    seen, counts = np.unique(code[:20], return_counts=True)
    ranked = sorted(zip(-counts, -seen, strict=True))[:4]
    assert sorted(state["codes"]["tokens"]) == sorted(-token for _, token in ranked)


def test_a_column_of_text_is_an_input_of_ids(tmp_path: Path) -> None:
    embedding = {"input_dim": 3, "output_dim": 4}
    raw = spec([{"embedding": embedding}, NORMALIZED[1]], epochs=1)
    raw["model"]["inputs"] = {"x": {"shape": [], "dtype": "int32"}}
    raw["data"]["inputs"] = {"x": {"category": {"column": "city", "classes": ["berlin", "paris"], "unknown": "other"}}}
    city = np.array(["paris", "oslo", "berlin"] * 10)[:29]
    _, dataset = ready(raw, write_rows(tmp_path, city=city))
    np.testing.assert_array_equal(dataset.train.inputs["x"], np.tile([1, 2, 0], 10)[:29])
    embedding["input_dim"] = 2
    with pytest.raises(RunError, match="outside 0 to 1"):
        ready(raw, write_rows(tmp_path, city=city))
