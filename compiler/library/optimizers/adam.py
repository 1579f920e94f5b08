"""Adam, and Adam with decoupled weight decay, or with the greatest of all mean squares."""

from collections.abc import Mapping
from typing import ClassVar

from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import BETAS, Beta1, Beta2, Epsilon, Rate, WeightDecay
from modelc.compiler.library.optimizers.weight_decay import decays, descent
from modelc.compiler.library.schedules import rate_function


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
    related = ("adam8bit", "adam_8bit", "fused_adam", "sparse_adam")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        "amsgrad": "where it is true, this is an optimizer of its own: write `amsgrad` for `adam`, without this argument; where "
        "it is false, remove it",
        "weight_decay": "`adamw` is Adam that decays weights, as Keras's does with this argument: write `adamw` for `adam`; "
        "what PyTorch's `Adam` adds to the gradient is a penalty, `kernel_regularizer: {l2: ...}` with half of {value}",
    }
    example = "adam: {learning_rate: 0.001}"

    learning_rate: Rate = 0.001
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)
        return optax.adam(rate, b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)


class AdamW(Optimizer):
    """Adam, and each weight shrinks by `learning_rate * weight_decay` of itself per step (Loshchilov and Hutter, 2019).

    Arguments and defaults of Keras 3 `AdamW`, formula of `optax.adamw`; `epsilon` is that of `adam`, not Keras's. Only
    weights of two axes or more decay: kernels and embeddings do, biases, the scales of normalizations and the slopes of `prelu`
    do not, whatever axes they have. Keras and PyTorch decay all weights by default, biases and scales too, so that their
    curves differ.
    """

    keras = "optimizers.AdamW"
    torch = "optim.AdamW"
    primary = "learning_rate"
    spellings = ("adamw_hf", "adamw_torch", "adamw_torch_fused")
    related = ("adamw_8bit", "adamw_bnb_8bit", "paged_adamw", "paged_adamw_8bit")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        "amsgrad": "where it is true, this is an optimizer of its own: write `amsgrad` for `adamw`, without this argument and with "
        "the same `weight_decay`; where it is false, remove it",
    }
    example = "adamw: {learning_rate: 0.001, weight_decay: 0.004}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.004
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return optax.adamw(
            rate_function(self.learning_rate, total_steps),
            b1=self.beta_1,
            b2=self.beta_2,
            eps=self.epsilon,
            weight_decay=self.weight_decay,
            mask=decays,
        )


class AMSGrad(Optimizer):
    """Adam whose mean of squared gradients never falls: it is divided by the greatest so far (Reddi et al., 2018).

    Formula of `optax.amsgrad`, arguments and defaults of Keras 3 `Adam` and `AdamW` with `amsgrad=True`: the greatest is that of
    `v / (1 - beta_2 ** step)`, where Keras and PyTorch take the greatest `v` and divide it then. The first
    gradients therefore count for longer here, and steps are smaller: after 50 steps along random gradients the two are apart by a fifth
    of the longest way of a weight. `epsilon` is that of `adam`. `weight_decay` is that of `adamw`.
    """

    primary = "learning_rate"
    spellings = ("adam_amsgrad", "ams_grad")
    foreign_arguments: ClassVar[Mapping[str, str]] = {**BETAS, "amsgrad": "remove it: this is what `amsgrad` does"}
    example = "amsgrad: {learning_rate: 0.001}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_amsgrad(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))
