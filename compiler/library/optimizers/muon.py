"""Muon."""

from collections.abc import Mapping
from math import sqrt
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Names, Positive, Size
from modelc.compiler.library.base.lazy import jax, optax
from modelc.compiler.library.base.stacked_weights import rank
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.optimizers.arguments import Beta1, Beta2, Epsilon, Momentum, Nesterov, Rate, WeightDecay
from modelc.compiler.library.optimizers.weight_decay import can_decay, descent
from modelc.compiler.library.schedules import rate_function

TABLE = "embeddings"
"""What the layers that look up rows call the weight that has them."""


class Muon(Optimizer):
    """Momentum that is made orthogonal, for matrices; all other weights by `adamw` (Jordan et al., 2024).

    Weights of two axes are matrices, and in a repeat each copy is one; tables of embeddings are not, nor are biases, and like
    weights of one axis and of three they go by `adamw`, whose arguments begin with `adam`. The output layer is a matrix like
    others, unless `exclude_layers` names it, which is proposed: weights of these go by `adamw` too. Arguments and defaults of Keras 3 `Muon`, formula of `optax.contrib.muon`: the direction is made
    orthogonal by `ns_steps` of Newton-Schulz, and multiplied by `rms_rate * sqrt(max(rows, columns))`, so that steps are as
    large as Adam's; without `rms_rate`, by `sqrt(max(1, columns / rows))`. optax divides the mean of gradients by its bias, which
    weighs the gradient of the step a little more than Keras in the first steps: after 50 along random gradients the two are apart by 2 %
    of the longest way of a weight.
    """

    keras = "optimizers.Muon"
    torch = "optim.Muon"
    primary = "learning_rate"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("muon_a", "muon_b", "muon_c", "ns_coefficients", "ns_coeffs"),
            "remove it: the coefficients are the usual ones",
        ),
        "exclude": "write `exclude_layers: {value}` for what is to go by `adamw`; biases and scales never decay",
        "exclude_embeddings": "remove it: tables of embeddings always go by `adamw`",
        "beta": "write `momentum: {value}`",
        "consistent_rms": "write `rms_rate: {value}`",
        "adjust_lr_fn": "`match_rms_adamw` is the default here, `original` is `rms_rate: null`",
    }
    exclusions = "exclude_layers"
    example = "muon: {learning_rate: 0.001, weight_decay: 0.1}"

    learning_rate: Rate = 0.001
    weight_decay: Annotated[
        WeightDecay, Field(description="What matrices lose of themselves per step, times `learning_rate`.")
    ] = 0.004
    momentum: Annotated[Momentum, Field(description="What the mean of gradients keeps of itself per step.")] = 0.95
    nesterov: Nesterov = True
    ns_steps: Annotated[
        Size, Field(le=100, description="Newton-Schulz steps by which a direction is made orthogonal.")
    ] = 5
    rms_rate: Annotated[Positive | None, Field(description="The root mean square of a step, in learning rates.")] = 0.2
    adam_beta_1: Beta1 = 0.9
    adam_beta_2: Beta2 = 0.999
    adam_weight_decay: Annotated[WeightDecay, Field(description="The `weight_decay` of `adamw`.")] = 0.004
    adam_lr_ratio: Annotated[Positive, Field(description="The learning rate of `adamw`, in that of Muon.")] = 1.0
    epsilon: Epsilon = 1e-7
    exclude_layers: Annotated[
        Names, Field(description="Nodes, blocks and weights that go by `adamw`, by patterns as in `freeze`.")
    ] = ()

    def of_excluded(self) -> "AdamOfMuon":
        return AdamOfMuon(**dict(self))

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        rate = rate_function(self.learning_rate, total_steps)
        contrib: Any = optax.contrib
        muon = contrib.scale_by_muon(
            ns_steps=self.ns_steps,
            beta=self.momentum,
            eps=self.epsilon,
            nesterov=self.nesterov,
            weight_dimension_numbers=lambda tree: jax.tree.map(lambda _: contrib.MuonDimensionNumbers(-2, -1), tree),
        )
        return optax.partition(
            {
                "muon": descent(optax.chain(muon, optax.stateless(self.sized)), self.weight_decay, rate),
                "adam": self.by_adam(total_steps),
            },
            labels,
        )

    def by_adam(self, total_steps: int) -> "optax.GradientTransformation":
        """The transformation of what is no matrix."""
        rate, ratio = rate_function(self.learning_rate, total_steps), self.adam_lr_ratio
        adam = optax.scale_by_adam(b1=self.adam_beta_1, b2=self.adam_beta_2, eps=self.epsilon)
        return descent(
            adam, self.adam_weight_decay, (lambda step: rate(step) * ratio) if callable(rate) else rate * ratio
        )

    def sized(self, updates: Any, params: Any) -> Any:
        """Orthogonal directions, made as large as steps are to be."""

        def factor(rows: int, columns: int) -> float:
            return sqrt(max(1, columns / rows)) if self.rms_rate is None else self.rms_rate * sqrt(max(rows, columns))

        return jax.tree.map(lambda update: update * factor(*update.shape[-2:]), updates)


class AdamOfMuon(Muon):
    """What Muon leaves to `adamw`, of all weights. No spec names it."""

    def transform(self, total_steps: int) -> "optax.GradientTransformation":
        return self.by_adam(total_steps)


def labels(params: Any) -> Any:
    """A tree as `params`: which of the two optimizers each weight goes by."""

    def label(way: tuple[Any, ...], weight: Any) -> str:
        path, name = str(way[0].key), str(way[-1].key)
        is_matrix = rank(path, weight) == 2 and can_decay(name, 2) and name.rpartition("/")[2] != TABLE
        return "muon" if is_matrix else "adam"

    return jax.tree_util.tree_map_with_path(label, params)
