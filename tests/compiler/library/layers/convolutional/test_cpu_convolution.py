"""The forms of convolution for CPU against `lax.conv_general_dilated`: values, gradients, and that they are chosen."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from jax.test_util import check_grads

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call
from modelc.compiler.library.layers.convolutional import cpu_convolution
from modelc.compiler.library.layers.convolutional.base import convolve
from modelc.compiler.library.layers.convolutional.conv_transpose import Conv2DTranspose
from modelc.compiler.library.layers.convolutional.cpu_convolution import MOST_CELLS, WIDE
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding
from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import QUICK, normal, sample

Drawn = tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]
"""Shapes of input and kernel, and how the window slides."""


def expected(x: Any, kernel: Any, strides: Any, padding: str, dilation: Any, groups: int) -> Any:
    """XLA's own, told by itself."""
    letters = {3: "NWC WIO NWC", 4: "NHWC HWIO NHWC", 5: "NDHWC DHWIO NDHWC"}[x.ndim].split()
    causal = [((size - 1) * step, 0) for size, step in zip(kernel.shape, dilation, strict=False)]
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        causal if padding == "causal" else padding.upper(),
        rhs_dilation=dilation,
        dimension_numbers=(letters[0], letters[1], letters[2]),
        feature_group_count=groups,
    )


@st.composite
def convolutions(draw: st.DrawFn) -> Drawn:
    count = draw(st.sampled_from([1, 2, 2, 3]))
    groups, channels = draw(st.sampled_from([1, 1, 1, 2, 3])), draw(st.sampled_from([1, 2, 3]))
    filters = draw(st.sampled_from([1, 2, WIDE]))

    def each(most: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(1, most)) for _ in range(count))

    window, strides, dilation = each(3), each(3), each(2)
    reach = [(size - 1) * step + 1 for size, step in zip(window, dilation, strict=True)]
    space = [draw(st.integers(size, max(size, 6))) for size in reach]
    padding = draw(st.sampled_from(["valid", "same", "causal"]))
    how = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    return (2, *space, groups * channels), (*window, channels, groups * filters), how


def all_three(form: Any, arrays: Any, how: dict[str, Any]) -> Any:
    """The output and both gradients."""
    y, back = jax.vjp(lambda x, kernel: form(x, kernel, **how), *arrays)
    return y, *back(jnp.asarray(normal(*y.shape, seed=2)).astype(y.dtype))


def hold(drawn: list[Drawn]) -> None:
    """Hold several at once, since compiling takes the time."""
    arrays = [(normal(*shape), normal(*window, seed=1)) for shape, window, _ in drawn]

    def both(arrays: Any) -> Any:
        pairs = zip(arrays, drawn, strict=True)
        return [(all_three(convolve, two, how), all_three(expected, two, how)) for two, (_, _, how) in pairs]

    for (ours, theirs), one in zip(jax.jit(both, compiler_options=QUICK)(arrays), drawn, strict=True):
        close(ours[0], theirs[0], 1e-5, str(one))
        for found, right in zip(ours[1:], theirs[1:], strict=True):
            close(found, right, 1e-5, str(one))


@settings(max_examples=4)
@given(st.lists(convolutions(), min_size=6, max_size=6))
def test_values_and_gradients_are_those_of_xla(drawn: list[Drawn]) -> None:
    hold(drawn)


def told(count: int, padding: str = "same", strides: int = 1, groups: int = 1) -> dict[str, Any]:
    return {"strides": (strides,) * count, "padding": padding, "dilation": (1,) * count, "groups": groups}


FORMS: dict[str, Drawn] = {
    "one cell, in steps": ((2, 5, 5, 3), (1, 1, 3, 4), told(2, strides=2)),
    "one pixel": ((1, 1, 1, 3), (3, 3, 3, 2), told(2)),
    "one pixel of one channel": ((1, 1, 1, 1), (3, 3, 1, 2), told(2)),
    "banded in steps": ((2, 7, 5, 1), (3, 2, 1, 6), told(2, "valid", 2)),
    "wide": ((2, 5, 6, 3), (3, 2, 3, WIDE), told(2, "valid", 2)),
    "many cells, wide": ((1, MOST_CELLS + 2, 1), (MOST_CELLS + 1, 1, WIDE), told(1)),
    "many cells, each channel": ((1, MOST_CELLS + 2, 2), (MOST_CELLS + 1, 1, 4), told(1, groups=2)),
    "steps wider than the window": ((2, 8, 7, 2), (2, 2, 2, 3), told(2, strides=3)),
}


def test_every_form_is_that_of_xla() -> None:
    hold(list(FORMS.values()))


def test_transposing_is_the_gradient_by_the_input() -> None:
    sliding = Sliding.over((5, 4, 3), (3, 2, 2), (2, 1, 2), "same")
    y, kernel = normal(2, *sliding.outputs, 3), normal(3, 2, 2, 2, 3, seed=1)
    ours, theirs = jax.jit(
        lambda y, kernel: [
            all_three(form, (y, kernel), {"sliding": sliding})
            for form in (cpu_convolution.transpose, cpu_convolution.by_input)
        ],
        compiler_options=QUICK,
    )(y, kernel)
    for found, right in zip(ours, theirs, strict=True):
        close(found, right, 1e-5)


@pytest.mark.parametrize(
    ("shape", "window"), [((1, 4, 4, 2), (2, 2, 2, 2)), ((1, 4, 4, 1), (2, 2, 1, 2)), ((1, 4, 2), (2, 1, 2))]
)
def test_derivatives_hold_to_the_second_order(shape: tuple[int, ...], window: tuple[int, ...]) -> None:
    how = told(len(window) - 2, strides=2, groups=shape[-1] // window[-2])
    with jax.enable_x64(True):
        arrays = (normal(*shape).astype("float64"), normal(*window, seed=1).astype("float64"))
        check_grads(jax.jit(lambda x, kernel: jnp.sin(convolve(x, kernel, **how))), arrays, order=2, modes=["rev"])


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_other_dtypes_are_as_exact_as_they_can_be(dtype: str) -> None:
    narrow = {"one": ((2, 6, 6, 2), (3, 3, 2, 4), told(2)), "each": ((2, 6, 6, 4), (3, 3, 1, 4), told(2, groups=4))}
    with jax.enable_x64(True):
        for shape, window, how in narrow.values():
            x, kernel = (jnp.asarray(normal(*size)).astype(dtype) for size in (shape, window))
            found, right = jax.jit(
                lambda *two, how=how: (
                    all_three(convolve, two, how),
                    all_three(expected, [array.astype("float64") for array in two], how),
                )
            )(x, kernel)
            for value, exact in zip(found, right, strict=True):
                assert value.dtype == dtype
                close(value.astype("float64"), exact, 2**-7 if dtype == "bfloat16" else 1e-12)


def text_of(shape: tuple[int, ...], window: tuple[int, ...], how: dict[str, Any]) -> str:
    """The program of both gradients."""
    return str(jax.make_jaxpr(lambda x, k: all_three(convolve, (x, k), how))(jnp.zeros(shape), jnp.zeros(window)))


def test_the_form_follows_the_shape_and_other_backends_have_xla_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    products = {"one cell, in steps", "banded in steps", "one pixel of one channel"}
    for name in products:
        assert "conv_general_dilated" not in text_of(*FORMS[name]), name
    assert "conv_general_dilated" not in text_of((2, 5, 4), (3, 1, 4), told(1, groups=4))
    assert "optimization_barrier" in text_of(*FORMS["wide"])
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for drawn in FORMS.values():
        program = text_of(*drawn)
        assert "conv_general_dilated" in program and "optimization_barrier" not in program


def test_the_transposed_layer_takes_the_plain_form_on_other_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Conv2DTranspose(filters=2, kernel_size=(3, 3), strides=(2, 2), padding="same")
    params, _ = sample(layer.plan(TensorType((4, 4, 3))))
    x = jnp.asarray(normal(2, 4, 4, 3))
    ours = layer.apply(Call(params), x)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    np.testing.assert_allclose(ours, layer.apply(Call(params), x), rtol=1e-5, atol=1e-5)
