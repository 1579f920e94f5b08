"""What `import modelc` promises: its names, `load` and `compile` from files and mappings, and functions that are pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

import modelc

SPECS = Path(__file__).parent.parent / "specs"
MODEL: dict[str, Any] = {
    "modelc": 1,
    "model": {
        "inputs": {"image": {"shape": [8, 8]}},
        "layers": [
            "flatten",
            {"dense": {"units": 16, "activation": "relu"}},
            {"batch_norm": None, "name": "bn"},
            {"dropout": 0.5},
            {"dense": {"units": 10, "activation": "softmax"}, "name": "digit"},
        ],
    },
}


@pytest.fixture(scope="module")
def model() -> modelc.Compiled:
    return modelc.compile(MODEL)


@pytest.fixture(scope="module")
def weights(model: modelc.Compiled) -> tuple[Any, Any]:
    return model.init(jax.random.key(0))


@pytest.fixture(scope="module")
def batch() -> dict[str, jax.Array]:
    return {"image": jax.random.uniform(jax.random.key(1), (4, 8, 8))}


def same(one: Any, other: Any) -> bool:
    """Whether two trees are the same to the last bit."""
    equal = jax.tree.map(lambda a, b: np.array_equal(a, b) and a.dtype == b.dtype, one, other)
    return bool(jax.tree.all(equal))


def test_the_public_names_are_these_and_each_is_documented() -> None:
    assert modelc.__all__ == [
        *("Compiled", "Problem", "RunError", "SpecError", "TrainedRun"),
        *("compile", "load", "open_run", "train"),
    ]
    assert dir(modelc) == modelc.__all__
    for name in modelc.__all__:
        assert getattr(modelc, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        modelc.fit  # noqa: B018 (reading it is the test)


def test_a_path_a_text_path_and_a_mapping_give_the_same_task() -> None:
    path = SPECS / "digits.yaml"
    mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert modelc.load(path).planned == modelc.load(str(path)).planned == modelc.load(mapping).planned
    assert modelc.load(path).terms == modelc.load(mapping).terms
    assert [node.path for node in modelc.load(path).planned.graph.nodes] == ["flatten", "dense", "digit"]


def test_compile_takes_what_load_takes_and_what_it_gives() -> None:
    path = SPECS / "digits.yaml"
    graph = modelc.compile(path).graph
    assert graph == modelc.load(path).planned
    assert graph == modelc.compile(str(path)).graph == modelc.compile(modelc.load(path)).graph


def test_weights_are_named_by_path_and_by_keras_names(weights: tuple[Any, Any]) -> None:
    params, state = weights
    assert set(params) == {"dense", "bn", "digit"}
    assert {name: array.shape for name, array in params["digit"].items()} == {"kernel": (16, 10), "bias": (10,)}
    assert set(params["bn"]) == {"gamma", "beta"}
    assert set(state) == {"bn"}
    assert {name: array.shape for name, array in state["bn"].items()} == {
        "moving_mean": (16,),
        "moving_variance": (16,),
    }


def test_outputs_are_named_and_batched(
    model: modelc.Compiled, weights: tuple[Any, Any], batch: Mapping[str, jax.Array]
) -> None:
    outputs, state = model.apply(*weights, batch)
    assert set(outputs) == {"digit"}
    assert outputs["digit"].shape == (4, 10)
    np.testing.assert_allclose(outputs["digit"].sum(axis=-1), 1.0, rtol=1e-6)
    assert same(state, weights[1])


def test_several_outputs_come_by_name() -> None:
    model = modelc.compile(SPECS / "mnist_two_inputs_two_outputs.yaml")
    params, state = jax.eval_shape(model.init, jax.random.key(0))
    images = {"left_image": jnp.zeros((2, 28, 28)), "right_image": jnp.ones((2, 28, 28))}
    outputs, _ = jax.eval_shape(model.apply, params, state, images)
    assert {name: value.shape for name, value in outputs.items()} == {"left": (2, 10), "right": (2, 10)}


def test_the_graph_tells_the_type_of_every_value(model: modelc.Compiled) -> None:
    plans = model.graph.plans
    assert {path: plan.output.shape for path, plan in plans.items()} == {
        "flatten": (64,),
        "dense": (16,),
        "bn": (16,),
        "dropout": (16,),
        "digit": (10,),
    }


def test_init_is_a_function_of_its_key(model: modelc.Compiled, weights: tuple[Any, Any]) -> None:
    assert same(model.init(jax.random.key(0)), weights)
    other, _ = model.init(jax.random.key(1))
    assert not np.array_equal(other["digit"]["kernel"], weights[0]["digit"]["kernel"])


def test_a_further_layer_changes_no_other_layers_first_weights(weights: tuple[Any, Any]) -> None:
    longer = {**MODEL["model"], "layers": ["flatten", {"dense": 64, "name": "before"}, *MODEL["model"]["layers"][1:]]}
    params, _ = modelc.compile({**MODEL, "model": longer}).init(jax.random.key(0))
    assert same(params["digit"], weights[0]["digit"])
    assert same(params["dense"], weights[0]["dense"])


def test_training_is_a_function_of_its_key_too(
    model: modelc.Compiled, weights: tuple[Any, Any], batch: Mapping[str, jax.Array]
) -> None:
    before = jax.tree.map(np.array, weights)
    once = model.apply(*weights, batch, train=True, key=jax.random.key(5))
    assert same(once, model.apply(*weights, batch, train=True, key=jax.random.key(5)))
    assert not same(once[0], model.apply(*weights, batch, train=True, key=jax.random.key(6))[0])
    assert not same(once[1], weights[1])
    assert same(weights, before)


def test_the_functions_can_be_jitted_differentiated_and_mapped(
    model: modelc.Compiled, weights: tuple[Any, Any], batch: Mapping[str, jax.Array]
) -> None:
    params, state = weights

    def loss(params: Any, image: jax.Array) -> jax.Array:
        outputs, _ = model.apply(params, state, {"image": image})
        return -jnp.log(outputs["digit"][:, 0]).mean()

    plain = loss(params, batch["image"])
    np.testing.assert_allclose(jax.jit(loss)(params, batch["image"]), plain, rtol=1e-5)
    kernel = params["digit"]["kernel"]
    step = 1e-2 * jnp.ones_like(kernel).at[:, 1:].set(0.0)
    shifted = [{**params, "digit": {**params["digit"], "kernel": kernel + sign * step}} for sign in (1, -1)]
    slope = (loss(shifted[0], batch["image"]) - loss(shifted[1], batch["image"])) / 2
    gradient = jax.grad(loss)(params, batch["image"])["digit"]["kernel"]
    np.testing.assert_allclose((gradient * step).sum(), slope, rtol=1e-2)
    images = jnp.stack([batch["image"], 1 - batch["image"]])
    mapped = jax.vmap(loss, in_axes=(None, 0))(params, images)
    np.testing.assert_allclose(mapped, [loss(params, image) for image in images], rtol=1e-5)


def test_a_wrong_spec_raises_with_every_problem_at_once() -> None:
    layers = [{"dense": {"unit": 3}}, {"flattn": None}, {"dense": {"units": 2, "activation": "rellu"}}]
    with pytest.raises(modelc.SpecError) as caught:
        modelc.load({**MODEL, "model": {**MODEL["model"], "layers": layers}})
    assert len([problem for problem in caught.value.problems if problem.is_error]) >= 3
    assert "`flattn`" in str(caught.value)
    assert "`rellu`" in str(caught.value)


def test_a_file_that_is_not_there_raises_spec_error(tmp_path: Path) -> None:
    with pytest.raises(modelc.SpecError, match="no such file"):
        modelc.load(tmp_path / "none.yaml")


def test_a_missing_input_and_a_wrong_shape_raise_value_error(model: modelc.Compiled, weights: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="input 'image' is missing"):
        model.apply(*weights, {"picture": jnp.zeros((4, 8, 8))})
    with pytest.raises(ValueError, match=r"shape \(8, 8\), expected \(batch, 8, 8\)"):
        model.apply(*weights, {"image": jnp.zeros((8, 8))})


def test_random_layers_ask_for_a_key(
    model: modelc.Compiled, weights: tuple[Any, Any], batch: Mapping[str, jax.Array]
) -> None:
    with pytest.raises(ValueError, match="needs a key"):
        model.apply(*weights, batch, train=True)


@pytest.mark.parametrize("wrong", [3, None, b"spec.yaml", ["spec.yaml"]])
def test_what_is_no_spec_is_refused_by_its_type(wrong: Any) -> None:
    for function in (modelc.load, modelc.compile):
        with pytest.raises(TypeError, match=f"a spec is the path of a file or a mapping, not {type(wrong).__name__}"):
            function(wrong)


def test_one_plug_in_needs_no_list(tmp_path: Path) -> None:
    path = tmp_path / "none.py"
    for plugins in (path, str(path), [path]):
        with pytest.raises(modelc.RunError, match=r"the plug-in `.*none\.py` cannot be read"):
            modelc.load(MODEL, plugins=plugins)
    for wrong in (3, [3]):
        with pytest.raises(TypeError, match="a plug-in is the name of an installed one or the path of a file, not int"):
            modelc.load(MODEL, plugins=wrong)  # type: ignore[arg-type]  # what is tested
