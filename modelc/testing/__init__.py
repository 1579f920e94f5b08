"""Tests for classes of the pattern: what the layers, losses and metrics of modelc are held to, for those of plug-ins.

    from modelc.testing import check_layer

    def test_shift() -> None:
        check_layer(Shift, {"by": 0.5}, numpy.ones((3, 4), "float32"), oracle=lambda inputs, weights: inputs["x"] + 0.5)

Each raises AssertionError with what is wrong. Not for models: these are what `modelc validate` checks.
"""

from modelc.testing.layers import check_layer
from modelc.testing.losses import check_loss
from modelc.testing.metrics import check_metric

__all__ = ["check_layer", "check_loss", "check_metric"]
