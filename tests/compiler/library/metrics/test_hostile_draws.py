"""Every metric over hostile draws, against scikit-learn, SciPy or a formula: rank figures to 1e-3, others to 1e-5."""

from zlib import crc32

import numpy as np
import pytest

from modelc.compiler.library.metrics import METRICS
from tests.compiler.library.metrics.hostile_draws import draw, measured
from tests.compiler.library.metrics.oracles import ORACLES


def test_every_metric_has_an_oracle() -> None:
    assert set(ORACLES) == set(METRICS)


@pytest.mark.parametrize("name", ORACLES)
def test_hostile_draws_give_what_the_oracle_says(
    name: str, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    oracle, worst, finite = ORACLES[name], 0.0, 0
    draws = pytestconfig.getoption("metric_draws")
    for place in range(draws):
        random = np.random.default_rng([place, crc32(name.encode())])
        metric = METRICS.build({name: oracle.uses[random.integers(len(oracle.uses))]})
        kind = oracle.kinds[random.integers(len(oracle.kinds))]
        steps, flat = random.random(2) < 0.25
        given = draw(kind, random, by_order=metric.by_order, steps=bool(steps), flat=bool(flat))
        found, kept = measured(metric, given, once=draws < 200), given.counted
        if not len(kept.weight):
            assert found == 0 if name == "sum" else np.isnan(found), place
            continue
        wanted = oracle.value(metric, kept)
        if np.isnan(wanted):
            assert np.isnan(found), place
            continue
        finite += 1
        difference = abs(found - wanted) / max(abs(wanted), oracle.scale(metric, kept))
        assert difference <= (1e-5 if metric.additive else 1e-3), f"draw {place}: {found}, expected {wanted}"
        worst = max(worst, difference)
    assert finite > draws / 2
    if draws >= 1000:
        with capsys.disabled():
            print(f"\n{name}: {finite} of {draws} draws have a value, the worst difference is {worst:.1e}")
