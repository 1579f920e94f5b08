"""Laws of the whole language, over specs drawn at random: what a spec amounts to is what it computes, and the order in which
it is written down says nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from modelc.compiler import api
from modelc.compiler.api import Checked, check, check_file
from modelc.compiler.expansion.resolved_spec import resolve
from modelc.compiler.expansion.yaml_writer import to_yaml
from modelc.compiler.graph.graph import Edge
from modelc.compiler.lowering.passes import roll_repeats
from tests.compiler.library.layers.running import QUICK
from tests.drawn_specs import NAMES, PATH, parted, shuffled, specs
from tests.drawn_tasks import FIRST, task

KNOWN = {PATH: NAMES}
SEEDS = st.integers(0, 1000)
FEATURES = {
    *("Body", "Deep", "Fork", "residual", "parallel", "share", "lstm", "layers", "nodes", "times", "tied"),
    *(
        "index",
        "shape",
        "${shape(input)[-1] + 0 * i}",
        "repeat 0",
        "repeat 9",
        "repeat $times",
        "port",
        "shortcut",
        "shortcut []",
        "join multiply",
    ),
    *("time_distributed", "bidirectional", "elu"),
    *("${classes(kind) + small}", "classes $names", "classes $names.1", f"file {PATH}", "file $path", "kind $reader"),
    *(
        "windows",
        "tokens",
        "parts",
        "span",
        "mask_tokens",
        "label_image",
        "cutmix",
        "multi_label",
        "gaps end",
        "fill previous",
        "sampling",
        "mixup",
        "on_bad_row skip",
        "validation {'npz': 'later.npz'}",
        "test",
    ),
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


def hold(count: int, law: Callable[[dict[str, Any], int], None]) -> None:
    """Call `law` with so many drawn specs and seeds; one in eight has data and training."""
    drawn(count - count // 8)(given(specs(), SEEDS)(law))()
    for seed in range(count // 8):
        law(task(FIRST + seed), seed)


def checked(text: str, name: str) -> Checked:
    found = check(text, name, class_names=KNOWN)
    shown = [problem.message for problem in found.errors]
    assert found.task is not None and not shown, (shown, text)
    return found


def resolved(found: Checked) -> Checked:
    """What the resolved form of a checked spec is in turn."""
    assert found.document is not None
    again = checked(to_yaml(resolve(found.document, found.class_names), found.sources), "resolved.yaml")
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
    elif isinstance(value, str) and "shape(" in value:
        yield from ("shape", value)
    elif isinstance(value, str) and "classes(" in value:
        yield value


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


@drawn(6)
@given(specs(), SEEDS)
def test_the_resolved_form_and_any_order_compute_the_same_to_the_bit(spec: dict[str, Any], seed: int) -> None:
    programs: dict[str, Any] = {}
    found = checked(json.dumps(spec), "spec.json")
    expected = numbers(found, programs)
    assert all(np.isfinite(array).all() for array in expected.values())
    assert_same_bits(expected, numbers(checked(json.dumps(shuffled(spec, seed)), "spec.json"), programs))
    assert_same_bits(expected, numbers(resolved(found), programs))
    with patch.object(roll_repeats, "LEAST", 1001):
        unrolled = numbers(found, programs)
    assert expected.keys() == unrolled.keys()
    for path, array in expected.items():
        np.testing.assert_allclose(array, unrolled[path], rtol=1e-4, atol=1e-5, err_msg=path)


def test_the_resolved_form_and_any_order_are_the_same_graph() -> None:
    seen: set[str] = set()

    def same(spec: dict[str, Any], seed: int) -> None:
        found = checked(json.dumps(spec), "spec.json")
        seen.update(features([spec["model"], spec.get("data"), spec["vars"]]))
        graphs = [graph(found), graph(resolved(found)), graph(checked(json.dumps(shuffled(spec, seed)), "spec.json"))]
        assert graphs[0] == graphs[1] == graphs[2]

    hold(130, same)
    assert seen >= FEATURES, FEATURES - seen


def test_a_spec_in_two_files_is_the_same_graph(tmp_path: Path) -> None:
    def same(spec: dict[str, Any], seed: int) -> None:
        base, own = parted(spec, seed)
        write(tmp_path / "base.json", base)
        merged = in_file(tmp_path / "spec.json", {**own, "extends": "base.json"})
        assert graph(merged) == graph(checked(json.dumps(spec), "spec.json"))
        assert graph(merged) == graph(resolved(merged))

    hold(40, same)


def test_the_model_of_another_file_is_its_graph_below_the_name_of_the_block(tmp_path: Path) -> None:
    def same(spec: dict[str, Any], seed: int) -> None:
        model = spec["model"]
        write(tmp_path / "other.json", spec)
        using: dict[str, Any] = {"inputs": model["inputs"], "layers": ["Other"]}
        if "nodes" in model:
            first, *rest = model["outputs"]
            using = {
                "inputs": model["inputs"],
                "nodes": {"node": {"from": [*model["inputs"]], "Other": None}},
                "outputs": {first: "node", **{name: f"node.{name}" for name in rest}},
            }
        blocks = {"Other": {"use": "other.json"}}
        found = in_file(tmp_path / "spec.json", {"modelc": 1, "blocks": blocks, "model": using})
        above = "node/" if "nodes" in model else "Other/"
        (nodes, outputs, _, weights, _), expected = graph(found, above), graph(checked(json.dumps(spec), "spec.json"))
        # Scopes have the block in them, and the output of a chain another name.
        assert [node[:-1] for node in nodes] == [node[:-1] for node in expected[0]]
        assert [*outputs.values()] == [*expected[1].values()] and weights == expected[3]

    hold(40, same)


def test_setting_a_value_to_what_it_is_changes_nothing() -> None:
    def same(spec: dict[str, Any], seed: int) -> None:
        text = json.dumps(spec)
        expected = graph(checked(text, "spec.json"))
        for path, value in values(spec):
            found = check(text, "spec.json", settings=[f"{path}={json.dumps(value)}"], class_names=KNOWN)
            bare = [problem.message for problem in found.errors if "is its argument" in problem.message]
            assert bare or graph(found) == expected, (path, found.errors)

    hold(5, same)


def values(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """All that a spec holds, by path, but for its sections and its version."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        here = (*path, str(key))
        if len(here) > 1:
            yield ".".join(here), entry
        yield from values(entry, here)


def write(path: Path, spec: dict[str, Any]) -> None:
    path.write_text(json.dumps(spec), encoding="utf-8")


def in_file(path: Path, spec: dict[str, Any]) -> Checked:
    """A spec that names files beside it, without an error in it."""
    write(path, spec)
    (path.parent / PATH).write_text("\n".join(NAMES), encoding="utf-8")
    found = check_file(path)
    assert found.task is not None and not found.errors, (found.errors, spec)
    return found


def graph(found: Checked, above: str = "") -> Any:
    """The graph without the places where it is written, the shapes of all weights, and the classes of the data; paths without
    what is `above` them.
    """
    assert found.task is not None
    data = found.task.data
    planned = found.task.planned

    def edge(one: Edge | None) -> Any:
        return one and (one.node.removeprefix(above), one.port)

    nodes = [
        (
            node.path.removeprefix(above),
            node.layer,
            [(feed.slot, edge(feed.edge)) for feed in node.feeds or ()],
            node.owner.removeprefix(above),
            node.scope,
        )
        for node in planned.graph.nodes
    ]
    weights = {
        path.removeprefix(above): {name: weight.shape for name, weight in plan.params.items()}
        for path, plan in planned.owned()
    }
    outputs = {name: edge(one) for name, one in planned.graph.outputs.items()}
    classes = {name: reader and reader.class_names(None) for name, reader in data.targets.items()} if data else {}
    assert all(names == NAMES for name, names in classes.items() if name == "kind")
    # A file of class names and the names themselves are the same.
    rows = data and data._replace(inputs={}, targets={})
    return nodes, outputs, planned.graph.inputs, weights, (classes, rows, found.task.spec.train)
