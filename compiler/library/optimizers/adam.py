"""Adam, and Adam with decoupled weight decay."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Fraction, NonNegative, Positive
from modelc.compiler.library.base.lazy import jax, optax
from modelc.compiler.library.base.stacked_weights import rank
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.schedules import LearningRate, rate_function

Beta1 = Annotated[Fraction, Field(description="What the running mean of gradients keeps of itself per step.")]
Beta2 = Annotated[Fraction, Field(description="What the running mean of squared gradients keeps of itself per step.")]

BETAS = {"betas": "they are two arguments here, `beta_1` and `beta_2`"}


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma and Ba, 2015, algorithm 1).

    Arguments and defaults of Keras 3 `Adam`, formula of `optax.adam`, of the paper and of PyTorch: with `m` and `v` the
    running means of gradients and of their squares, `m_hat = m / (1 - beta_1 ** step)` and
    `v_hat = v / (1 - beta_2 ** step)`, a weight changes by `-learning_rate * m_hat / (sqrt(v_hat) + epsilon)`. Keras
    computes `-learning_rate * sqrt(1 - beta_2 ** step) / (1 - beta_1 ** step) * m / (sqrt(v) + epsilon)`. Its `epsilon`
    therefore counts `1 / sqrt(1 - beta_2 ** step)` times as much: 32 times in the first step, 3 times in the hundredth.
    Curves of ordinary models differ from Keras's by up to 1e-3 of the loss: with defaults, those of a small classifier
    of digits by 2e-5 to 3e-4 over the epochs, and with `epsilon` 1e-4 by 2e-2.
    """

    keras = "optimizers.Adam"
    torch = "optim.Adam"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        "amsgrad": "leave it out: AMSGrad is planned as an optimizer of its own",
        "weight_decay": "`adamw` is Adam that decays weights, as Keras's does with this argument: write `adamw` for `adam`; "
        "what PyTorch's `Adam` adds to the gradient is a penalty, `kernel_regularizer: {l2: ...}` with half of {value}",
    }
    example = "adam: {learning_rate: 0.001}"

    learning_rate: Annotated[LearningRate, Field(description="Learning rate, a number or a schedule.")] = 0.001
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Annotated[Positive, Field(description="Added to the denominator.")] = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)
        return optax.adam(rate, b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)


class AdamW(Optimizer):
    """Adam, and each weight shrinks by `learning_rate * weight_decay` of itself per step (Loshchilov and Hutter, 2019).

    Arguments and defaults of Keras 3 `AdamW`, formula of `optax.adamw`; `epsilon` is that of `adam`, not Keras's. Only
    weights of two axes or more decay: kernels and embeddings do, biases and the scales of normalizations, which have one
    axis, do not. Keras and PyTorch decay all weights by default, biases and scales too, so that their curves differ.
    """

    keras = "optimizers.AdamW"
    torch = "optim.AdamW"
    primary = "learning_rate"
    spellings = ("adamw_torch",)
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        "amsgrad": "leave it out: AMSGrad is planned as an optimizer of its own",
    }
    example = "adamw: {learning_rate: 0.001, weight_decay: 0.004}"

    learning_rate: Annotated[LearningRate, Field(description="Learning rate, a number or a schedule.")] = 0.001
    weight_decay: Annotated[
        NonNegative,
        Field(description="What weights of two axes or more lose of themselves per step, times `learning_rate`."),
    ] = 0.004
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Annotated[Positive, Field(description="Added to the denominator.")] = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.adamw(
            rate_function(self.learning_rate, total_steps),
            b1=self.beta_1,
            b2=self.beta_2,
            eps=self.epsilon,
            weight_decay=self.weight_decay,
            mask=decays,
        )


def decays(params: Any) -> Any:
    """A tree as `params`: True for every weight that decays, those of rank 2 and above."""
    return jax.tree_util.tree_map_with_path(lambda path, weight: rank(str(path[0].key), weight) >= 2, params)
