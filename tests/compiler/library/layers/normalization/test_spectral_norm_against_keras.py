"""The wrapper `spectral_norm` against Keras 3 in training, and against singular values where Keras does otherwise."""

from functools import partial
from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.activations.parametric import Softmax
from modelc.compiler.library.layers.convolutional.conv import Conv1D
from tests.compiler.library.layers.comparing import Case, check, close
from tests.compiler.library.layers.running import QUICK, build, filled, normal

COMPARED = {"spectral_norm"}
L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 5, 4, 3)


def wrapped(raw: Any, oracle: Any, x: Any, iterations: int = 1) -> Case:
    arguments = {"layer": raw} if iterations == 1 else {"layer": raw, "power_iterations": iterations}
    return Case({"spectral_norm": arguments}, lambda: L.SpectralNormalization(oracle, iterations), x, train=True)


CASES = [
    wrapped({"dense": 3}, L.Dense(3), x3),
    wrapped({"dense": {"units": 1, "use_bias": False}}, L.Dense(1, use_bias=False), normal(1, 1), 3),
    wrapped({"conv2d": {"filters": 2, "kernel_size": [2, 3], "strides": 2}}, L.Conv2D(2, (2, 3), 2), image, 2),
    wrapped({"conv2d_transpose": {"filters": 2, "kernel_size": 3}}, L.Conv2DTranspose(2, 3), image),
    wrapped({"depthwise_conv2d": 2}, L.DepthwiseConv2D(2), image),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: next(iter(case.raw["spectral_norm"]["layer"])))
def test_training_divides_and_moves_as_keras_does(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(("name", "shape"), [("kernel", (6, 4)), ("embeddings", (4, 6))])
def test_the_largest_singular_value_becomes_one(name: str, shape: tuple[int, int]) -> None:
    raw: Any = (
        {"dense": {"units": 4, "use_bias": False}}
        if name == "kernel"
        else {"embedding": {"input_dim": 4, "output_dim": 6}}
    )
    x: Any = np.eye(6, dtype="float32") if name == "kernel" else np.arange(4, dtype="int32")[:, None]
    running = filled({"spectral_norm": {"layer": raw, "power_iterations": 60}}, x)
    found = jax.jit(lambda x: running(x).outputs["output"], compiler_options=QUICK)(x).reshape(shape)
    weight = running.params[name]
    close(found, weight / np.linalg.svd(weight, compute_uv=False)[0], 1e-5)
    np.testing.assert_allclose(np.linalg.svd(found, compute_uv=False)[0], 1, rtol=1e-5)


def test_outside_training_the_kernel_is_divided_too_and_nothing_moves() -> None:
    running = filled({"spectral_norm": {"layer": {"dense": 3}}}, x3)

    @partial(jax.jit, compiler_options=QUICK)
    def both(x: Any) -> Any:
        return [(result.outputs["output"], dict(result.state)) for result in (running(x), running(x, train=True))]

    (evaluated, unmoved), (trained, state) = both(x3)
    np.testing.assert_allclose(evaluated, trained, rtol=1e-6)
    assert not unmoved
    assert not np.allclose(state["vector_u"], running.state["vector_u"])
    np.testing.assert_allclose(np.linalg.norm(state["vector_u"]), 1, rtol=1e-6)


def test_a_kernel_of_zeros_stays_and_learns() -> None:
    running = filled({"spectral_norm": {"layer": {"dense": 3}}}, x3)
    running.params["kernel"] = np.zeros((4, 3), "float32")

    def total(params: Any) -> Any:
        result = running.with_params(params, x3, train=True)
        return result.outputs["output"].sum(), result.state

    gradient, state = jax.jit(jax.grad(total, has_aux=True), compiler_options=QUICK)(running.params)
    np.testing.assert_allclose(gradient["kernel"], np.repeat(x3.sum((0, 1))[:, None], 3, 1), rtol=1e-5)
    np.testing.assert_array_equal(state["vector_u"], running.state["vector_u"])


def test_it_is_for_the_graph_what_the_layer_inside_is(monkeypatch: pytest.MonkeyPatch) -> None:
    embedding = LAYERS.build(
        {"spectral_norm": {"layer": {"embedding": {"input_dim": 7, "output_dim": 2, "mask_zero": True}}}}
    )
    assert embedding.vocabulary_size() == 7
    assert embedding.plan(TensorType((3,), "int32")).output.mask
    ids = np.array([[1, 0]], "int32")
    running = build(
        {"spectral_norm": {"layer": {"embedding": {"input_dim": 7, "output_dim": 2, "mask_zero": True}}}}, ids
    )

    @partial(jax.jit, compiler_options=QUICK)
    def masks(ids: Any) -> Any:
        return [running(ids, train=train).masks["output"] for train in (False, True)]

    np.testing.assert_array_equal(masks(ids), [[[1, 0]], [[1, 0]]])
    conv = LAYERS.build({"spectral_norm": {"layer": {"conv1d": {"filters": 2, "kernel_size": 2}}}})
    dense = LAYERS.build({"spectral_norm": {"layer": {"dense": {"units": 2, "activation": "softmax"}}}})
    assert (embedding.masking, conv.masking, dense.masking) == ("use", "drop", "pass")
    monkeypatch.setattr(Conv1D, "loop_safe", False)
    assert not all(part.loop_safe for part in conv.layers())
    turned = {"einsum_dense": {"equation": "btd,de->bet", "output_shape": 2}}
    assert LAYERS.build({"spectral_norm": {"layer": turned}}).plan(TensorType((3, 4), mask=True)).drops_mask
    parts = dense.split()
    assert parts == (LAYERS.build({"spectral_norm": {"layer": {"dense": 2}}}), Softmax())


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("flatten", "expected a layer with one `kernel` or `embeddings`, got `flatten` without weights"),
        (
            "layer_norm",
            "expected a layer with one `kernel` or `embeddings`, got `layer_norm` with the weights gamma, beta",
        ),
        (
            {"lstm": 2},
            "expected a layer with one input, got `lstm`",
        ),
        ("add", "expected a layer with one input, got `add`"),
        ({"spectral_norm": {"layer": {"dense": 2}}}, "`spectral_norm` inside `spectral_norm` divides the kernel by 1"),
    ],
    ids=str,
)
def test_layers_without_one_kernel_are_refused(layer: Any, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"spectral_norm": {"layer": layer}}).plan(TensorType((3, 4)))
    assert (caught.value.message, caught.value.argument) == (message, "layer")
    assert caught.value.help


def test_what_the_layer_inside_refuses_is_told() -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"spectral_norm": {"layer": {"conv1d": {"filters": 2, "kernel_size": 5}}}}).plan(
            TensorType((3, 4))
        )
    assert caught.value.message == "a window of 5 does not fit into a sequence of 3"
    assert caught.value.argument == "layer"


@pytest.mark.parametrize("size", [1e-30, 1e-15, 1e15, 1e30])
def test_the_size_of_a_kernel_does_not_matter(size: float) -> None:
    running = filled(
        {"spectral_norm": {"layer": {"dense": {"units": 3, "use_bias": False}}, "power_iterations": 60}}, x3
    )
    kernel = normal(4, 3, seed=3)
    running.params["kernel"] = kernel * np.float32(size)
    for train in (False, True):
        found = jax.jit(lambda x, train=train: running(x, train=train).outputs["output"], compiler_options=QUICK)(x3)
        close(found, x3 @ (kernel / np.linalg.svd(kernel, compute_uv=False)[0]), 1e-5)
