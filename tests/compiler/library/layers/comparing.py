"""Holds a layer of ours against a Keras 3 layer of the same weights: values, statistics and gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from modelc.compiler.library.layers import ACTIVATIONS
from tests.compiler.library.layers.running import QUICK, Running, by_slot, filled, normal

PARTS = {part: part for part in ("query", "key", "value", "gate")} | {"attention_output": "output"}
"""Our names of the parts of a Keras layer that hold variables of their own."""


@dataclass
class Case:
    """A layer of ours, Keras's, and what both are called with.

    `call` says how Keras is called with our inputs by slot, as positional arguments; a mask in `masks` is set on the
    input of its slot. `options` are given to Keras's call by name.
    """

    raw: Any
    oracle: Callable[[], Any]
    inputs: Any
    mask: Any = None
    train: bool = False
    ports: tuple[str, ...] = ("output",)
    masks: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    call: Callable[[Any], Sequence[Any]] | None = None

    def __post_init__(self) -> None:
        if self.mask is not None:
            self.masks = {"x": jnp.asarray(self.mask)}
            self.options = {**self.options, "mask": jnp.asarray(self.mask)}

    @property
    def name(self) -> str:
        (layer,) = self.raw
        return str(layer)

    def running(self) -> Running:
        return filled(self.raw, self.inputs, self.masks)


def close(ours: Any, theirs: Any, tolerance: float, what: str = "") -> None:
    """Equal within `tolerance` of the largest expected value, or of 0.1 where that is all but zero."""
    ours, theirs = (np.asarray(x, float if x.dtype == bool else None) for x in (ours, theirs))
    assert ours.shape == theirs.shape, what
    largest = max(float(np.max(np.abs(theirs), initial=0)), 0.1)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * largest, err_msg=what)


def our_name(variable: Any) -> str:
    """What we call a Keras variable."""
    for part in ("forward", "backward"):
        if f"/{part}_" in variable.path or variable.path.startswith(f"{part}_"):
            return f"{part}/{variable.name}"
    owner = variable.path.split("/")[-2] if "/" in variable.path else ""
    return f"{PARTS[owner]}/{variable.name}" if owner in PARTS else str(variable.name)


def called(inputs: Any) -> Sequence[Any]:
    """What Keras is called with for inputs by slot: a list for the slot `inputs`, an array for `x`."""
    return [list(inputs["inputs"])] if "inputs" in inputs else [inputs["x"]]


def shapes(given: Any) -> Any:
    """The shape, or list of shapes, that Keras builds a layer for."""
    return [x.shape for x in given] if isinstance(given, (tuple, list)) else given.shape


def tuple_of(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


def is_float(value: Any) -> bool:
    return bool(jnp.issubdtype(value.dtype, jnp.floating))


def check(case: Case) -> None:
    """Hold one case: the same weights by name, outputs to 1e-5, new state to 1e-5, gradients to 1e-4."""
    running, oracle = case.running(), case.oracle()
    call = case.call or called
    slots = jax.tree.map(jnp.asarray, by_slot(case.inputs))
    options = dict(case.options)
    if oracle._call_has_training_arg:
        options["training"] = case.train
    oracle.build(*(shapes(given) for given in call(slots)))

    names = [our_name(variable) for variable in oracle.trainable_variables]
    state_names = [our_name(variable) for variable in oracle.non_trainable_variables if "seed" not in variable.path]
    assert sorted(names) == sorted(running.params)
    assert sorted(state_names) == sorted(running.state)
    frozen = [running.state.get(our_name(variable), variable.value) for variable in oracle.non_trainable_variables]

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        result = running.with_params(params, inputs, masks=case.masks, train=case.train)
        assert sorted(result.outputs) == sorted(case.ports)
        return tuple(result.outputs[port] for port in case.ports), dict(result.state)

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        more = {"initial_state": list(inputs["initial_state"])} if "initial_state" in inputs else {}
        outputs, new = oracle.stateless_call([params[name] for name in names], frozen, *call(inputs), **options, **more)
        new_state = zip((our_name(variable) for variable in oracle.non_trainable_variables), new, strict=True)
        return tuple_of(outputs), {name: value for name, value in new_state if name in running.state}

    params = jax.tree.map(jnp.asarray, running.params)
    state = compare(ours, theirs, params, slots, case.ports)
    assert bool(state) == (case.train and bool(running.state))


def check_together(cases: Sequence[Case]) -> None:
    """Compare many small cases in one compiled function: compiling each would take longer than all the rest."""
    inputs = [jax.tree.map(jnp.asarray, case.inputs) for case in cases]
    assert all(map(is_float, jax.tree.leaves(inputs))), "no gradients would be compared"

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        results = [case.running()(given) for case, given in zip(cases, inputs, strict=True)]
        assert [sorted(result.outputs) for result in results] == [sorted(case.ports) for case in cases]
        return tuple(
            result.outputs[port] for case, result in zip(cases, results, strict=True) for port in case.ports
        ), {}

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        given = zip(cases, inputs, strict=True)
        return tuple(y for case, x in given for y in tuple_of(case.oracle()(x))), {}

    compare(ours, theirs, {}, inputs, [f"{case.raw} {port}" for case in cases for port in case.ports])


def keras_class(name: str) -> Any:
    """`global_avg_pool1d` is `GlobalAveragePooling1D`."""
    folded = name.replace("avg_pool", "average_pooling").replace("max_pool", "max_pooling").replace("_", "")
    return next(getattr(keras.layers, entry) for entry in dir(keras.layers) if entry.lower() == folded)


def check_uses(name: str, uses: Sequence[tuple[dict[str, Any], np.ndarray]]) -> None:
    """Compare the layer `name` with Keras's of the same name and arguments, for several arguments and arrays at once."""
    runs, oracles, params, inputs = [], [], [], []
    for arguments, x in uses:
        running, oracle = filled({name: arguments}, x), keras_class(name)(**arguments)
        oracle.build(x.shape)
        names = [variable.name for variable in oracle.trainable_variables]
        assert sorted(names) == sorted(running.params)
        runs.append(running)
        oracles.append((oracle, names))
        params.append(running.params)
        inputs.append(jnp.asarray(x))

    def ours(params: Any, inputs: Any) -> Any:
        called = zip(runs, params, inputs, strict=True)
        return tuple(run.with_params(p, x).outputs["output"] for run, p, x in called), {}

    def theirs(params: Any, inputs: Any) -> Any:
        called = zip(oracles, params, inputs, strict=True)
        return tuple(oracle.stateless_call([p[n] for n in names], [], x)[0] for (oracle, names), p, x in called), {}

    compare(ours, theirs, params, inputs, [str(arguments) for arguments, _ in uses])


Run = Callable[[Any, Any], tuple[Any, Any]]


def compare(ours: Run, theirs: Run, params: Any, inputs: Any, ports: Sequence[str] = ("output",)) -> Any:
    """Hold two functions from weights and inputs to (a tuple of outputs, new state) against each other; our new state."""

    def values_and_gradients(run: Run, params: Any, inputs: Any) -> tuple[Any, Any, Any]:
        def total(params: Any, inputs: Any) -> Any:
            outputs, state = run(params, inputs)
            weights = [normal(*value.shape, seed=seed + 50) for seed, value in enumerate(outputs)]
            weighted = [jnp.sum(value * weight) for value, weight in zip(outputs, weights, strict=True)]
            return sum(weighted), (outputs, state)

        gradients, (outputs, state) = jax.grad(total, (0, 1), has_aux=True, allow_int=True)(params, inputs)
        return outputs, state, jax.tree.map(lambda x: x if is_float(x) else None, gradients)

    (outputs, state, gradients), (expected, expected_state, expected_gradients) = jax.jit(
        lambda *given: (values_and_gradients(ours, *given), values_and_gradients(theirs, *given)),
        compiler_options=QUICK,
    )(params, inputs)
    for port, value, right in zip(ports, outputs, expected, strict=True):
        close(value, right, 1e-5, port)
    for name in state:
        close(state[name], expected_state[name], 1e-5, name)
    for (path, value), right in zip(
        jax.tree_util.tree_leaves_with_path(gradients), jax.tree.leaves(expected_gradients), strict=True
    ):
        assert np.isfinite(value).all()
        close(value, right, 1e-4, jax.tree_util.keystr(path))
    return state


def check_activation(raw: Any, oracle: Callable[[Any], Any]) -> None:
    """Hold an activation against a function: values to 1e-5, gradients to 1e-4, at zeros too."""
    x = np.concatenate([normal(3, 4, 5) * 3, np.zeros((1, 4, 5), "float32")])
    activation = ACTIVATIONS.build(raw)
    weight = normal(*x.shape, seed=1)

    def value_and_gradient(function: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
        y, back = jax.vjp(function, x)
        return y, back(weight)[0]

    ours, our_gradient, theirs, their_gradient = jax.jit(
        lambda x: (*value_and_gradient(activation.function, x), *value_and_gradient(oracle, x)), compiler_options=QUICK
    )(x)
    close(ours, theirs, 1e-5)
    close(our_gradient, their_gradient, 1e-4)
