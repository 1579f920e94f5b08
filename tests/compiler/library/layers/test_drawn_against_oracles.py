"""Every layer against its oracle over drawn arguments and inputs: values, new state, penalties and gradients.

All uses of a layer are compiled at once, since compiling takes the time. What no drawing would find by chance, and what
is random in training, is in the `test_<family>_against_<oracle>.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import compare
from tests.compiler.library.layers.drawn import Drawn, draw, draw_many
from tests.compiler.library.layers.families import few, oracles
from tests.compiler.library.layers.oracles import Both, run_ours, run_theirs

WITHOUT = {
    "integer_lookup": "Keras's needs TensorFlow; the examples of its docstring are in `preprocessing/test_features_against_keras.py`",
}
"""Layers that no oracle can run here, with where the golden values come from."""


@dataclass(frozen=True)
class Held:
    """A use that an oracle knows, and both functions of its weights and inputs."""

    use: Drawn
    ours: Both
    theirs: Both
    params: Any
    inputs: Any

    def ports(self) -> list[str]:
        return [f"{port} of {self.use}" for port in (*self.use.plan.outputs, *["penalty"] * self.use.layer.penalizes)]


def held(name: str) -> Iterator[Held]:
    """The most telling uses of a layer that its oracle does not leave out."""
    # A generator, so that more are drawn only where the oracle leaves out too many.
    for use in chain.from_iterable(uses(name) for uses in (draw, draw_many)):
        if any(entry.per_row for entry in use.plan.state.values()):
            # Keras keeps what goes from batch to batch outside of a traced call: `tests/runtime/training/test_stateful.py`.
            continue
        oracle = oracles()[name](use)
        if oracle is not None:
            running = use.running()
            params, inputs = jax.tree.map(jnp.asarray, (running.params, use.inputs))
            yield Held(use, run_ours(use, running), run_theirs(use, running, oracle), params, inputs)


def together(runs: list[Both], uses: list[Held]) -> Both:
    """All of `runs` as one function of all weights and of all inputs."""

    def run(params: Any, inputs: Any) -> Any:
        outputs: list[Any] = []
        states: dict[str, Any] = {}
        for one, run, weights, given in zip(uses, runs, params, inputs, strict=True):
            values, state = run(weights, given)
            assert len(values) == len(one.ports()), str(one.use)
            outputs += values
            states |= {f"{entry} of {one.use}": value for entry, value in state.items()}
        return tuple(outputs), states

    return run


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in WITHOUT])
def test_drawn_uses_compute_what_the_oracle_computes(name: str) -> None:
    uses = list(islice(held(name), few(name)))
    assert len(uses) >= 3, "the oracle leaves out too much"
    ours, theirs = together([one.ours for one in uses], uses), together([one.theirs for one in uses], uses)
    ports = [port for one in uses for port in one.ports()]
    compare(ours, theirs, [one.params for one in uses], [one.inputs for one in uses], ports)


def test_every_layer_has_an_oracle() -> None:
    assert not set(oracles()) & set(WITHOUT)
    assert set(oracles()) | set(WITHOUT) == set(LAYERS)
