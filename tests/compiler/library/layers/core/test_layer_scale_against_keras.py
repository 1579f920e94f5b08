"""A learnt scale, as in ConvNeXt."""

import numpy as np
from keras.src.applications.convnext import LayerScale

from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import build, filled, normal

x3 = normal(3, 4, 6)
COMPARED = {"layer_scale"}


def test_layer_scale_is_that_of_convnext() -> None:
    running, oracle = filled({"layer_scale": {}}, x3), LayerScale(1e-6, 6)
    oracle.build(x3.shape)
    assert np.allclose(oracle.gamma, build({"layer_scale": {}}, x3).params["gamma"])
    oracle.gamma.assign(running.params["gamma"])
    close(running.output(x3), oracle(x3), 1e-6)


def test_a_scale_starts_as_the_argument_says() -> None:
    x = normal(2, 4)
    np.testing.assert_array_equal(build({"layer_scale": 0.25}, x).params["gamma"], np.full(4, 0.25, "float32"))
