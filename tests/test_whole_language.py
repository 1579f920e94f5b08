"""Laws of the whole language, over specs drawn at random: what a spec amounts to is what it computes, and the order in which
it is written down says nothing."""

import json
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from modelc.compiler import api
from modelc.compiler.api import Checked, check
from modelc.compiler.expand.resolving import resolve
from modelc.compiler.expand.writing import written
from tests.compiler.layers.running import QUICK
from tests.drawn_specs import shuffled, specs

SEEDS = st.integers(0, 1000)
FEATURES = {
    *("Body", "Deep", "Fork", "residual", "parallel", "share", "lstm", "layers", "nodes", "times", "tied"),
    *("repeat 0", "repeat 9", "repeat $times", "port"),
}


def drawn(count: int) -> settings:
    """Settings for so many drawn cases, the same in every run."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def checked(text: str, name: str) -> Checked:
    found = check(text, name)
    shown = [problem.message for problem in found.errors]
    assert found.task is not None and not shown, (shown, text)
    return found


def resolved(found: Checked) -> Checked:
    """What the resolved form of a checked spec is in turn."""
    assert found.document is not None
    again = checked(written(resolve(found.document), found.sources), "resolved.yaml")
    unused = [problem.message for problem in again.problems if problem.code == "W909"]
    # Only variables that a block computes with are kept; one that no layer uses does not use them.
    assert any("the block" in message for message in unused) or not unused
    return again


def features(value: Any) -> Iterator[str]:
    """The words that a drawn spec uses."""
    if isinstance(value, list):
        for item in value:
            yield from features(item)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield f"{key} {below}"
            yield from features(below)
    elif isinstance(value, str) and value.startswith("n") and "." in value:
        yield "port"


def numbers(found: Checked, programs: dict[str, Any]) -> dict[str, np.ndarray]:
    """First weights and state, and of one step in training: outputs, new state, gradients and the weights after it.

    `programs` has the executables of the programs that were compiled before, by their text: one text is compiled once.
    """
    assert found.task is not None
    compiled = api.compile(found.task)

    def step(key: jax.Array, inputs: Any) -> Any:
        params, state = compiled.init(key)

        def loss(params: Any) -> Any:
            outputs, new = compiled.apply(params, state, inputs, train=True, key=key)
            return sum(jnp.sum(jnp.sin(value)) for value in outputs.values()), (outputs, new)

        (_, told), gradients = jax.value_and_grad(loss, has_aux=True)(params)
        after = jax.tree.map(lambda weight, slope: weight - 0.1 * slope, params, gradients)
        return {"first": params, "state": state, "told": told, "gradients": gradients, "after": after}

    rng = np.random.default_rng(0)
    types = compiled.graph.graph.inputs
    inputs = {name: rng.normal(size=(3, *types[name].shape)).astype("float32") for name in sorted(types)}  # type: ignore[union-attr]  # read without an error
    key = jax.random.key(0)
    lowered = jax.jit(step).lower(key, inputs)
    if (program := lowered.as_text()) not in programs:
        programs[program] = lowered.compile(QUICK)
    result = jax.tree.unflatten(lowered.out_tree, jax.tree.leaves(programs[program](key, inputs)))
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(result)}


def assert_same_bits(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for path, array in one.items():
        assert array.dtype == other[path].dtype and array.tobytes() == other[path].tobytes(), path


@drawn(10)
@given(specs(), SEEDS)
def test_the_resolved_form_and_any_order_compute_the_same_to_the_bit(spec: dict[str, Any], seed: int) -> None:
    programs: dict[str, Any] = {}
    found = checked(json.dumps(spec), "spec.json")
    expected = numbers(found, programs)
    assert all(np.isfinite(array).all() for array in expected.values())
    assert_same_bits(expected, numbers(checked(json.dumps(shuffled(spec, seed)), "spec.json"), programs))
    assert_same_bits(expected, numbers(resolved(found), programs))


def test_the_resolved_form_and_any_order_are_the_same_graph() -> None:
    seen: set[str] = set()

    @drawn(150)
    @given(specs(), SEEDS)
    def same(spec: dict[str, Any], seed: int) -> None:
        found = checked(json.dumps(spec), "spec.json")
        seen.update(features(spec["model"]))
        graphs = [graph(found), graph(resolved(found)), graph(checked(json.dumps(shuffled(spec, seed)), "spec.json"))]
        assert graphs[0] == graphs[1] == graphs[2]

    same()
    assert seen >= FEATURES, FEATURES - seen


def graph(found: Checked) -> Any:
    """The graph without the places where it is written, and the shapes of all weights."""
    assert found.task is not None
    planned = found.task.planned
    nodes = [
        (node.path, node.layer, [(feed.slot, feed.edge) for feed in node.feeds or ()], node.owner, node.scope)
        for node in planned.graph.nodes
    ]
    weights = {path: {name: weight.shape for name, weight in plan.params.items()} for path, plan in planned.owned()}
    return nodes, planned.graph.outputs, planned.graph.inputs, weights
