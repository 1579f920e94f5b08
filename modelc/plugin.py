"""All that plug-ins are written and tested with. No other name of modelc is promised to them; `docs/plugins.md` has each.

Kinds of things, what their methods take and give, checks with coded errors, types of fields, and the notation of specs.
Importing this imports no array library.
"""

from modelc.compiler.diagnostics.exceptions import PlanError, PluginError, need
from modelc.compiler.library.base.fields import (
    Axes,
    Axis,
    Count,
    Fraction,
    NonNegative,
    Number,
    Numbers,
    Positive,
    Shape,
    Size,
    Sizes1,
    Sizes2,
    Sizes3,
)
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_axis, need_distinct_axes, need_floats
from modelc.compiler.library.constraints import ConstraintField
from modelc.compiler.library.contracts.data_source import Column, Rows, Source
from modelc.compiler.library.contracts.layer import Activation, Layer, Plan, Slot, State, Weight
from modelc.compiler.library.contracts.layer_call import Batch, Call, Result
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need_equal_shapes,
    need_float_output,
    need_steps_apart,
)
from modelc.compiler.library.contracts.metric import Link, Metric, mean_result, mean_sums, need_comparable
from modelc.compiler.library.contracts.optimizer import Optimizer, Schedule
from modelc.compiler.library.contracts.reader import Reader, Unit
from modelc.compiler.library.contracts.weight_rules import Constraint, Initializer, Regularizer, Unfitted
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.layers import ActivationField, LayerField
from modelc.compiler.library.regularizers import RegularizerField
from modelc.compiler.library.schedules import LearningRate, rate_function
from modelc.compiler.plugins.authoring import build, dump, enable, example, find, name_of
from modelc.compiler.syntax.file_root import Root

__all__ = [
    "Activation",
    "ActivationField",
    "Axes",
    "Axis",
    "Batch",
    "Call",
    "Column",
    "Constraint",
    "ConstraintField",
    "Count",
    "Fraction",
    "Initializer",
    "InitializerField",
    "Layer",
    "LayerField",
    "LearningRate",
    "Link",
    "Loss",
    "Metric",
    "NonNegative",
    "Number",
    "Numbers",
    "Optimizer",
    "Plan",
    "PlanError",
    "PluginError",
    "Positive",
    "Reader",
    "Registered",
    "Regularizer",
    "RegularizerField",
    "Result",
    "Root",
    "Rows",
    "Schedule",
    "Shape",
    "Size",
    "Sizes1",
    "Sizes2",
    "Sizes3",
    "Slot",
    "Source",
    "State",
    "TensorType",
    "Unfitted",
    "Unit",
    "Weight",
    "at_least_float32",
    "build",
    "dump",
    "enable",
    "example",
    "find",
    "mean_result",
    "mean_sums",
    "name_of",
    "need",
    "need_axis",
    "need_comparable",
    "need_distinct_axes",
    "need_equal_shapes",
    "need_float_output",
    "need_floats",
    "need_steps_apart",
    "rate_function",
    "show_shape",
]
