"""The time of a step of each layer, forward and backward, against the same layer in Keras 3 and in Flax NNX, interleaved.

    python benchmarks/layers.py [--only NAME ...] [--rounds 9] [--flax]

Every layer of the table is used as its `example` says, on the first of `INPUTS` that it takes; a layer of the same
arguments in Keras is found by name, in Flax by the list `FLAX`. One jitted function for each computes the output and the
gradients of a weighted sum of it by weights and input. In each round all run one after the other; the figure of a layer is
the median over the rounds of its time over that of the best peer. Promised: at most 1.2; ends with exit code 1 where one
is slower. Keras comes with the extra `test`, Flax with `pip install flax`.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Layer, Result
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.syntax.document import read

MOST_RATIO = 1.2
LEAST_SECONDS = 0.01
"""A round repeats a function for at least so long."""
BATCH = 32
INPUTS: list[tuple[tuple[int, ...], str]] = [
    ((32, 32, 32), "float32"),
    ((64, 64), "float32"),
    ((8, 16, 16, 8), "float32"),
    ((256,), "float32"),
    ((64,), "int32"),
    ((32, 32, 3), "float32"),
    ((784,), "float32"),
    ((32, 1, 32), "float32"),
    ((4, 8, 8, 8, 2), "float32"),
]
"""Shapes of one example and their dtypes: an image, a sequence, a volume, values, ids; what few layers need."""
LISTED = {"Attention", "AdditiveAttention"}
"""What takes its inputs as one list in Keras."""
COUNTED = {"dims", "shared_axes"}
"""Arguments with axes that Keras counts from the batch only."""
Step = Callable[[], Any]


def ours(raw: Any, layer: Layer, inputs: dict[str, Any]) -> Step:
    """A step of `layer`."""
    plan = layer.plan(**types(inputs))
    key = root_key(0)
    params = {name: w.initializer.sample(derive(key, name), w.shape, w.dtype) for name, w in plan.params.items()}
    state = {name: s.initializer.sample(derive(key, name), s.shape, s.dtype) for name, s in plan.state.items()}

    def run(params: Any, inputs: Any, key: Any) -> Any:
        result = layer.apply(Call(params, state, {}, None, True, key), **inputs)
        return next(iter(result.outputs.values())) if isinstance(result, Result) else result

    return gradients(run, params, inputs, key)


def in_keras(build: Callable[[], Any], inputs: dict[str, Any]) -> Step:
    """A step of the same layer in Keras."""
    layer = build()
    called = [list(x) if isinstance(x, tuple) else x for x in inputs.values()]
    if LISTED & {type(layer).__name__}:
        called = [called]
    layer(*called)
    trained = [variable.value for variable in layer.trainable_variables]
    carried = [variable.value for variable in layer.non_trainable_variables]
    options = {"training": True} if layer._call_has_training_arg else {}

    def run(params: Any, called: Any, carried: Any) -> Any:
        return jax.tree.leaves(layer.stateless_call(params, carried, *called, **options)[0])[0]

    return gradients(run, trained, called, carried)


def in_flax(build: Callable[[Any, Any], Any], inputs: dict[str, Any]) -> Step:
    """A step of the same layer in Flax NNX, as a pure function of its state."""
    from flax import nnx

    (x,) = inputs.values()
    graph, params, rest = nnx.split(build(nnx, x), nnx.Param, ...)

    def run(params: Any, x: Any, rest: Any) -> Any:
        return jax.tree.leaves(nnx.merge(graph, params, rest, copy=True)(x))[0]

    return gradients(run, params, x, rest)


def gradients(run: Callable[..., Any], params: Any, inputs: Any, other: Any) -> Step:
    """The compiled output and gradients, by weights and by those inputs that are floats."""
    leaves = jax.tree.leaves(inputs)
    by = (0, 1) if all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves) else (0,)

    shape = jax.eval_shape(run, params, inputs, other).shape
    weight = jnp.asarray(np.random.default_rng(1).normal(size=shape).astype("float32"))

    def weighted(params: Any, inputs: Any, other: Any, weight: Any) -> Any:
        y = run(params, inputs, other)
        return jnp.sum(y.astype("float32") * weight), y

    step = jax.jit(jax.value_and_grad(weighted, by, has_aux=True))
    return lambda: step(params, inputs, other, weight)


def types(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        slot: tuple(map(type_of, value)) if isinstance(value, tuple) else type_of(value)
        for slot, value in inputs.items()
    }


def type_of(x: Any) -> TensorType:
    return TensorType(tuple(x.shape[1:]), str(x.dtype))


def taken(layer: Layer) -> dict[str, Any] | None:
    """Inputs that `layer` takes: the first that fit, one for each required slot, two for a slot of many."""
    generator = np.random.default_rng(0)
    for shape, dtype in INPUTS:

        def draw(shape: tuple[int, ...] = shape, dtype: str = dtype) -> Any:
            size = (BATCH, *shape)
            values = generator.normal(size=size) if dtype == "float32" else generator.integers(0, 8, size)
            return jnp.asarray(values.astype(dtype))

        inputs = {slot.name: (draw(), draw()) if slot.many else draw() for slot in layer.slots if slot.required}
        try:
            layer.plan(**types(inputs))
        except PlanError:
            continue
        return inputs
    return None


def keras_layer(name: str, raw: Any, rank: int = 0) -> Callable[[], Any] | None:
    """How Keras makes the same layer: by a name of its own among ours and our `spellings`, with the same arguments.
    `rank` is that of the input with its batch."""
    kind = LAYERS.find(name)
    if name in ACTIVATIONS:
        function = getattr(keras.activations, name, None)
        return None if function is None or raw else lambda: keras.layers.Activation(function)
    if name == "activation":
        return lambda: keras.layers.Activation(raw)
    longer = name.replace("avg_pool", "average_pooling").replace("max_pool", "max_pooling")
    longer = longer.removesuffix("_norm") + "_normalization" if name.endswith("_norm") else longer
    folded = {spelling.replace("_", "").lower() for spelling in (name, longer, *kind.spellings)}
    classes = [getattr(keras.layers, entry) for entry in dir(keras.layers) if entry.lower() in folded]
    made = [found for found in classes if isinstance(found, type)]
    arguments = raw if isinstance(raw, dict) else {} if raw is None else {str(kind.primary): raw}
    if not made:
        return None
    given = {key: within(value) if key == "layer" else tupled(value) for key, value in arguments.items()}
    given |= {key: float(Fraction(value)) for key, value in given.items() if isinstance(value, str) and "/" in value}
    given |= {key: tuple(axis + rank for axis in given[key]) for key in COUNTED & given.keys()}
    return lambda: made[0](**given)


def within(raw: Any) -> Any:
    """The Keras layer inside a wrapper."""
    ((name, arguments),) = raw.items() if isinstance(raw, dict) else ((raw, None),)
    build = keras_layer(name, arguments)
    return build() if build else None


def tupled(value: Any) -> Any:
    return tuple(map(tupled, value)) if isinstance(value, list) else value


FLAX: dict[str, Callable[[Any, Any, dict[str, Any]], Any]] = {
    "batch_norm": lambda nnx, x, given: nnx.BatchNorm(x.shape[-1], momentum=0.99, epsilon=1e-3, rngs=nnx.Rngs(0)),
    "conv1d": lambda nnx, x, given: convolution(nnx.Conv, nnx, x, given, 1),
    "conv1d_transpose": lambda nnx, x, given: convolution(nnx.ConvTranspose, nnx, x, given, 1),
    "conv2d": lambda nnx, x, given: convolution(nnx.Conv, nnx, x, given, 2),
    "conv2d_transpose": lambda nnx, x, given: convolution(nnx.ConvTranspose, nnx, x, given, 2),
    "conv3d": lambda nnx, x, given: convolution(nnx.Conv, nnx, x, given, 3),
    "conv3d_transpose": lambda nnx, x, given: convolution(nnx.ConvTranspose, nnx, x, given, 3),
    "dense": lambda nnx, x, given: nnx.Linear(x.shape[-1], given["units"], rngs=nnx.Rngs(0)),
    "dropout": lambda nnx, x, given: nnx.Dropout(given["rate"], rngs=nnx.Rngs(0)),
    "embedding": lambda nnx, x, given: nnx.Embed(given["input_dim"], given["output_dim"], rngs=nnx.Rngs(0)),
    "group_norm": lambda nnx, x, given: nnx.GroupNorm(
        x.shape[-1], num_groups=given.get("groups", 32), epsilon=1e-3, rngs=nnx.Rngs(0)
    ),
    "gru": lambda nnx, x, given: nnx.RNN(nnx.GRUCell(x.shape[-1], given["units"], rngs=nnx.Rngs(0))),
    "layer_norm": lambda nnx, x, given: nnx.LayerNorm(x.shape[-1], epsilon=1e-3, rngs=nnx.Rngs(0)),
    "lstm": lambda nnx, x, given: nnx.RNN(nnx.OptimizedLSTMCell(x.shape[-1], given["units"], rngs=nnx.Rngs(0))),
    "rms_norm": lambda nnx, x, given: nnx.RMSNorm(x.shape[-1], epsilon=1e-6, rngs=nnx.Rngs(0)),
    "simple_rnn": lambda nnx, x, given: nnx.RNN(nnx.SimpleCell(x.shape[-1], given["units"], rngs=nnx.Rngs(0))),
}
"""The layers that Flax NNX has, of `(nnx, input, arguments)`."""


def convolution(kind: Any, nnx: Any, x: Any, given: dict[str, Any], count: int) -> Any:
    """A convolution in Flax, with the activation behind it that ours has inside."""

    def each(value: Any) -> tuple[int, ...]:
        return tuple(value) if isinstance(value, list) else (value,) * count

    window, padding = each(given["kernel_size"]), given.get("padding", "valid").upper()
    strides = each(given.get("strides", 1))
    layer = kind(x.shape[-1], given["filters"], window, strides, padding=padding, rngs=nnx.Rngs(0))
    return nnx.Sequential(layer, getattr(nnx, given["activation"])) if "activation" in given else layer


def repetitions(step: Step) -> int:
    """How many times to run `step`, which is compiled here, in a round."""
    jax.block_until_ready(step())
    begun = time.perf_counter()
    jax.block_until_ready(step())
    return max(1, int(LEAST_SECONDS / (time.perf_counter() - begun)))


def seconds(step: Step, times: int) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        jax.block_until_ready(step())
    return (time.perf_counter() - begun) / times


def measure(name: str, rounds: int, flax: bool) -> tuple[str, float | None]:
    """The line of one layer, and its ratio to the best peer where it has one."""
    document, _ = read(f"example:\n  {LAYERS.find(name).example}\n", "example.yaml")
    assert document is not None
    example: Any = document.data["example"]
    if name in ACTIVATIONS and not any(field.is_required() for field in LAYERS.find(name).model_fields.values()):
        # Their peers are functions without arguments, and some show themselves inside a layer.
        example = name
    raw = example[name] if isinstance(example, dict) else None
    layer = LAYERS.build(example)
    inputs = taken(layer)
    if inputs is None:
        return f"{name:32} takes none of the inputs here", None
    steps = {"modelc": ours(raw, layer, inputs)}
    build = keras_layer(name, raw, jax.tree.leaves(inputs)[0].ndim)
    refused = ""
    if build is not None:
        try:
            steps["keras"] = in_keras(build, inputs)
        except (ImportError, IndexError, TypeError, ValueError) as error:
            refused = f": Keras refuses this use: {str(error).splitlines()[0][:60]}"
    if flax and name in FLAX:
        given = raw if isinstance(raw, dict) else {str(LAYERS.find(name).primary): raw}
        steps["flax"] = in_flax(lambda nnx, x: FLAX[name](nnx, x, given), inputs)
    counts = {peer: repetitions(step) for peer, step in steps.items()}
    times = [{peer: seconds(step, counts[peer]) for peer, step in steps.items()} for _ in range(rounds)]
    shape = " ".join(str(list(x.shape[1:])) for x in jax.tree.leaves(inputs)[:1])
    figures = "".join(f"{peer} {statistics.median(one[peer] for one in times) * 1e6:9.0f} us  " for peer in steps)
    if len(steps) == 1:
        return f"{name:32}{shape:18}{figures}no peer{refused}", None
    ratio = statistics.median(one["modelc"] / min(one[peer] for peer in steps if peer != "modelc") for one in times)
    return f"{name:32}{shape:18}{figures}ratio {ratio:.2f}{'  SLOWER' if ratio > MOST_RATIO else ''}", ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(LAYERS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--flax", action="store_true", help="time Flax NNX too")
    arguments = parser.parse_args()
    ratios = {}
    for name in arguments.only:
        line, ratio = measure(name, arguments.rounds, arguments.flax)
        print(line, flush=True)
        if ratio is not None:
            ratios[name] = ratio
    slow = [name for name, ratio in ratios.items() if ratio > MOST_RATIO]
    print(f"\n{len(ratios)} layers with a peer, {len(slow)} slower than {MOST_RATIO} times the best: {', '.join(slow)}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
