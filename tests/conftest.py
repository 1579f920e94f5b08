"""What must be set before any test imports jax or keras, and how hypothesis runs."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import hypothesis
import pytest

# Tracing and compiling take as long as they take: a deadline would fail on a busy machine. The same examples are drawn
# in every run, so that a failure belongs to the change that made it.
hypothesis.settings.register_profile(
    "modelc", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("modelc")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutations", type=int, default=1000, help="how many damaged specs `test_mutations` tries")
