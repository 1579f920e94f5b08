"""A plug-in with a thing of several kinds, as an installed package or as one file."""

from pathlib import Path

CODE = '''\
"""Things that modelc does not have."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.plugin import (
    Activation,
    ActivationField,
    Call,
    Initializer,
    Layer,
    Loss,
    Metric,
    Plan,
    Reader,
    at_least_float32,
    build,
    mean_result,
    mean_sums,
    need,
    need_comparable,
    need_equal_shapes,
    need_float_output,
)


class Shift(Layer):
    """Adds a number to each value: `y = activation(x + by)`.

    Input and output `[...]`; no weights.
    """

    primary: ClassVar[str | None] = "by"
    spellings: ClassVar[tuple[str, ...]] = ("AddConstant",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "shift: 0.5"

    by: Annotated[float, Field(description="What is added.", ge=-10, le=10)]
    activation: Annotated[ActivationField, Field(description="Function applied to the sum.")] = build(Activation, "linear")

    def plan(self, x):
        need(x.is_float, f"expected floats, got {x.dtype}", help="put a `rescaling` before it")
        return Plan.of(self.activation.after(x))

    def apply(self, call: Call, x):
        return self.activation.function(x + self.by)


class Bent(Activation):
    """`x` where positive, `x / 2` elsewhere, of any shape."""

    example: ClassVar[str] = "bent"

    def function(self, x):
        import jax.numpy as jnp

        return jnp.where(x > 0, x, x / 2)


class Pinball(Loss):
    """Quantile loss: `max(q * (t - y), (q - 1) * (t - y))`; Koenker and Bassett 1978."""

    primary: ClassVar[str | None] = "quantile"
    example: ClassVar[str] = "pinball: 0.9"

    quantile: Annotated[float, Field(description="The quantile to learn.", gt=0, lt=1)] = 0.5

    def plan(self, output, target) -> tuple[int, ...]:
        need_float_output(output)
        if target is not None:
            need_equal_shapes(output, target)
        return output.shape

    def elements(self, output, target):
        import jax.numpy as jnp

        error = target - at_least_float32(output)
        return jnp.maximum(self.quantile * error, (self.quantile - 1) * error)


class PinballMetric(Metric):
    """The mean of the quantile loss at one half."""

    better: ClassVar[Literal["higher", "lower"]] = "lower"
    example: ClassVar[str] = "pinball"

    def plan(self, output, target, link) -> tuple[int, ...]:
        need_comparable(output, target)
        return output.shape

    def sums(self, prediction, target, weight, link):
        import jax.numpy as jnp

        return mean_sums(jnp.abs(target - prediction.astype("float32")) / 2, weight)

    def result(self, sums) -> float:
        return mean_result(sums)


class Halves(Initializer):
    """One half everywhere."""

    example: ClassVar[str] = "dense: {units: 1, kernel_initializer: halves}"

    def sample(self, key, shape, dtype):
        import jax.numpy as jnp

        return jnp.full(shape, 0.5, dtype)


class Doubled(Reader):
    """A column of numbers, each of them twice as large."""

    primary: ClassVar[str | None] = "column"
    example: ClassVar[str] = "doubled: x"

    column: Annotated[str, Field(description="The column.")]

    @property
    def subject(self) -> str:
        return self.column

    def plan(self, columns, wanted):
        return build(Reader, {"array": self.column}).plan(columns, wanted)

    def learn(self, columns):
        return build(Reader, {"array": self.column}).learn(columns)

    def read(self, columns, wanted, learnt=None):
        return 2 * build(Reader, {"array": self.column}).read(columns, wanted, learnt)
'''
THINGS = {
    "layer.shift": "Shift",
    "activation.bent": "Bent",
    "loss.pinball": "Pinball",
    "metric.pinball": "PinballMetric",
    "initializer.halves": "Halves",
    "reader.doubled": "Doubled",
}
SPEC = """\
modelc: 1
name: shifted
model:
  inputs: {x: {shape: [4]}}
  layers:
    - shift: {by: 0.5, activation: bent}
    - bent
    - dense: {units: 1, kernel_initializer: halves, activation: bent}
      name: y
data:
  source: {npz: rows.npz}
  inputs: {x: {doubled: x}}
  targets: {y: {array: y}}
  validation: 8
train:
  loss: {pinball: 0.5}
  metrics: [pinball]
  optimizer: {sgd: 0.1}
  epochs: 2
"""


def make_package(folder: Path, name: str = "modelc-shift", version: str = "1.2") -> Path:
    """What pip installs for a plug-in: the package and its metadata, in `folder`; the package tells of its import."""
    package = name.replace("-", "_")
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(f"open({str(folder / 'imported')!r}, 'w').close()\n")
    (folder / package / "things.py").write_text(CODE)
    information = folder / f"{package}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = "".join(f"{key} = {package}.things:{cls}\n" for key, cls in THINGS.items())
    (information / "entry_points.txt").write_text(f"[modelc.plugins]\n{points}")
    return folder


def make_file(path: Path, code: str = CODE, things: dict[str, str] = THINGS) -> Path:
    """The same in one file."""
    stated = ", ".join(f'"{key}": {cls}' for key, cls in things.items())
    path.write_text(f"{code}\n\nPLUGIN = {{{stated}}}\n")
    return path
