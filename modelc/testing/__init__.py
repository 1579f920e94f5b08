"""The public test kit: the tests of modelc's own layers, losses, metrics, readers and sources, for those of plug-ins.

    from modelc.testing import check_layer

    def test_shift() -> None:
        check_layer(Shift, {"by": 0.5}, numpy.ones((3, 4), "float32"), oracle=lambda inputs, weights: inputs["x"] + 0.5)

Each raises AssertionError with the first fault. Not for models: use `modelc validate` for these.
"""

from modelc.testing.layers import check_layer
from modelc.testing.losses import check_loss
from modelc.testing.metrics import check_metric
from modelc.testing.readers import check_reader
from modelc.testing.sources import check_source

__all__ = ["check_layer", "check_loss", "check_metric", "check_reader", "check_source"]
