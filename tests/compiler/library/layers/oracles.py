"""What an oracle is: for a drawn use of a layer, a Keras 3 layer or a function of the same weights and inputs.

The oracles themselves are in `<kind>/oracles.py`, in a mapping `ORACLES` from the name of a layer to a function of a
`Drawn`. It gives a `Keras`, a function, or None for a use that the oracle gets wrong, with the reason beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

from tests.compiler.library.layers.comparing import called, keras_class, our_name, shapes, tuple_of
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.running import Running

Function = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
"""From weights by our names, and inputs by slot, to the output, or to a tuple of outputs as ports, then penalties."""


@dataclass(frozen=True)
class Keras:
    """A Keras layer, called with `call` of our inputs by slot and with `options` by name.

    `states` makes Keras's form of our first states, `after` our shape of each of its outputs. `names` are ours in the
    order of its variables, where they cannot be told from the names of these.
    """

    layer: Any
    call: Callable[[Mapping[str, Any]], Sequence[Any]] = called
    options: Mapping[str, Any] = field(default_factory=dict)
    states: Callable[[Sequence[Any]], Any] = list
    after: Callable[[Any], Any] = lambda y: y
    names: Sequence[str] = ()


Operation = Callable[..., Any]
Oracle = Callable[[Drawn], Keras | Function | None]
Both = Callable[[Any, Any], tuple[tuple[Any, ...], dict[str, Any]]]
"""From weights and inputs to outputs in order, penalties last if there are any, and the new state."""


def of(layer: Any, **renamed: Callable[[Drawn, Any], tuple[str, Any]]) -> Oracle:
    """The oracle that is a Keras layer with our arguments as they were drawn, so that defaults are compared too.

    An argument in `renamed` is given as what its function makes of it.
    """

    def oracle(use: Drawn) -> Keras:
        return Keras(layer(**keras_arguments(use, **renamed)))

    return oracle


def through(layer: Any, **renamed: Callable[[Drawn, Any], tuple[str, Any]]) -> Oracle:
    """The oracle that is a Keras layer without weights, which is called as a function."""

    def oracle(use: Drawn) -> Function:
        called = layer(**keras_arguments(use, **renamed))
        return lambda params, inputs: called(inputs["x"])

    return oracle


def along(function: Operation) -> Oracle:
    """A function along the drawn axis or axes, with the other arguments by name."""

    def oracle(use: Drawn) -> Function:
        axes = use.arguments.get("axis", -1)
        given = {**use.arguments, "axis": tuple(axes) if isinstance(axes, list) else axes}
        return lambda params, inputs: function(inputs["x"], **given)

    return oracle


def keras_arguments(use: Drawn, **renamed: Callable[[Drawn, Any], tuple[str, Any]]) -> dict[str, Any]:
    """The drawn arguments as Keras takes them: lists as tuples, activations as functions."""
    from tests.compiler.library.layers.activations.oracles import FromRegistry

    given: dict[str, Any] = {}
    for name, value in use.arguments.items():
        if name in renamed:
            key, value = renamed[name](use, value)
            given[key] = value
        elif name in ("activation", "recurrent_activation"):
            given[name] = FromRegistry(value)
        else:
            given[name] = tuple(value) if isinstance(value, list) else value
    return given


def by_name(use: Drawn) -> Keras:
    """Keras's layer of the same name."""
    return Keras(keras_class(use.name)(**keras_arguments(use)))


def larger(value: Any) -> bool:
    """Whether a step or a dilation is more than one, along any direction."""
    return any(size > 1 for size in (value if isinstance(value, list) else [value]))


def only(value: Any) -> int:
    """The one number of a sequence's only direction."""
    return int(value[0] if isinstance(value, list) else value)


def run_ours(use: Drawn, running: Running) -> Both:
    """The layer itself."""

    def run(params: Any, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        result = running.with_params(params, inputs, masks=use.masks, train=use.train)
        outputs = (*(result.outputs[port] for port in use.plan.outputs), *result.penalties.values())
        return outputs, dict(result.state)

    return run


def run_theirs(use: Drawn, running: Running, oracle: Keras | Function) -> Both:
    """The oracle with the same weights and state."""
    if not isinstance(oracle, Keras):
        return lambda params, inputs: (tuple_of(oracle(params, inputs)), {})
    layer = oracle.layer
    options = dict(oracle.options)
    masks = use.masks.get("x")
    if layer._call_has_training_arg:
        options["training"] = use.train
    if masks is not None and layer._call_has_mask_arg and "mask" not in options:
        options["mask"] = jnp.asarray(masks)

    # Traced, because the first values are not used, and Keras would compile each of them.
    jax.eval_shape(lambda: layer.build(*(shapes(given) for given in oracle.call(use.inputs))))
    names = list(oracle.names) or [our_name(variable) for variable in layer.trainable_variables]
    state_names = [our_name(variable) for variable in layer.non_trainable_variables]
    assert sorted(names) == sorted(running.params)
    assert set(running.state) <= set(state_names)
    frozen = [
        running.state.get(our_name(variable), jnp.zeros(variable.shape, variable.dtype))
        for variable in layer.non_trainable_variables
    ]

    def run(params: Any, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        more = {"initial_state": oracle.states(inputs["initial_state"])} if "initial_state" in inputs else {}
        weights = [params[name] for name in names]
        outputs, new = layer.stateless_call(weights, frozen, *oracle.call(inputs), **options, **more)
        outputs = tuple(map(oracle.after, jax.tree.leaves(outputs)))
        return outputs, {
            name: value for name, value in zip(state_names, new, strict=True) if use.train and name in running.state
        }

    return run
