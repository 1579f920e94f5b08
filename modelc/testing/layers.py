"""Tests of a layer: its methods agree, and padding, batches and precision do not change its values.

`LAWS` has one function for each property; `check_layer` runs all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from modelc.plugin import Layer, PlanError, TensorType
from modelc.testing.cases import PADDING, Case, case_of, first, floats_of, merged, padded, types
from modelc.testing.documents import thing
from modelc.testing.numbers import (
    FORWARD,
    GRADIENT,
    all_close,
    check_slopes,
    close,
    garbage,
    is_float,
    normal,
    quickly,
    repeated,
)

HALF = 2**-5
"""How far values in bfloat16 and float16 may be from those in float32, relative to the largest: eight bits, and a few roundings."""


def check_layer(
    layer: type[Layer] | str,
    arguments: Any,
    inputs: Any,
    *,
    masks: Mapping[str, Any] | None = None,
    oracle: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] | None = None,
    oracle_gradients: bool = True,
    smooth: bool = True,
    half: float = HALF,
) -> None:
    """Run all tests of modelc's own layers on a layer. Raises AssertionError.

    `layer` is its class, or its name in a registry; `arguments` are those of a spec. `inputs` is a batch of at least two
    rows: an array, a tuple for a slot that takes many, or a mapping by slot; `masks` by slot, `[batch, time]`. `oracle`
    computes the output from inputs by slot and weights by name, independently: an array, or a mapping by port. It is
    compared to 1e-5 of the largest value, and its gradients to 1e-4 where it is written in jax (`oracle_gradients`).
    `smooth` is false for a layer whose gradient is by intent not the slope of its values; `half` is how far values in
    bfloat16 and float16 may be from those in float32.
    """
    with thing(Layer, layer, arguments) as built:
        case = case_of(built, inputs, masks or {})
        for law in LAWS:
            law(case)
        if smooth:
            gradients_are_slopes(case)
        half_precision_is_close(case, half)
        if oracle is not None:
            agrees(case, oracle, oracle_gradients)
        probe(built)


def plan_is_what_apply_gives(case: Case) -> None:
    """The types that `plan` promises are those of the arrays that `apply` gives, for one row and for several."""
    import jax

    for count, train in ((1, False), (case.rows, True)):
        part = first(case, count)
        given = jax.eval_shape(lambda part=part, train=train: part.parts(train=train))
        found = {port: (x.shape, str(x.dtype)) for port, x in given["outputs"].items()}
        wanted = {port: ((count, *x.shape), x.dtype) for port, x in case.plan.outputs.items()}
        assert found == wanted, f"apply gives {found}, plan promises {wanted}"
        state = {name: (x.shape, str(x.dtype)) for name, x in given["state"].items()}
        for name, entry in state.items():
            own = case.plan.state.get(name)
            assert own is not None, f"apply changes the state `{name}`, which plan does not have"
            shape = (count, *own.shape) if own.per_row else own.shape
            assert entry == (shape, own.dtype), (
                f"state `{name}`: apply gives {entry}, plan promises {shape} {own.dtype}"
            )
        masked = {port: (count, x.shape[0]) for port, x in case.plan.outputs.items() if x.mask}
        found_masks = {port: x.shape for port, x in given["masks"].items()}
        if case.layer.masking == "use":
            assert found_masks == masked, f"apply gives masks {found_masks}, plan promises {masked}"
        else:
            assert not found_masks, f"a layer whose masking is {case.layer.masking!r} gives masks of its own"
        assert case.layer.penalizes or not given["penalties"], "apply returns penalties, but `penalizes` is not set"


def jit_changes_nothing(case: Case) -> None:
    """Compiled and step by step the values are the same: nothing depends on when it is called."""
    for train, (compiled, _) in case.found.items():
        for what, values in case.parts(train=train).items():
            all_close(compiled[what], values, FORWARD, f"jit, {what}, train={train}")


def gradients_are_finite(case: Case) -> None:
    """Gradients by weights and float inputs are finite numbers."""
    import jax
    import numpy as np

    for train, (_, gradients) in case.found.items():
        for path, value in jax.tree_util.tree_leaves_with_path(gradients):
            assert np.isfinite(value).all(), f"the gradient {jax.tree_util.keystr(path)} is not finite, train={train}"


def one_row_is_a_batch(case: Case) -> None:
    """A row alone gives what it gives among others."""
    alone = first(case, 1).values()
    among, _ = case.found[False]
    for what in ("outputs", "masks"):
        all_close(alone[what], {port: x[:1] for port, x in among[what].items()}, FORWARD, f"one row alone, {what}")


def padded_rows_change_nothing(case: Case) -> None:
    """Padding rows change no values, state or penalties of valid rows, whatever they contain, nor
    gradients, if they contain numbers: `x.T @ g` of a row of NaN is NaN, and batches are padded with rows of data.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    count = case.rows
    rows = jnp.asarray(np.arange(count + PADDING) < count)
    wild, tame = padded(case, garbage), padded(case, repeated)
    for train, (short, (by_params, by_floats)) in case.found.items():
        # Both have the same shapes, and are compiled once.
        compiled = wild.compiled(train=train, rows=rows)
        long, _ = compiled(dict(wild.params), dict(wild.state), dict(wild.inputs))
        for what in ("outputs", "masks"):
            real = {port: x[:count] for port, x in long[what].items()}
            all_close(real, short[what], FORWARD, f"padded rows, {what}, train={train}")
        state = {name: x[:count] if case.plan.state[name].per_row else x for name, x in long["state"].items()}
        all_close(state, short["state"], FORWARD, f"padded rows, state, train={train}")
        all_close(long["penalties"], short["penalties"], FORWARD, f"padded rows, penalties, train={train}")
        _, (params, floats) = compiled(dict(tame.params), dict(tame.state), dict(tame.inputs))
        all_close(params, by_params, GRADIENT, f"padded rows, gradients by weights, train={train}")
        for (path, found), expected in zip(
            jax.tree_util.tree_leaves_with_path(floats), jax.tree.leaves(by_floats), strict=True
        ):
            where = f"padded rows, gradient by input {jax.tree_util.keystr(path)}, train={train}"
            close(found[:count], expected, GRADIENT, where)
            assert not found[count:].any(), f"{where}: a padding row has one"


def masked_steps_change_nothing(case: Case) -> None:
    """Values at masked steps change nothing at other steps."""
    import jax
    import numpy as np

    if case.layer.masking == "drop" or not case.masks:
        return

    def other(x: Any, mask: Any) -> Any:
        if mask is None or not is_float(x):
            return x
        return np.where(mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)), x, x * -3 + 50)

    masks_given = jax.tree.map(np.asarray, dict(case.masks))
    changed: dict[str, Any] = {}
    for slot, value in case.inputs.items():
        mask = masks_given.get(slot)
        if isinstance(value, tuple):
            changed[slot] = tuple(
                other(x, m) for x, m in zip(value, counted(mask or (None,) * len(value)), strict=True)
            )
        else:
            changed[slot] = other(value, mask)
    before, after = case.found[False][0], case.values_of(changed)
    masks = before["masks"]
    if case.layer.masking == "pass":
        joined = jax.tree.leaves(masks_given)
        masks = dict.fromkeys(before["outputs"], sum(joined[1:], start=joined[0]) > 0)
    for port, value in before["outputs"].items():
        found, expected = after["outputs"][port], value
        if (mask := masks.get(port)) is not None:
            keep = mask.reshape(*mask.shape, *(1,) * (value.ndim - 2))
            found, expected = np.where(keep, found, 0), np.where(keep, expected, 0)
        close(found, expected, FORWARD, f"other values at masked steps, {port}")


def counted(masks: tuple[Any, ...]) -> tuple[Any, ...]:
    """For each of several inputs that are joined, the steps that may count: those that any of them counts, all of them
    where one has no mask; its own steps where the inputs differ in length, since they come one after the other then."""
    if any(mask is None for mask in masks):
        return (None,) * len(masks)
    if len({mask.shape for mask in masks}) > 1:
        return masks
    return (sum(masks[1:], start=masks[0]) > 0,) * len(masks)


def moved_values_have_gone_in(case: Case) -> None:
    """A layer that says that it only moves values gives none that has not gone into its first slot, and constants."""
    import jax
    import numpy as np

    if not case.layer.moves():
        return
    given = jax.tree.leaves(case.inputs[case.layer.slots[0].name])
    constants = [value for value in dict(case.layer).values() if isinstance(value, int | float)]
    with np.errstate(invalid="ignore"):
        # An argument that the dtype cannot hold, such as an axis of -1, is none of the values.
        # Small integers are constants too, such as the bounds of `hard_tanh` and `relu6`.
        fixed = np.array([*range(-8, 9), *constants], float).astype(given[0].dtype)
    known = np.concatenate([*(np.ravel(x) for x in given), fixed])
    for train, (values, _) in case.found.items():
        for port, value in values["outputs"].items():
            strange = np.asarray(value)[~np.isin(value, known)]
            what = f"{strange[0]} at `{port}` has not gone in, train={train}" if strange.size else ""
            assert not what, f"`moves` says that values only move, but {what}"


LAWS: tuple[Callable[[Case], None], ...] = (
    plan_is_what_apply_gives,
    jit_changes_nothing,
    gradients_are_finite,
    one_row_is_a_batch,
    padded_rows_change_nothing,
    masked_steps_change_nothing,
    moved_values_have_gone_in,
)


def gradients_are_slopes(case: Case) -> None:
    """The gradients by weights and float inputs are the slopes of the values, in float64."""
    floats = floats_of(case.inputs)
    check_slopes(lambda params, floats: case.total(params, floats), dict(case.params), floats, what="float64")


def half_precision_is_close(case: Case, tolerance: float = HALF) -> None:
    """Of bfloat16 and float16 values the layer makes values of these, near those of float32."""
    import jax.numpy as jnp

    halves = {dtype: converted(case.inputs, dtype) for dtype in ("bfloat16", "float16")}

    # Compiled at once, which takes less time than one after the other.
    def parts(params: Any, given: Any) -> Any:
        return {dtype: case.parts(params, inputs)["outputs"] for dtype, inputs in given.items()}

    found = quickly(parts)(dict(case.params), halves)
    for dtype, inputs in halves.items():
        planned = case.layer.plan(**types(inputs, case.masks)).outputs
        for port, value in case.values_of(converted(inputs, "float32"))["outputs"].items():
            given = str(jnp.result_type(found[dtype][port]))
            assert given == planned[port].dtype, f"of {dtype}, `{port}` is {given}, plan promises {planned[port].dtype}"
            close(found[dtype][port], value, tolerance, f"{dtype}, {port}")


def converted(tree: Any, dtype: str) -> Any:
    """`tree` with its floats in `dtype`."""
    import jax
    import numpy as np
    from jax.numpy import dtype as named

    return jax.tree.map(lambda x: np.asarray(x, named(dtype)) if is_float(x) else x, tree)


def agrees(case: Case, oracle: Callable[[Mapping[str, Any], Mapping[str, Any]], Any], gradients: bool) -> None:
    """Values and gradients are those of the oracle."""
    import jax
    import jax.numpy as jnp

    def expected(params: Any, inputs: Any) -> dict[str, Any]:
        given = oracle(inputs, params)
        return dict(given) if isinstance(given, Mapping) else {"output": given}

    all_close(case.found[False][0]["outputs"], expected(case.params, case.inputs), FORWARD, "oracle")
    if not gradients:
        return

    def total(params: Any, floats: Any) -> Any:
        outputs = expected(params, merged(jax.tree.map(jnp.asarray, case.inputs), floats))
        weights = [normal(value.shape, seed=40 + index) for index, (_, value) in enumerate(sorted(outputs.items()))]
        return sum(
            jnp.sum(value * weight)
            for (_, value), weight in zip(sorted(outputs.items()), weights, strict=True)
            if is_float(value)
        )

    given = (dict(case.params), floats_of(case.inputs))
    try:
        theirs = jax.grad(total, (0, 1))(*given)
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError) as error:
        raise AssertionError("the oracle is not written in jax: give `oracle_gradients=False`") from error
    _, found = case.found[False]
    for (path, value), right in zip(jax.tree_util.tree_leaves_with_path(found), jax.tree.leaves(theirs), strict=True):
        close(value, right, GRADIENT, f"oracle, gradient {jax.tree_util.keystr(path)}")


def probe(layer: Layer) -> None:
    """`plan` accepts every input, or raises a PlanError with a help."""
    shapes: tuple[tuple[int, ...], ...] = ((), (1,), (4,), (3, 4), (1, 5, 2), (5, 5, 3), (2, 3, 4, 5))
    for shape in shapes:
        for dtype in ("float32", "int32", "uint8", "bool"):
            for mask in (False, True) if shape else (False,):
                x = TensorType(shape, dtype, mask)
                given = {slot.name: (x,) * max(slot.least, 2) if slot.many else x for slot in layer.slots}
                refused: PlanError | None = None
                try:
                    layer.plan(**given)
                except PlanError as error:
                    refused = error
                assert refused is None or refused.help, f"the plan refuses {x} without a `help`: {refused}"
