"""Fourier transforms against NumPy, the gradient of a magnitude of 0, and masks; quotients and remainders of ids."""

from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, filled, normal, refusal

COMPARED = {"fft", "floor_divide", "mod", "rfft"}
x, other = normal(2, 6, 5), normal(2, 6, 5, seed=1)
PARTS: dict[str, Any] = {
    "complex": lambda z: np.stack([z.real, z.imag], -1),
    "real": np.real,
    "imag": np.imag,
    "magnitude": np.abs,
}


@pytest.mark.parametrize("mode", PARTS)
def test_transforms_are_those_of_numpy(mode: str) -> None:
    for raw, inputs, right in (
        ({"fft": {"axis": [-2, -1], "output_mode": mode}}, x, np.fft.fft2(x, axes=(1, 2))),
        ({"fft": {"output_mode": mode}}, {"x": x, "imag": other}, np.fft.fft(x + 1j * other)),
        ({"rfft": {"axis": -2, "output_mode": mode}}, x, np.fft.rfft(x, axis=1)),
        ({"rfft": {"axis": [-1, -2], "output_mode": mode}}, x, np.fft.rfftn(x, axes=(2, 1))),
    ):
        np.testing.assert_allclose(filled(raw, inputs).output(inputs), PARTS[mode](right), atol=1e-4)


def test_the_gradient_of_a_magnitude_of_0_is_0() -> None:
    running = filled({"rfft": {"output_mode": "magnitude"}}, x)
    silent = np.zeros_like(x)
    gradient = jax.grad(lambda x: running(x).outputs["output"].sum())(silent)
    np.testing.assert_array_equal(gradient, silent)


def test_a_mask_along_a_transformed_axis_is_dropped() -> None:
    sequence = TensorType((6, 5), mask=True)
    for raw, masked in (({"axis": -1}, True), ({"axis": -2}, False), ({"axis": [-1, -2]}, False)):
        plan = LAYERS.build({"rfft": raw}).plan(sequence)
        assert (plan.output.mask, plan.drops_mask) == (masked, not masked)
    deep = normal(2, 6, 5)
    mask = normal(2, 6) > 0
    np.testing.assert_array_equal(build({"fft": -1}, deep, {"x": mask})(deep, masks={"x": mask}).masks["output"], mask)


def test_parts_of_other_shapes_are_refused() -> None:
    with pytest.raises(Exception, match=r"`imag` is \[5\], and `x` is \[6\]"):
        LAYERS.build("fft").plan(TensorType((6,)), TensorType((5,)))


def test_ids_are_divided_as_python_does_it() -> None:
    ids = np.array([[-7, -1, 0], [6, 7, 2**31 - 1]], "int32")
    np.testing.assert_array_equal(build({"floor_divide": 7}, ids).output(ids), ids // 7)
    np.testing.assert_array_equal(build({"mod": 7}, ids).output(ids), ids % 7)
    assert LAYERS.build({"mod": 7}).num_output_ids() == 7


def test_a_divisor_beyond_the_dtype_and_floats_are_refused() -> None:
    error = refusal({"mod": 300}, [4], dtype="uint8")
    assert (error.message, error.help) == ("`divisor` 300 is larger than any uint8", "add `cast: int32` before it")
    error = refusal({"floor_divide": 8}, [4])
    assert error.message == "expected integers, got float32"
