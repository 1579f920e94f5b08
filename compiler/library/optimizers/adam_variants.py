"""Variants of Adam: another mean of gradients, or of their sizes."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.lazy import optax
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import BETAS, Beta1, Beta2, Epsilon, Rate, WeightDecay
from modelc.compiler.library.optimizers.weight_decay import descent
from modelc.compiler.library.schedules import rate_function

COUPLED = {
    "decoupled_weight_decay": "remove it: `weight_decay` is decoupled always, as in `adamw`",
}
"""What PyTorch asks for where weights are to decay as here."""


class Adamax(Optimizer):
    """Adam with the greatest gradient of late in place of the root of the mean square (Kingma and Ba, 2015, section 7).

    Arguments and defaults of Keras 3 `Adamax`, formula of `optax.adamax`: `u = max(beta_2 * u, abs(gradient) + epsilon)`, and a
    weight changes by `-learning_rate * m / (1 - beta_1 ** step) / u`. Keras adds `epsilon` to `u` where it divides: the two
    differ where gradients are as small as `epsilon`. `weight_decay` is that of `adamw`.
    """

    keras = "optimizers.Adamax"
    spellings = ("adamaxw",)
    torch = "optim.Adamax"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = BETAS
    example = "adamax: {learning_rate: 0.001}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Annotated[Beta2, Field(description="What the greatest gradient keeps of itself per step.")] = 0.999
    epsilon: Epsilon = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_adamax(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))


class Nadam(Optimizer):
    """Adam with Nesterov momentum: it goes by the mean that the next step will have (Dozat, 2016).

    Arguments and defaults of Keras 3 `Nadam`, formula of `optax.nadam`: `m_hat` of `adam` becomes
    `beta_1 * m / (1 - beta_1 ** (step + 1)) + (1 - beta_1) * gradient / (1 - beta_1 ** step)`. Keras and PyTorch let `beta_1`
    rise from about half of itself over the first hundred steps, as the paper proposes: their first steps go more by the
    gradient of the step, and after 50 steps along random gradients they are apart by a quarter of the longest way of a weight. `weight_decay` is that of `adamw`.
    """

    keras = "optimizers.Nadam"
    torch = "optim.NAdam"
    primary = "learning_rate"
    spellings = ("nadamw",)
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        **COUPLED,
        "momentum_decay": "remove it: `beta_1` is the same at every step",
    }
    example = "nadam: {learning_rate: 0.001}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_adam(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon, nesterov=True)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))


class RAdam(Optimizer):
    """Adam that goes by the mean gradient alone until its mean square is worth dividing by (Liu et al., 2020).

    Formula of `optax.radam` and of the paper, which is that of PyTorch's `RAdam`; the names of its arguments and their defaults
    are those of Keras's `Adam`, which has no such optimizer. Needs no warm-up. `weight_decay` is that of `adamw`, as with
    PyTorch's `decoupled_weight_decay`.
    """

    torch = "optim.RAdam"
    primary = "learning_rate"
    spellings = ("rectified_adam",)
    foreign_arguments: ClassVar[Mapping[str, str]] = {**BETAS, **COUPLED}
    example = "radam: {learning_rate: 0.001}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7
    threshold: Annotated[
        Positive, Field(description="The mean square is divided by once its degrees of freedom are as many.")
    ] = 5.0

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_radam(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon, threshold=self.threshold)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))


class AdaBelief(Optimizer):
    """Adam with the mean square of what gradients differ from their mean (Zhuang et al., 2020).

    Formula and defaults of `optax.adabelief`, names of the arguments of Keras's `Adam`; `epsilon` is added both to the mean
    square in each step and to the denominator. `weight_decay` is that of `adamw`.
    """

    primary = "learning_rate"
    spellings = ("ada_belief",)
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **BETAS,
        **dict.fromkeys(
            ("rectify", "weight_decouple"), "remove it: weights decay as in `adamw`, and steps are not rectified"
        ),
    }
    example = "adabelief: {learning_rate: 0.001}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Annotated[Positive, Field(description="Added to the mean square and to the denominator.")] = 1e-16

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_belief(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon, eps_root=self.epsilon)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))


class Yogi(Optimizer):
    """Adam whose mean square moves by the same amount whether it rises or falls (Zaheer et al., 2018).

    Formula and defaults of `optax.yogi`, names of the arguments of Keras's `Adam`. `weight_decay` is that of `adamw`.
    """

    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = BETAS
    example = "yogi: {learning_rate: 0.01}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-3

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_yogi(b1=self.beta_1, b2=self.beta_2, eps=self.epsilon)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))


class Lion(Optimizer):
    """Steps of one size, in the direction of the sign of a mean of gradients (Chen et al., 2023).

    Arguments and defaults of Keras 3 `Lion`, formula of `optax.lion`: the sign of `beta_1 * m + (1 - beta_1) * gradient`, and
    then `m = beta_2 * m + (1 - beta_2) * gradient`. Keeps one array for each weight, where Adam keeps two. Wants a learning rate
    of about a third to a tenth of Adam's, and a `weight_decay`, which is that of `adamw`, as much greater.
    """

    keras = "optimizers.Lion"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = BETAS
    example = "lion: {learning_rate: 0.0001, weight_decay: 0.1}"

    learning_rate: Rate = 0.001
    weight_decay: WeightDecay = 0.0
    beta_1: Annotated[Beta1, Field(description="How much of the mean of gradients is in the direction of a step.")] = (
        0.9
    )
    beta_2: Beta1 = 0.99

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        direction = optax.scale_by_lion(b1=self.beta_1, b2=self.beta_2)
        return descent(direction, self.weight_decay, rate_function(self.learning_rate, total_steps))
