"""The layers of an array of their own: one outputs it and trains it, one only outputs it, one scales each channel by it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Number, Shape
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_axis, need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, State, TensorType, Weight, need
from modelc.compiler.library.initializers.constant import Constant
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField


class Parameter(Layer):
    """The learned array `value`, the same for every example: to be joined with what depends on the data.

    Output and `value` are `shape`, in float32. The input, of any shape and dtype, only says how many examples there
    are: `queries: {from: image, parameter: [16, 64]}`. What it holds and its mask change nothing.

    Keras 3 and torch have no such layer, but `Layer.add_weight`, whose first values these are, and
    `torch.nn.Parameter`.
    """

    torch = "nn.Parameter"
    primary = "shape"
    spellings = ("learned", "variable", "weight")
    masking = "use"
    example = "parameter: {shape: [16, 64], value_initializer: zeros}"

    shape: Annotated[Shape, Field(description="Shape of the array, without the batch axis.")]
    value_initializer: Annotated[InitializerField, Field(description="Initializer of the array.")] = GlorotUniform()
    value_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the array.")] = None
    value_constraint: Annotated[ConstraintField, Field(description="Constraint on the array.")] = None

    def plan(self, x: TensorType) -> Plan:
        axes = tuple("embed" if axis == len(self.shape) - 1 else None for axis in range(len(self.shape)))
        return Plan.of(TensorType(self.shape), {"value": self.weight("value", self.shape, axes)})

    def apply(self, call: Call, x: Array) -> Result:
        return Result.of(jnp.broadcast_to(call.params["value"], (x.shape[0], *self.shape)))

    def keeps_integers(self) -> bool:
        return True


class ConstantArray(Layer):
    """The array `value`, which is not trained: edges of a graph, a table from elsewhere, a random projection.

    Output and `value` are `shape`, in `dtype`, the same for every example. The input, of any shape and dtype, only says how
    many examples there are, as for `parameter`: `edges: {from: nodes, constant: {shape: [2, 40], dtype: int32,
    value_initializer: {from_file: edges.npy}}}`. What it holds and its mask change nothing, and no decay, penalty or
    constraint changes the array, which the weights of a run hold among its state. Integers are for what is counted:
    indices of `gather`, ids of `embedding`.

    Keras 3 and torch have no such layer, but `Layer.add_weight` with `trainable=False` and `Module.register_buffer`.
    """

    torch = "nn.Buffer"
    primary = "shape"
    spellings = ("buffer", "register_buffer", "fixed", "constant_array")
    masking = "use"
    example = "constant: {shape: [2, 40], dtype: int32, value_initializer: {from_file: edges.npy}}"
    foreign_arguments: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("array", "data", "initial_value", "value", "values"),
        'values are read from a file: save them, in Python `numpy.save("values.npy", values)`, and write '
        "`value_initializer: {from_file: values.npy}`",
    )

    shape: Annotated[Shape, Field(description="Shape of the array, without the batch axis.")]
    value_initializer: Annotated[InitializerField, Field(description="Initializer of the array, mostly `from_file`.")]
    dtype: Annotated[Literal["float32", "int32"], Field(description="The dtype of the array and of the output.")] = (
        "float32"
    )

    def plan(self, x: TensorType) -> Plan:
        need(
            self.dtype == "float32" or self.value_initializer.array_file() is not None,
            "an array of integers is read, not drawn",
            help="give `value_initializer: {from_file: FILE}`, or `dtype: float32`",
            argument="value_initializer",
        )
        axes = (None,) * len(self.shape)
        entry = State(self.shape, self.value_initializer, axes, self.dtype, fixed=True)
        return Plan.of(TensorType(self.shape, self.dtype), state={"value": entry})

    def apply(self, call: Call, x: Array) -> Result:
        return Result.of(jnp.broadcast_to(call.state["value"], (x.shape[0], *self.shape)))

    def keeps_integers(self) -> bool:
        return True


class LayerScale(Layer):
    """`y = x * gamma` along the last axis: lets a residual branch start as all but nothing.

    Input and output `[..., features]`; `gamma` is `[features]` and starts at `init_values`. Touvron et al. 2021, who
    take 1e-5 or 1e-6 for deep networks; follows the private layer of this name in Keras 3 `applications.convnext`.
    """

    primary = "init_values"
    masking = "pass"
    example = "layer_scale: 1e-6"

    init_values: Annotated[Number, Field(description="Initializer of `gamma`.")] = 1e-6
    gamma_regularizer: Annotated[RegularizerField, Field(description="Regularizer of `gamma`.")] = None
    gamma_constraint: Annotated[ConstraintField, Field(description="Constraint on `gamma`.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(-1, x)
        gamma = Weight(
            (x.shape[-1],),
            Constant(value=self.init_values),
            ("embed",),
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
        )
        return Plan.of(x, {"gamma": gamma})

    def apply(self, call: Call, x: Array) -> Array:
        return x * call.params["gamma"].astype(x.dtype)
