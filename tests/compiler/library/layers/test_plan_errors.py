"""What `plan` refuses, in the words a user reads."""

from typing import Any

import pytest
from pydantic import ValidationError

from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import refusal, type_of

conv = {"conv2d": {"filters": 8, "kernel_size": 3}}

REFUSALS: list[tuple[Any, list[list[int]], str, str, str, str]] = [
    (
        conv,
        [[28, 28]],
        "E301",
        "expected an image [height, width, channels], got [28, 28]",
        "add the channel axis: `reshape: [28, 28, 1]`, or `shape: [28, 28, 1]` in the input",
        "",
    ),
    (
        {"max_pool2d": 2},
        [[100]],
        "E301",
        "expected an image [height, width, channels], got [100]",
        "move it before `flatten` or `dense`, or `reshape` the values into an image",
        "",
    ),
    (
        {"conv2d": {"filters": 8, "kernel_size": [5, 3]}},
        [[4, 4, 1]],
        "E301",
        "a window of [5, 3] does not fit into an image of [4, 4]",
        "use `padding: same`, a smaller `kernel_size`, or reduce the image less before this layer",
        "kernel_size",
    ),
    (
        {"conv2d": {"filters": 8, "kernel_size": 3, "dilation_rate": 4}},
        [[8, 8, 1]],
        "E301",
        "a window of [3, 3], dilated to [9, 9], does not fit into an image of [8, 8]",
        "use `padding: same`, a smaller `kernel_size`, or reduce the image less before this layer",
        "kernel_size",
    ),
    (
        {"avg_pool2d": 3},
        [[2, 9, 1]],
        "E301",
        "a window of [3, 3] does not fit into an image of [2, 9]",
        "use `padding: same`, a smaller `pool_size`, or reduce the image less before this layer",
        "pool_size",
    ),
    (
        {"conv2d": {"filters": 8, "kernel_size": 3, "groups": 4}},
        [[8, 8, 6]],
        "E301",
        "6 input channels cannot be divided into 4 groups",
        "`groups` must divide the channels: 1, 2, 3, 6",
        "groups",
    ),
    (
        {"conv2d": {"filters": 8, "kernel_size": 3, "groups": 3}},
        [[8, 8, 6]],
        "E301",
        "8 filters cannot be divided into 3 groups",
        "make `filters` a multiple of 3",
        "filters",
    ),
    (
        {"reshape": [4, 7]},
        [[28, 28]],
        "E301",
        "cannot reshape [28, 28] (784 values) to [4, 7] (28 values)",
        "sizes that multiply to 784 fit; -1 stands for one that follows from the others",
        "shape",
    ),
    (
        {"reshape": [5, -1]},
        [[28, 28]],
        "E301",
        "cannot reshape [28, 28] (784 values) to [5, -1]: 784 is not a multiple of 5",
        "the product of the sizes other than -1 must divide 784",
        "shape",
    ),
    (
        {"reshape": [-1, -1]},
        [[4]],
        "E301",
        "`shape` [-1, -1] has more than one -1",
        "only one size can follow from the others: give the rest",
        "shape",
    ),
    (
        {"reshape": [0, 4]},
        [[4]],
        "E301",
        "`shape` [0, 4] has a size of 0",
        "sizes are at least 1; -1 stands for the size that follows from the others",
        "shape",
    ),
    (
        {"lstm": 8},
        [[32]],
        "E301",
        "expected a sequence [time, features], got [32]",
        "ids need `embedding` before it; for 32 steps of one number, `reshape: [32, 1]`",
        "",
    ),
    (
        "add",
        [[8, 8, 16], [8, 8, 32], [8, 8, 16]],
        "E302",
        "expected inputs of the same shape, got [8, 8, 16], [8, 8, 32] and [8, 8, 16]",
        "give the branches the same number of channels, for example with `conv2d: {filters: 16, kernel_size: 1}`",
        "",
    ),
    (
        "add",
        [[8, 8, 16], [4, 4, 16]],
        "E302",
        "expected inputs of the same shape, got [8, 8, 16] and [4, 4, 16]",
        "use `padding: same` and the same strides on every branch",
        "",
    ),
    (
        "multiply",
        [[10], [1]],
        "E302",
        "expected inputs of the same shape, got [10] and [1]",
        "give the branches the same width, for example with `dense: 10`, or join them with `concatenate`",
        "",
    ),
    (
        "concatenate",
        [[4, 8], [6, 8]],
        "E302",
        "expected inputs that differ along axis -1 only, got [4, 8] and [6, 8]",
        "along axis -2 they fit: `concatenate: -2`",
        "",
    ),
    (
        "concatenate",
        [[28, 28], [100]],
        "E302",
        "expected inputs with the same number of axes, got [28, 28] and [100]",
        "add `flatten` to each branch, or `reshape` them to fit",
        "",
    ),
    (
        {"concatenate": 1},
        [[4, 8], [4, 8]],
        "E301",
        "`axis` is 1, but axes count from the end, because the batch axis is never written",
        "write `axis: -2` for what Keras calls 1; [4, 8] has the axes -2 (4), -1 (8)",
        "axis",
    ),
    (
        {"expand_dims": -4},
        [[3, 4]],
        "E301",
        "`axis` is -4, but [3, 4] with a new axis has 3 axes",
        "use -1 for a new last axis, -3 for a new first axis",
        "axis",
    ),
    (
        {"einsum_dense": {"equation": "aab,bc->ac", "output_shape": 4}},
        [[3, 3]],
        "E301",
        "`aab,bc->ac` has a duplicate axis in `aab`",
        "give each axis its own letter",
        "equation",
    ),
    (
        {"batch_norm": {"axis": 0}},
        [[4, 8]],
        "E301",
        "`axis` is 0, but axes count from the end, because the batch axis is never written",
        "[4, 8] has the axes -2 (4), -1 (8); in Keras 0 is the batch",
        "axis",
    ),
    (
        {"layer_norm": {"axis": [-1, -3]}},
        [[4, 8]],
        "E301",
        "`axis` is -3, but [4, 8] does not have this axis",
        "[4, 8] has the axes -2 (4), -1 (8)",
        "axis",
    ),
    (
        {"layer_norm": {"axis": [-1, -1]}},
        [[4, 8]],
        "E301",
        "`axis` [-1, -1] has a duplicate axis",
        "write each axis once",
        "axis",
    ),
    (
        {"dense": {"units": 3, "activation": {"softmax": 1}}},
        [[4]],
        "E301",
        "`axis` is 1, but axes count from the end, because the batch axis is never written",
        "write `axis: -1` for what Keras calls 1; [3] has the axes -1 (3)",
        "activation",
    ),
    (
        {"embedding": {"input_dim": 5, "output_dim": 2}},
        [[4]],
        "E303",
        "expected integer ids, got float32",
        "give the input `dtype: int32`; ids must not be scaled or normalized",
        "",
    ),
    (
        {"bidirectional": {"layer": {"dense": 4}}},
        [[4, 2]],
        "E301",
        "expected a recurrent layer, got `dense`",
        "write for example `bidirectional: {lstm: 64}`",
        "layer",
    ),
    (
        {"bidirectional": {"layer": {"lstm": {"units": 4, "go_backwards": True}}}},
        [[4, 2]],
        "E301",
        "the layer inside `bidirectional` has `go_backwards: true`",
        "remove it: one of the two copies always goes backwards",
        "layer",
    ),
    (
        {"dense": {"units": 4, "bias_initializer": "orthogonal"}},
        [[4]],
        "E301",
        "`orthogonal` fills weights of two axes or more, got one of shape [4]",
        "use `zeros` for a bias, `random_normal` for another weight of one axis",
        "",
    ),
    (
        {"dense": 2_000_000_000},
        [[1000]],
        "E301",
        "a weight of shape [1000, 2000000000] would have 2,000,000,000,000 values, more than 2**40",
        "a size has probably too many zeros",
        "",
    ),
    (
        {"expand_dims": -1},
        [[1] * 63],
        "E301",
        "an output would have 64 axes, arrays have at most 63",
        "join some of them by `reshape`",
        "",
    ),
    (
        {"dense": 3},
        [[]],
        "E301",
        "expected at least one axis, got a single number",
        "for a vector of one value add `flatten` before it",
        "",
    ),
]


@pytest.mark.parametrize(("raw", "shapes", "code", "message", "help_", "argument"), REFUSALS)
def test_a_refusal_says_what_came_and_the_cure(
    raw: Any, shapes: list[list[int]], code: str, message: str, help_: str, argument: str
) -> None:
    error = refusal(raw, *shapes)
    assert (error.code, error.message, error.help, error.argument) == (code, message, help_, argument)
    assert error.slot == ("inputs" if code == "E302" else "")


@pytest.mark.parametrize(
    ("dtype", "cure"),
    [
        ("uint8", "add `rescaling: 1/255` before it"),
        ("int32", "add `embedding` before it if the values are ids, `rescaling: 1` if they are quantities"),
        ("bool", "add `rescaling: 1` before it"),
    ],
)
@pytest.mark.parametrize(
    ("raw", "shape"),
    [
        ({"dense": 2}, [4]),
        ("relu", [4]),
        (conv, [8, 8, 3]),
        ("batch_norm", [4]),
        ("layer_norm", [4]),
        ({"dropout": 0.5}, [4]),
        ({"lstm": 2}, [4, 3]),
        ("max_pool2d", [8, 8, 3]),
    ],
    ids=str,
)
def test_what_is_not_float_is_refused_with_the_layer_to_put_before(
    raw: Any, shape: list[int], dtype: str, cure: str
) -> None:
    error = refusal(raw, shape, dtype=dtype)
    assert (error.code, error.message, error.help) == ("E303", f"expected float values, got {dtype}", cure)


@pytest.mark.parametrize("name", ["add", "multiply", "concatenate"])
def test_branches_of_two_dtypes_are_not_joined(name: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(name).plan((type_of([4]), type_of([4], "int32")))
    assert caught.value.message == "expected inputs of the same dtype, got float32 and int32"
    assert (caught.value.code, caught.value.slot) == ("E303", "inputs")


@pytest.mark.parametrize(("raw", "units"), [({"lstm": 4}, 4), ({"bidirectional": {"layer": {"lstm": 4}}}, 4)], ids=str)
def test_a_state_that_does_not_fit_is_blamed_on_its_slot(raw: Any, units: int) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(type_of([5, 3]), initial_state=(type_of([units]), type_of([8])))
    assert caught.value.slot == "initial_state"
    assert caught.value.message.startswith("expected h and c of shape [4] as `initial_state`, got [4]")


def test_mask_zero_wants_one_sequence() -> None:
    error = refusal(
        {"embedding": {"input_dim": 5, "output_dim": 2, "mask_zero": True}},
        [4, 4],
        dtype="int32",
    )
    assert error.argument == "mask_zero"
    assert error.message == "`mask_zero` needs a sequence of ids, [time], got [4, 4]"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"dense": 0}, "greater than or equal to 1"),
        ({"dense": True}, "valid integer"),
        ({"conv2d": {"filters": 1, "kernel_size": [3, 3, 3]}}, "expected one size or a list of 2, got a list of 3"),
        ({"conv2d": {"filters": 1, "kernel_size": 0}}, "greater than or equal to 1"),
        ({"dropout": 1}, "less than 1"),
        ({"dropout": -0.1}, "greater than or equal to 0"),
        ({"rescaling": "1/0"}, "a ratio cannot divide by zero"),
        ({"batch_norm": {"momentum": 1.5}}, "less than or equal to 1"),
        ({"layer_norm": {"axis": []}}, "at least 1 item"),
        ({"max_pool2d": {"padding": "full"}}, "'valid' or 'same'"),
        (
            {"dense": {"units": 1, "kernel_initializer": {"random_uniform": {"minval": 1.0, "maxval": 0.0}}}},
            "`minval` 1.0 is above `maxval` 0.0",
        ),
    ],
    ids=str,
)
def test_values_out_of_bounds_are_refused_when_the_layer_is_built(raw: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LAYERS.build(raw)
