"""The operations on arrays, against Keras 3's functions; what masks and broadcasting do, against NumPy over what is real."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, close, compare, is_float, tuple_of
from tests.compiler.library.layers.running import build, normal

ops: Any = keras.ops
L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)
positive = np.abs(x3) + 0.1
signed = normal(1, 3, 4, seed=3)


def case(raw: Any, function: Callable[[Any], Any], inputs: Any = x3, **options: Any) -> Case:
    """A layer against a function of one array, or of a tuple of them."""
    return Case(raw, lambda: function, inputs, **options)


REDUCTIONS: dict[str, Any] = {"max": ops.max, "mean": ops.mean, "min": ops.min, "sum": ops.sum}
ELEMENTWISE: dict[str, Any] = {"abs": ops.abs, "cos": ops.cos, "log": ops.log, "sin": ops.sin, "sqrt": ops.sqrt}

CASES = [
    *(
        case({name: arguments}, partial(function, axis=axes, keepdims=keepdims), x)
        for name, function in REDUCTIONS.items()
        for arguments, axes, keepdims, x in (
            (-1, -1, False, x3),
            ([-3, -1], (1, 3), False, image),
            ({"axis": -2, "keepdims": True}, -2, True, normal(1, 1, 1)),
            ([-1], -1, False, normal(3, 5)),
        )
    ),
    case({"max": -1}, lambda x: ops.max(x, -1), np.ones((2, 3, 4), "float32")),
    *(case({name: {}}, function, positive) for name, function in ELEMENTWISE.items()),
    *(case({name: {}}, ELEMENTWISE[name], signed) for name in ("abs", "cos", "sin")),
    case({"argmax": {}}, lambda x: ops.argmax(x, -1)),
    case({"argmax": {"axis": -2, "keepdims": True}}, lambda x: ops.argmax(x, axis=-2, keepdims=True), image),
    case({"argmax": {}}, lambda x: ops.argmax(x, -1), np.ones((2, 3, 4), "float32")),
    case({"cast": "int8"}, lambda x: ops.cast(x, "int8"), x3 * 10),
    case({"clip": {"min_value": -0.5, "max_value": 0.5}}, lambda x: ops.clip(x, -0.5, 0.5)),
    case({"clip": {"min_value": "1/3"}}, lambda x: ops.maximum(x, 1 / 3)),
    case({"clip": {"max_value": 0}}, lambda x: ops.minimum(x, 0.0)),
    case({"divide": {}}, lambda both: ops.divide(*both), (x3, positive)),
    case({"expand_dims": -1}, lambda x: ops.expand_dims(x, -1)),
    case({"expand_dims": -3}, lambda x: ops.expand_dims(x, 1)),
    case({"matmul": {}}, lambda both: ops.matmul(*both), (x3, normal(2, 4, 3))),
    case({"matmul": {}}, lambda both: ops.matmul(*both), (image, normal(2, 3, 4, 1))),
    case({"power": 2}, lambda x: ops.power(x, 2), signed),
    case({"power": -1}, lambda x: ops.power(x, -1.0), positive),
    case({"power": "1/3"}, lambda x: ops.power(x, 1 / 3), positive),
    case({"select": {"axis": -2, "index": -1}}, lambda x: x[:, -1]),
    case({"select": {"axis": -1, "index": 2}}, lambda x: x[..., 2], image),
    case({"slice": {"axis": -2, "start": 1}}, lambda x: x[:, 1:]),
    case({"slice": {"axis": -2, "step": -1}}, lambda x: ops.flip(x, 1)),
    case({"slice": {"axis": -3, "start": -3, "stop": -1}}, lambda x: x[:, -3:-1], image),
    case({"slice": {"axis": -1, "start": 3, "stop": 0, "step": -2}}, lambda x: x[..., 3:0:-2]),
    case({"split": 2}, lambda x: ops.split(x, 2, axis=-1), ports=("part_0", "part_1")),
    case(
        {"split": {"indices_or_sections": [1, 4], "axis": -2}},
        lambda x: ops.split(x, [1, 4], axis=-2),
        image,
        ports=("part_0", "part_1", "part_2"),
    ),
    case({"squeeze": -1}, lambda x: ops.squeeze(x, -1), x3[..., :1]),
    case({"squeeze": [-1, -3]}, lambda x: ops.squeeze(x, (1, 3)), image[:, :1, :, :1]),
    case({"stack": {}}, lambda two: ops.stack(two, axis=-1), (x3, x3 * 2, x3 + 1)),
    case({"stack": -3}, lambda two: ops.stack(two, axis=1), (x3, x3 * 2)),
    case({"stop_gradient": {}}, ops.stop_gradient),
    Case({"rescaling": {"scale": [1, "1/2", -3, 4]}}, lambda: L.Rescaling([1, 0.5, -3, 4]), image),
    Case(
        {"rescaling": {"scale": 2, "offset": [1, 2, 3, 4]}},
        lambda: L.Rescaling(2.0, np.array([1.0, 2.0, 3.0, 4.0])),
        x3,
    ),
    *(
        Case({name: {"broadcast": True}}, oracle, inputs)
        for name, oracle in (("add", L.Add), ("multiply", L.Multiply), ("average", L.Average), ("maximum", L.Maximum))
        for inputs in ((image, normal(2, 1, 1, 4)), (x3[:, :1], x3[..., :1] * 2, x3 + 1))
    ),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    """All in one compiled function: compiling each would take longer than all the rest."""
    inputs = [jax.tree.map(jnp.asarray, case.inputs) for case in CASES]
    assert all(map(is_float, jax.tree.leaves(inputs))), "no gradients would be compared"

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        results = [case.running()(given) for case, given in zip(CASES, inputs, strict=True)]
        assert [sorted(result.outputs) for result in results] == [sorted(case.ports) for case in CASES]
        return tuple(
            result.outputs[port] for case, result in zip(CASES, results, strict=True) for port in case.ports
        ), {}

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        given = zip(CASES, inputs, strict=True)
        return tuple(y for case, x in given for y in tuple_of(case.oracle()(x))), {}

    compare(ours, theirs, {}, inputs, [f"{case.raw} {port}" for case in CASES for port in case.ports])


def test_casts_keep_values_and_hold_floats_at_the_ends_of_a_type() -> None:
    bytes_ = np.arange(6, dtype="uint8").reshape(2, 3)
    y = build({"cast": "float32"}, bytes_).output(bytes_)
    assert y.dtype == "float32" and np.array_equal(y, bytes_)
    x = np.array([[-300.7, -1.9, 1.9, 300.7, np.nan]], "float32")
    for dtype, expected in (("int8", [-128, -1, 1, 127, 0]), ("uint8", [0, 0, 1, 255, 0])):
        y = jax.jit(lambda x, dtype=dtype: build({"cast": dtype}, x)(x).outputs["output"])(x)
        np.testing.assert_array_equal(y[0], expected)


mask = np.array([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
masks = {"x": jnp.asarray(mask)}
garbage = np.where(mask[..., None], normal(3, 4, 5) - 3, np.nan).astype("float32")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", lambda steps: steps.mean(0)),
        ("sum", lambda steps: steps.sum(0)),
        ("max", lambda steps: steps.max(0)),
        ("min", lambda steps: steps.min(0)),
    ],
)
def test_padding_does_not_count_where_time_is_reduced(name: str, expected: Any) -> None:
    running = build({name: -2}, garbage, masks)
    rows = [expected(steps[real]) for steps, real in zip(garbage[:2], mask[:2], strict=True)]
    right = np.stack([*rows, np.zeros(5, "float32")])
    close(running.output(garbage, masks=masks), right, 1e-6)
    gradient = jax.grad(lambda x: jnp.sum(running(x, masks=masks).outputs["output"]))(jnp.asarray(garbage))
    assert np.isfinite(gradient).all()
    assert not np.any(np.asarray(gradient)[~mask])
    both = build({name: [-1, -2]}, garbage, masks).output(garbage, masks=masks)
    reduce = getattr(np, name)
    close(both[:2], np.array([reduce(steps[real]) for steps, real in zip(garbage[:2], mask[:2], strict=True)]), 1e-6)


def test_the_largest_step_is_searched_among_real_ones() -> None:
    y = build({"argmax": -2}, garbage, masks).output(garbage, masks=masks)
    first = np.flatnonzero(mask[0])[np.argmax(garbage[0, mask[0]], axis=0)]
    np.testing.assert_array_equal(y[0], first)
    np.testing.assert_array_equal(y[2], 0)


def test_masks_go_with_what_is_moved() -> None:
    deep = normal(3, 4, 2, 1)
    for raw, x, right in (
        ({"slice": {"axis": -3, "step": -1}}, deep, mask[:, ::-1]),
        ({"slice": {"axis": -2, "start": 1}}, deep, mask),
        ({"select": {"axis": -2, "index": 1}}, deep, mask),
        ({"squeeze": -1}, deep, mask),
        ({"expand_dims": -2}, deep, mask),
        ({"mean": -2}, deep, mask),
        ({"argmax": -1}, deep, mask),
    ):
        running = build(raw, x, masks)
        assert running.layer.plan(TensorType((4, 2, 1), mask=True)).output.mask
        np.testing.assert_array_equal(running(x, masks=masks).masks["output"], right)
    parts = build({"split": {"indices_or_sections": [1], "axis": -3}}, deep, masks)(deep, masks=masks).masks
    np.testing.assert_array_equal(parts["part_0"], mask[:, :1])
    np.testing.assert_array_equal(parts["part_1"], mask[:, 1:])
    either = {"inputs": (jnp.asarray(mask), jnp.asarray(~mask))}
    assert np.all(build({"stack": -1}, (deep, deep), either)((deep, deep), masks=either).masks["output"])


def test_what_has_no_place_for_a_mask_says_so() -> None:
    sequence, deep = TensorType((4, 5), mask=True), TensorType((4, 1), mask=True)
    for raw, x, dropped in (
        ({"select": {"axis": -2, "index": 0}}, sequence, True),
        ({"select": {"axis": -1, "index": 0}}, sequence, True),
        ({"mean": -1}, sequence, True),
        ({"mean": {"axis": -1, "keepdims": True}}, sequence, False),
        ({"mean": -2}, sequence, False),
        ({"squeeze": -1}, deep, True),
        ({"expand_dims": -3}, sequence, True),
        ({"slice": {"axis": -2, "stop": 1}}, sequence, False),
    ):
        plan = LAYERS.build(raw).plan(x)
        assert plan.drops_mask == dropped and not (dropped and plan.output.mask), raw
        assert not LAYERS.build(raw).plan(x.with_mask(False)).drops_mask


def test_a_dropped_mask_is_a_warning_at_the_layer() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {words: {shape: [7], dtype: int32}}\n  nodes:\n"
        "    e: {from: words, embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}\n"
        "    last: {from: e, select: {axis: -2, index: -1}}\n    middle: {from: e, mean: -2}\n"
        "    gate: {from: [e, e], multiply}\n    y: {from: [last, middle], divide}\n  outputs: [y, gate]\n"
    )
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.message) == ("W904", "`last` drops the mask of its input")


def test_a_layer_that_drops_a_mask_names_what_uses_it() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {words: {shape: [7], dtype: int32}}\n"
        "  layers: [embedding: {input_dim: 9, output_dim: 4, mask_zero: true}, global_max_pool1d]\n"
    )
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.helps) == ("W904", ("write `max: -2`, which ignores padding",))
    assert not check(text.replace("global_max_pool1d", "max: -2"), "spec.yaml").problems


def test_an_input_stretched_along_time_says_nothing_about_steps() -> None:
    gate = normal(3, 1, 5)
    given = {"inputs": (jnp.asarray(mask), None)}
    running = build({"multiply": {"broadcast": True}}, (garbage, gate), given)
    np.testing.assert_array_equal(running((garbage, gate), masks=given).masks["output"], mask)
    sequence, step = TensorType((4, 5), mask=True), TensorType((1, 5))
    plan = LAYERS.build({"multiply": {"broadcast": True}}).plan((sequence, step))
    assert plan.output.mask and not plan.drops_mask
    assert LAYERS.build("multiply").plan((sequence, sequence.with_mask(False))).drops_mask


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "divide"])
def test_a_mask_is_kept_beside_inputs_without_one_where_that_is_asked_for(name: str) -> None:
    other = normal(*garbage.shape)
    given = {"inputs": (None, jnp.asarray(mask))}
    running = build({name: {"keep_mask": True}}, (other, garbage), given)
    np.testing.assert_array_equal(running((other, garbage), masks=given).masks["output"], mask)
    assert "output" not in running((other, garbage)).masks
    masked, bare = TensorType((4, 5), mask=True), TensorType((4, 5))
    for inputs in ((masked, bare), (bare, masked), (masked, masked)):
        plan = running.layer.plan(inputs)
        assert plan.output.mask and not plan.drops_mask
    assert not running.layer.plan((bare, bare)).output.mask
    assert LAYERS.build(name).plan((masked, bare)).drops_mask


@pytest.mark.parametrize(
    ("raw", "shapes", "message", "cure"),
    [
        (
            {"slice": {"axis": -1, "stop": 9}},
            [[3, 4]],
            "`stop` is 9, but axis -1 of [3, 4] has the size 4",
            "places go from 0 to 4, or from -4 where they count from the end",
        ),
        (
            {"slice": {"axis": -1, "start": 2, "stop": 1}},
            [[3, 4]],
            "nothing of axis -1 of [3, 4] lies from 2 to 1 in steps of 1",
            "`start` lies before `stop`, or behind it where `step` is negative",
        ),
        ({"slice": {"axis": -1, "step": 0}}, [[4]], "`step` is 0", "1 takes every place, -1 goes backwards"),
        (
            {"select": {"axis": -2, "index": 3}},
            [[3, 4]],
            "`index` is 3, but axis -2 of [3, 4] has the size 3",
            "places go from 0 to 2, or from -3 to -1 where they count from the end",
        ),
        (
            {"split": 3},
            [[4]],
            "4 places of axis -1 of [4] cannot be cut into 3 equal parts",
            "choose a divisor of 4, or list the places where parts begin",
        ),
        (
            {"split": [2, 9]},
            [[4]],
            "[2, 9] does not cut axis -1 of [4], which has the size 4",
            "list places from 1 to 3 that rise",
        ),
        (
            {"squeeze": -1},
            [[3, 4]],
            "axis -1 of [3, 4] has the size 4, and only an axis of size 1 can go",
            "`select` takes one place of an axis, `mean` or `max` make one of all, `flatten` joins axes",
        ),
        ({"mean": [-1, -1]}, [[3, 4]], "`axis` [-1, -1] names an axis twice", "write `axis: [-1]`"),
        (
            {"mean": 1},
            [[3, 4]],
            "`axis` is 1, but axes count from the end, because the batch axis is never written",
            "write `axis: -2` for what Keras calls 1; [3, 4] has the axes -2 (3), -1 (4)",
        ),
        (
            {"clip": {}},
            [[3]],
            "expected `min_value` or `max_value`, got neither",
            "write for example `clip: {min_value: 0, max_value: 1}`",
        ),
        (
            {"clip": {"min_value": 2, "max_value": 1}},
            [[3]],
            "`min_value` 2 is larger than `max_value` 1",
            "exchange them",
        ),
        (
            {"matmul": {}},
            [[3, 4], [3, 4]],
            "expected [..., rows, inner] and [..., inner, columns], got [3, 4] and [3, 4]",
            "`permute: [-1, -2]` turns a matrix over",
        ),
        (
            {"multiply": {}},
            [[7, 7, 4], [1, 1, 4]],
            "expected inputs of one shape, got [7, 7, 4] and [1, 1, 4]",
            "write `broadcast: true` if axes of size 1 are to be stretched to the size of the others",
        ),
        (
            {"multiply": {"broadcast": True}},
            [[7, 4], [2, 4]],
            "expected inputs of one shape, got [7, 4] and [2, 4]",
            "shapes must be equal in every axis: nothing is broadcast",
        ),
        (
            {"rescaling": {"scale": [1, 2]}},
            [[4, 3]],
            "`scale` has 2 numbers, but [4, 3] does not end in an axis of 2",
            "give one number for all, or one for each place of the last axis",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, shapes: list[list[int]], message: str, cure: str) -> None:
    given = tuple(TensorType(tuple(shape)) for shape in shapes)
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(given if len(given) > 1 else given[0])
    assert (caught.value.message, caught.value.help) == (message, cure)
