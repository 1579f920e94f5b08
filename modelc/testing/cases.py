"""A layer with weights, state and a batch, for the tests of the kit: runs it as the compiled model does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from modelc.plugin import Batch, Call, Layer, Plan, Result, TensorType
from modelc.testing.numbers import is_float, normal, quickly

if TYPE_CHECKING:
    from jax import Array

PADDING = 2
"""Rows that pad a batch in the tests."""


@dataclass(frozen=True)
class Case:
    """A layer with weights and state, and the batch that it is tried on. Inputs and masks are by slot.

    `valid_rows` is the number of valid rows, the first ones; None if all are valid.
    """

    layer: Layer
    plan: Plan
    params: Mapping[str, Any]
    state: Mapping[str, Any]
    inputs: Mapping[str, Any]
    masks: Mapping[str, Any]
    valid_rows: int | None = None

    @property
    def rows(self) -> int:
        import jax

        return int(jax.tree.leaves(self.inputs)[0].shape[0])

    def result(
        self,
        params: Any = None,
        inputs: Any = None,
        *,
        masks: Any = None,
        train: bool = False,
        rows: "Array | None" = None,
    ) -> Result:
        """The result of the layer; weights, inputs and masks that are not given are those of the case."""
        import jax
        import jax.numpy as jnp

        call = Call(
            jax.tree.map(jnp.asarray, self.params if params is None else params),
            jax.tree.map(jnp.asarray, self.state),
            self.masks if masks is None else masks,
            rows,
            train,
            root_key(1) if train else None,
        )
        inputs = jax.tree.map(jnp.asarray, self.inputs if inputs is None else inputs)
        given = self.layer.apply(call, **inputs)
        return Result.given(given)

    def parts(self, *given: Any, **options: Any) -> dict[str, dict[str, Any]]:
        """The result as mappings, which jit takes."""
        result = self.result(*given, **options)
        return {
            "outputs": dict(result.outputs),
            "state": dict(result.state),
            "masks": {port: mask for port, mask in result.masks.items() if mask is not None},
            "penalties": dict(result.penalties),
        }

    @cached_property
    def modes(self) -> tuple[bool, ...]:
        """The values of `train` between which there is a difference: in the operations, or in what they take."""
        import jax.numpy as jnp
        import numpy as np

        known = (None, jnp.asarray(np.ones(self.rows, bool)))
        differs = any(self.traced(train=False, rows=rows) != self.traced(train=True, rows=rows) for rows in known)
        return (False, True) if differs else (False,)

    def traced(self, **options: Any) -> tuple[str, list[bytes]]:
        """The operations that lead to `parts`, and the arrays that they take besides weights and inputs."""
        import jax
        import jax.numpy as jnp
        import numpy as np

        found = jax.make_jaxpr(partial(self.parts, **options))(self.params, self.inputs)
        arrays = [x for x in found.consts if not jnp.issubdtype(x.dtype, jax.dtypes.prng_key)]
        return str(found), [np.asarray(x).tobytes() for x in arrays]

    def values(self, *, train: bool = False, rows: "Array | None" = None) -> dict[str, dict[str, Any]]:
        """`parts`, compiled."""
        found: dict[str, dict[str, Any]] = quickly(partial(self.parts, train=train, rows=rows))(
            self.params, self.inputs
        )
        return found

    @cached_property
    def programs(self) -> dict[bool, Callable[..., Any]]:
        """What is `compiled` for each of `modes`."""
        return {train: self.compiled(train=train) for train in self.modes}

    @cached_property
    def found(self) -> dict[bool, tuple[dict[str, dict[str, Any]], Any]]:
        """The values, and the gradients by weights and by float inputs, for each of `modes`."""
        given = dict(self.params), dict(self.state), dict(self.inputs)
        return {train: program(*given) for train, program in self.programs.items()}

    def values_of(self, inputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The values without training of other inputs of the same shapes and dtypes, by the program that there is for these."""
        found: dict[str, dict[str, Any]]
        found, _ = self.programs[False](dict(self.params), dict(self.state), dict(inputs))
        return found

    def compiled(self, *, train: bool, rows: "Array | None" = None) -> Callable[..., Any]:
        """`parts` and the gradients, compiled together, as a function of weights, state and inputs."""
        import jax

        def both(params: Any, state: Any, inputs: Any) -> Any:
            case = replace(self, state=state, inputs=inputs)
            gradients = jax.grad(partial(case.total, train=train, rows=rows), (0, 1))(params, floats_of(inputs))
            return case.parts(params, inputs, train=train, rows=rows), gradients

        return quickly(both)

    def total(self, params: Any, floats: Any, **options: Any) -> Any:
        """A scalar that depends on every value of the valid rows, for gradients. `floats` are float inputs."""
        import jax.numpy as jnp

        result = self.result(params, merged(self.inputs, floats), **options)
        dtype = next((value.dtype for value in result.outputs.values() if is_float(value)), "float32")
        total: Any = sum(map(jnp.sum, result.penalties.values()), start=jnp.zeros((), dtype))
        for index, (_, value) in enumerate(sorted(result.outputs.items())):
            if is_float(value):
                valid_rows = value[: self.valid_rows]
                total += jnp.sum(valid_rows * normal(valid_rows.shape, seed=40 + index).astype(valid_rows.dtype))
        return total


def case_of(layer: Layer, inputs: Any, masks: Mapping[str, Any]) -> Case:
    """The layer with weights and state that differ from their initial values, lest zeros hide a fault; fitted state is fitted."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    if not isinstance(inputs, Mapping):
        inputs = {layer.slots[0].name: inputs}
    inputs = {slot: tuple(map(np.asarray, x)) if isinstance(x, tuple) else np.asarray(x) for slot, x in inputs.items()}
    counts = {x.shape[:1] for x in jax.tree.leaves(inputs)}
    assert len(counts) == 1 and min(counts) > (1,), f"the inputs need one number of rows, at least two; got {counts}"
    plan = layer.plan(**types(inputs, masks))
    rows = min(counts)[0]
    drawn, state = jax.tree.map(np.asarray, quickly(partial(initial, plan, rows))())
    params = {
        name: value + normal(value.shape, seed=10 + index) * 0.3 for index, (name, value) in enumerate(drawn.items())
    }
    if plan.fitted:
        (slot,) = inputs
        state |= dict(layer.fit([Batch(inputs[slot], masks.get(slot))]))
    elif state:
        state = {name: value * 1.25 if is_float(value) else value for name, value in state.items()}
    given = {slot: jax.tree.map(jnp.asarray, mask) for slot, mask in masks.items()}
    return Case(layer, plan, params, state, inputs, given)


def initial(plan: Plan, rows: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Initial weights and state of a plan, by name, for a batch of `rows`."""
    key_of = Call({}, key=root_key(0)).random
    params = {
        name: weight.initializer.sample(key_of(name), weight.shape, weight.dtype)
        for name, weight in plan.params.items()
    }
    state = {
        name: entry.initializer.sample(
            key_of(name), (rows, *entry.shape) if entry.per_row else entry.shape, entry.dtype
        )
        for name, entry in plan.state.items()
    }
    return params, state


def root_key(seed: int) -> "Array":
    """The key that all others of a test are derived from, whatever jax is set to make keys of."""
    import jax

    # Made now, also while tracing: there it would be an operation of every use that trains, random or not.
    with jax.ensure_compile_time_eval():
        return jax.random.key(seed, impl="threefry2x32")


def types(inputs: Mapping[str, Any], masks: Mapping[str, Any]) -> dict[str, Any]:
    """The types of one example of batched arrays, by slot."""

    def one(x: Any, mask: Any) -> TensorType:
        return TensorType(tuple(x.shape[1:]), str(x.dtype), mask=mask is not None)

    found: dict[str, Any] = {}
    for slot, value in inputs.items():
        mask = masks.get(slot)
        if isinstance(value, tuple):
            found[slot] = tuple(one(x, m) for x, m in zip(value, mask or (None,) * len(value), strict=True))
        else:
            found[slot] = one(value, mask)
    return found


def floats_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that have gradients; a tuple only where all of it has."""
    import jax

    return {slot: value for slot, value in inputs.items() if all(map(is_float, jax.tree.leaves(value)))}


def merged(inputs: Mapping[str, Any], floats: Mapping[str, Any]) -> dict[str, Any]:
    return {**inputs, **floats}


def first(case: Case, count: int) -> Case:
    """The case with its first rows alone. They are taken by numpy: for jax, that is a program of each shape to compile."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    state = {name: x[:count] if case.plan.state[name].per_row else x for name, x in case.state.items()}
    inputs = jax.tree.map(lambda x: x[:count], case.inputs)
    masks = jax.tree.map(lambda x: jnp.asarray(np.asarray(x)[:count]), case.masks)
    return replace(case, inputs=inputs, masks=masks, state=state)


def padded(case: Case, fill: Callable[..., Any]) -> Case:
    """The case with more rows, made by `fill`, which do not count."""
    import jax

    longer = partial(fill, rows=PADDING)
    state = {name: longer(x) if case.plan.state[name].per_row else x for name, x in case.state.items()}
    inputs, masks = jax.tree.map(longer, case.inputs), jax.tree.map(longer, case.masks)
    return replace(case, inputs=inputs, masks=masks, state=state, valid_rows=case.rows)
