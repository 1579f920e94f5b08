"""The test kit for plug-ins: passes what is right, and sees each fault that it is there for."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import Field

from modelc.plugin import (
    Call,
    Initializer,
    Layer,
    Loss,
    Metric,
    Plan,
    Reader,
    Result,
    State,
    TensorType,
    Weight,
    build,
    enable,
    need,
)
from modelc.testing import check_layer, check_loss, check_metric, check_reader
from tests.made_plugins import make_file

ZEROS = build(Initializer, "zeros")
X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


class Tilt(Layer):
    """Adds a slope along the last axis: `y = x + gain * kernel`; a layer with a fault where `fault` says so.

    Input and output `[..., features]`; `kernel` is `[features]`.
    """

    primary: ClassVar[str | None] = "gain"
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "tilt: 2.0"

    gain: Annotated[float, Field(description="Factor of the kernel.")] = 1.0
    fault: Annotated[str, Field(description="What is wrong with it.")] = ""

    def plan(self, x: TensorType) -> Plan:
        assert self.fault != "rank" or x.rank < 4
        need(x.rank >= 1 and x.is_float, f"got {x}", help="" if self.fault == "help" else "give it floats")
        shape = (*x.shape[:-1], 1) if self.fault == "shape" else x.shape
        state = {"seen": State((), ZEROS, ())} if self.fault == "state" else {}
        return Plan.of(x.with_shape(*shape), {"kernel": Weight(x.shape[-1:], ZEROS, ("embed",))}, state)

    def apply(self, call: Call, x: Any) -> Any:
        y = FAULTS[self.fault](self, x, call)
        return y if isinstance(y, Result) else y.astype(x.dtype) if self.fault != "wide" else y


def right(layer: Tilt, x: Any, call: Call) -> Any:
    return x + layer.gain * call.params["kernel"].astype(x.dtype)


FAULTS: dict[str, Callable[[Tilt, Any, Call], Any]] = {
    "": right,
    "help": right,
    "rank": right,
    "shape": right,
    "wide": lambda layer, x, call: x.astype("float32") + call.params["kernel"].astype("float32"),
    "eager": lambda layer, x, call: right(layer, x, call) + (0 if isinstance(x, jax.core.Tracer) else 1),
    "infinite": lambda layer, x, call: x + jnp.sqrt(0 * call.params["kernel"].astype(x.dtype)),
    "batch": lambda layer, x, call: right(layer, x, call) - jnp.mean(x, axis=0),
    "padding": lambda layer, x, call: right(layer, x, call) + (0 * jnp.sum(x) if call.rows is not None else 0),
    "slope": lambda layer, x, call: right(layer, jax.lax.stop_gradient(x), call),
    "half": lambda layer, x, call: right(layer, x, call) + (1 if x.dtype == "bfloat16" else 0),
    "state": lambda layer, x, call: Result.of(right(layer, x, call), state={"other": jnp.zeros(())}),
    "masks": lambda layer, x, call: Result.of(right(layer, x, call), masks={"output": jnp.ones((len(x), 4), bool)}),
    "penalty": lambda layer, x, call: Result.of(right(layer, x, call), penalties={"a": jnp.sum(x)}),
    "oracle": lambda layer, x, call: right(layer, x, call) * 1.001,
}


def oracle(inputs: Any, weights: Any) -> Any:
    return inputs["x"] + 2.0 * weights["kernel"]


def test_a_right_layer_passes_by_class_and_by_name() -> None:
    check_layer(Tilt, {"gain": 2.0}, X, oracle=oracle)
    check_layer(
        Tilt, 2.0, X, oracle=lambda inputs, weights: np.asarray(oracle(inputs, weights)), oracle_gradients=False
    )
    x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
    check_layer("layer_norm", None, x, masks={"x": np.array([[1, 1, 0], [1, 0, 0]], bool)})
    check_layer("batch_norm", {"momentum": 0.5}, x)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("shape", "plan promises"),
        ("eager", "jit, outputs"),
        ("infinite", "is not finite"),
        ("batch", "one row alone"),
        ("padding", "padded rows"),
        ("slope", "the gradient is"),
        ("half", "bfloat16"),
        ("wide", "of bfloat16, `output` is float32, plan promises bfloat16"),
        ("state", "changes the state `other`"),
        ("masks", "gives masks of its own"),
        ("penalty", "`penalizes` is not set"),
        ("oracle", "oracle, output"),
        ("help", "without a `help`"),
    ],
)
def test_a_fault_of_a_layer_is_seen(fault: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_layer(Tilt, {"gain": 2.0, "fault": fault}, X, oracle=oracle, smooth=fault != "wide")


class Shifted(Layer):
    """`x` where it is above 0, else `x + 0.5`, of any shape."""

    keeps = "values"
    example = "shifted"

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x)

    def apply(self, call: Call, x: Any) -> Any:
        return jnp.where(x > 0, x, x + jnp.asarray(0.5, x.dtype))


def test_a_layer_that_computes_and_says_that_it_only_moves_values_is_seen() -> None:
    with pytest.raises(AssertionError, match=r"`moves` says that values only move, but .* at `output` has not gone in"):
        check_layer(Shifted, None, X)
    check_layer("clip", {"min_value": -0.5, "max_value": 1}, X)


def test_a_plan_that_fails_on_some_input_is_seen() -> None:
    with pytest.raises(AssertionError):
        check_layer(Tilt, {"fault": "rank"}, X)


class Peeking(Layer):
    """The mean of the steps, masked ones among them.

    Input `[time, features]`, output `[features]`; no weights.
    """

    masking: ClassVar[Literal["pass", "use", "drop"]] = "use"
    example: ClassVar[str] = "peeking"

    def plan(self, x: TensorType) -> Plan:
        need(x.rank == 2 and x.is_float, f"got {x}", help="give it steps of floats")
        return Plan.of(x.with_shape(x.shape[1]).with_mask(False))

    def apply(self, call: Call, x: Any) -> Any:
        return jnp.mean(x, axis=1)


def test_a_layer_that_says_it_uses_a_mask_and_does_not_is_seen() -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
    check_layer(Peeking, None, x)
    with pytest.raises(AssertionError, match="other values at masked steps"):
        check_layer(Peeking, None, x, masks={"x": np.array([[1, 1, 0], [1, 0, 1]], bool)})


def test_what_the_text_of_a_class_lacks_is_seen() -> None:
    class Silent(Tilt):
        example: ClassVar[str] = "silent"

    with pytest.raises(AssertionError, match="has no docstring"):
        check_layer(Silent, None, X)
    with pytest.raises(AssertionError, match="there is no layer `nothing`"):
        check_layer("nothing", None, X)
    with pytest.raises(AssertionError, match=r"is no layer: .*string_type|is no layer"):
        check_layer(Tilt, {"gain": "high"}, X)
    with pytest.raises(AssertionError, match="at least two"):
        check_layer(Tilt, None, X[:1])
    with pytest.raises(AssertionError, match="not written in jax"):
        check_layer(Tilt, 2.0, X, oracle=lambda inputs, weights: np.asarray(oracle(inputs, weights)))


def test_the_things_of_a_plugin_pass(tmp_path: Path) -> None:
    target = X.sum(1, keepdims=True)

    def pinball(output: Any, target: Any) -> Any:
        error = target - output
        return jnp.where(error > 0, 0.9 * error, -0.1 * error)

    with enable(make_file(tmp_path / "shift.py")):
        check_layer("shift", {"by": 0.5, "activation": "bent"}, X)
        check_layer("bent", None, X, oracle=lambda inputs, weights: jnp.where(inputs["x"] > 0, 1, 0.5) * inputs["x"])
        check_loss("pinball", 0.9, X[:, :1], target, oracle=pinball)
        check_metric("pinball", None, X[:, :1], target, oracle=lambda y, t: float(np.abs(y - t).mean() / 2))


class Tall(Loss):
    """Squared errors; with a fault where `fault` says so."""

    example: ClassVar[str] = "tall"

    fault: Annotated[str, Field(description="What is wrong with it.")] = ""

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        return output.shape

    def elements(self, output: Any, target: Any) -> Any:
        wide = output if self.fault == "half" else output.astype(jnp.promote_types(output.dtype, "float32"))
        error = (wide - target.astype(wide.dtype)) ** 2
        if self.fault == "batch":
            error = error / jnp.sum(error)
        if self.fault == "mean":
            return jnp.mean(error)[None]
        return error if self.fault != "slope" else jax.lax.stop_gradient(error)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("half", "at least float32"), ("batch", "one row alone"), ("mean", "plan promises"), ("slope", "slope")],
)
def test_a_fault_of_a_loss_is_seen(fault: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_loss(Tall, {"fault": fault}, X, X[::-1])


def test_losses_and_metrics_of_modelc_pass() -> None:
    check_loss(Tall, None, X, X[::-1], oracle=lambda y, t: (y - t) ** 2)
    check_loss("cross_entropy", {"label_smoothing": 0.1}, X, np.array([0, 3, 1]))
    chances = np.abs(X) / np.abs(X).sum(1, keepdims=True)
    check_metric("accuracy", None, chances, np.array([0, 3, 1]), link="softmax")


class Count(Metric):
    """The mean error; with a fault where `fault` says so."""

    better: ClassVar[Literal["higher", "lower"]] = "lower"
    example: ClassVar[str] = "count"

    fault: Annotated[str, Field(description="What is wrong with it.")] = ""

    def plan(self, output: TensorType, target: TensorType, link: Any) -> tuple[int, ...]:
        return ()

    def sums(self, prediction: Any, target: Any, weight: Any, link: Any) -> dict[str, Any]:
        error = jnp.mean(jnp.abs(prediction - target), axis=1)
        counted = error * weight if self.fault == "padding" else jnp.where(weight > 0, error * weight, 0.0)
        if self.fault == "mean":
            return {"total": jnp.sum(counted) / jnp.sum(weight), "count": jnp.ones(())}
        return {"total": counted if self.fault == "grows" else jnp.sum(counted), "count": jnp.sum(weight)}

    def result(self, sums: Any) -> Any:
        if self.fault == "nothing" and not sums["count"]:
            return 0.0
        value = np.sum(sums["total"]) / sums["count"] if sums["count"] else np.nan
        return value if self.fault == "numpy" else float(value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("padding", "rows of weight zero"),
        ("mean", "the sums of two batches"),
        ("grows", "sums grow with the batch"),
        ("nothing", "expected NaN"),
        ("numpy", "expected float"),
    ],
)
def test_a_fault_of_a_metric_is_seen(fault: str, said: str) -> None:
    check_metric(Count, None, X, X[::-1].copy())
    with pytest.raises(AssertionError, match=said):
        check_metric(Count, {"fault": fault}, X, X[::-1].copy())


class Spread(Reader):
    """Texts as the share of the longest in the training rows; a reader with a fault where `fault` says so."""

    primary: ClassVar[str | None] = "column"
    example: ClassVar[str] = "spread: {column: name}"

    column: Annotated[str, Field(description="Name of the column.")]
    fault: Annotated[str, Field(description="What is wrong with it.")] = ""

    @property
    def subject(self) -> str:
        return self.column

    def plan(self, columns: Any, wanted: TensorType | None) -> TensorType | None:
        if columns is None and self.fault == "early":
            return TensorType((2,), "float32")
        return TensorType((), "float64" if self.fault == "dtype" else "float32")

    def learn(self, columns: Any) -> Any:
        longest = max(map(len, columns[self.column].tolist()))
        return {1: longest} if self.fault == "json" else longest

    def read(self, columns: Any, wanted: TensorType | None, learnt: Any = None) -> Any:
        column = columns[self.column]
        if self.fault == "writes":
            column[0] = "other"
        lengths = np.array([len(text) for text in column.tolist()], "float32")
        longest = (
            lengths.max() if self.fault == "batch" else next(iter(learnt.values())) if self.fault == "json" else learnt
        )
        return (lengths[1:] if self.fault == "fewer" else lengths) / np.float32(longest)


def test_readers_are_checked() -> None:
    texts = {"name": np.array(["a", "abc", "ab"], np.dtypes.StringDType())}
    check_reader(Spread, {"column": "name"}, texts, oracle=lambda columns: [1 / 3, 1, 2 / 3])
    with pytest.raises(AssertionError, match="oracle"):
        check_reader(Spread, {"column": "name"}, texts, oracle=lambda columns: [1 / 3, 1, 1 / 2])
    check_reader("category", {"column": "name", "vocabulary": 3}, texts)
    numbers = {"x": np.array([1.0, 3.0, 8.0])}
    wanted = TensorType((), "float32")
    check_reader("number", {"column": "x", "standardize": True}, numbers, wanted=wanted)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("early", "plan promises .* without the columns"),
        ("dtype", "plan promises"),
        ("json", "which JSON does not keep"),
        ("writes", "is changed by reading it"),
        ("batch", "one row alone"),
        ("fewer", "3 rows are read as 2"),
    ],
)
def test_each_fault_of_a_reader_is_seen(fault: str, said: str) -> None:
    texts = {"name": np.array(["a", "abc", "ab"], np.dtypes.StringDType())}
    with pytest.raises(AssertionError, match=said):
        check_reader(Spread, {"column": "name", "fault": fault}, texts)
