"""Arguments that several optimizers have."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Fraction, NonNegative, Positive
from modelc.compiler.library.schedules import LearningRate

Rate = Annotated[LearningRate, Field(description="Learning rate, a number or a schedule.")]
Beta1 = Annotated[Fraction, Field(description="What the running mean of gradients keeps of itself per step.")]
Beta2 = Annotated[Fraction, Field(description="What the running mean of squared gradients keeps of itself per step.")]
Epsilon = Annotated[Positive, Field(description="Added to the denominator.")]
Momentum = Annotated[Fraction, Field(description="Fraction of the previous step that is added (momentum).")]
Nesterov = Annotated[bool, Field(description="Whether to use Nesterov momentum.")]
WeightDecay = Annotated[
    NonNegative,
    Field(description="What weights lose of themselves per step, times `learning_rate`; biases and scales lose none."),
]

BETAS = {"betas": "they are two arguments here, `beta_1` and `beta_2`"}
"""What PyTorch calls two of them."""
