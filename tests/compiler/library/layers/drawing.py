"""What arguments and input types are drawn from, for every layer's configurations."""

from typing import Any

from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from tests.compiler.library.layers.running import normal

Configurations = dict[str, tuple[st.SearchStrategy[Any], st.SearchStrategy[dict[str, Any]]]]
"""For each layer: its arguments, and the types of its inputs by slot. Some fit, some do not."""

sizes = st.integers(1, 7)
axes = st.integers(-3, -1)
yes_or_no = st.booleans()
floats = st.sampled_from(["float32", "float32", "bfloat16"])
paddings = st.sampled_from(["valid", "same"])
pairs = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3)).map(list)
activations = st.sampled_from(["linear", "relu", "softmax", {"leaky_relu": 0.1}])


def tensors(*ranks: int, dtypes: Any = floats, mask: bool = True) -> st.SearchStrategy[TensorType]:
    shapes = st.sampled_from(ranks).flatmap(lambda rank: st.lists(sizes, min_size=rank, max_size=rank))
    masks = yes_or_no if mask else st.just(False)
    return st.builds(
        lambda shape, dtype, masked: TensorType(tuple(shape), dtype, masked and len(shape) > 1), shapes, dtypes, masks
    )


@st.composite
def branches(draw: Any) -> dict[str, Any]:
    """Two or three inputs, mostly of one shape, sometimes different along one axis or altogether."""
    first = draw(tensors(1, 2, 3))
    others = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["same", "same", "along", "other"]))
        shape = list(first.shape)
        if kind == "along":
            shape[draw(st.integers(0, len(shape) - 1))] = draw(sizes | st.just(1))
        other = draw(tensors(1, 2)) if kind == "other" else first.with_shape(*shape)
        others.append(other.with_mask(other.rank > 1 and draw(yes_or_no)))
    return {"inputs": (first, *others)}


def one(strategy: st.SearchStrategy[TensorType]) -> st.SearchStrategy[dict[str, Any]]:
    return strategy.map(lambda x: {"x": x})


def each(count: int, least: int = 1, most: int = 3) -> st.SearchStrategy[Any]:
    """One number, or one for each axis."""
    numbers = st.integers(least, most)
    return numbers | st.lists(numbers, min_size=count, max_size=count)


def spaces(count: int, **options: Any) -> st.SearchStrategy[dict[str, Any]]:
    """What has `count` directions and channels, and sometimes one axis too few."""
    return one(tensors(count + 1, count + 1, count + 1, count, **options))


def arguments(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments, each of which may also be left out when it is written with a leading `maybe_`."""
    required = {name: choice for name, choice in choices.items() if not name.startswith("maybe_")}
    optional = {name.removeprefix("maybe_"): c for name, c in choices.items() if name.startswith("maybe_")}
    return st.fixed_dictionaries(required, optional=optional)


anything = st.sampled_from(["float32", "bfloat16", "int32", "uint8", "bool"])
numbers = st.floats(-2, 2)
plain = arguments()
any_rank = one(tensors(0, 1, 2, 3))

SPACES = {1: normal(3, 5, 4), 2: normal(3, 5, 5, 2), 3: normal(3, 3, 4, 3, 2)}
"""Three rows with channels along one, two and three directions."""
