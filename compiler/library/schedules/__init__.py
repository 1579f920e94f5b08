"""The learning-rate schedules. This registry is the complete list; `LearningRate` is the field that takes one, or a
number.
"""

from typing import Annotated, Any

from pydantic_core import SchemaValidator, core_schema

from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.optimizer import Schedule

SCHEDULES: Registry[Schedule] = Registry(
    Schedule,
    {
        "constant": "schedules.constant:Constant",
        "cosine": "schedules.cosine:Cosine",
        "cosine_restarts": "schedules.cosine:CosineRestarts",
        "exponential": "schedules.exponential:Exponential",
        "inverse_sqrt": "schedules.inverse_sqrt:InverseSqrt",
        "inverse_time": "schedules.exponential:InverseTime",
        "linear": "schedules.polynomial:Linear",
        "one_cycle": "schedules.one_cycle:OneCycle",
        "piecewise": "schedules.piecewise:Piecewise",
        "polynomial": "schedules.polynomial:Polynomial",
        "reduce_on_plateau": "schedules.reduce_on_plateau:ReduceOnPlateau",
    },
)


class RateOrSchedule:
    """Annotation of a `learning_rate` field: a positive number, or a schedule in the notation of named things."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        number = core_schema.float_schema(gt=0, allow_inf_nan=False, strict=True)
        validator = SchemaValidator(number)

        def validate(raw: Any) -> Any:
            if isinstance(raw, Schedule):
                return raw
            raw = read_ratio(raw)
            if isinstance(raw, dict) or (isinstance(raw, str) and raw[:1].isalpha()):
                return SCHEDULES.build(raw)
            return validator.validate_python(raw)

        def dump(value: Any) -> Any:
            return SCHEDULES.dump(value) if isinstance(value, Schedule) else value

        return core_schema.no_info_plain_validator_function(
            validate, serialization=core_schema.plain_serializer_function_ser_schema(dump)
        )


LearningRate = Annotated[float | Schedule, RateOrSchedule()]
"""The type of a field that holds a learning rate: a positive number, or a schedule."""


def rate_function(rate: float | Schedule, total_steps: int) -> "optax.ScalarOrSchedule":
    """What optax takes for a learning rate: the number itself, or the schedule over `total_steps`."""
    return rate.function(total_steps) if isinstance(rate, Schedule) else rate
