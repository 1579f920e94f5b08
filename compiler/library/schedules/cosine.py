"""Cosine decay of the learning rate, once or again and again, after a linear warm-up."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Number, Positive, Size
from modelc.compiler.library.base.lazy import Array, jnp, np, optax
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.schedules.warmup import WarmedUp

Alpha = Annotated[Number, Field(ge=0, le=1, description="The lowest rate, as a fraction of the highest.")]


class Cosine(WarmedUp):
    """From `warmup_from` straight up to `learning_rate`, then down a half cosine to `alpha * learning_rate`.

    With `t` steps since the warm-up: `learning_rate * (alpha + (1 - alpha) * (1 + cos(pi * t / decay_steps)) / 2)`, and
    constant once `t` has passed `decay_steps`. Follows Keras 3 `CosineDecay` (whose `warmup_target` is `learning_rate`
    and whose `initial_learning_rate` is `warmup_from`) and Loshchilov and Hutter, 2017.
    """

    keras = "optimizers.schedules.CosineDecay"
    torch = "optim.lr_scheduler.CosineAnnealingLR"
    spellings = (
        "cosine_annealing",
        "cosine_with_warmup",
        "warmup_cosine",
        "warmup_cosine_decay",
        "warmup_cosine_decay_schedule",
    )
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "initial_learning_rate": "beside `warmup_target` write `warmup_from: {value}`, without it `learning_rate: {value}`",
        "eta_min": "the lowest rate is a fraction of the highest here: write `alpha` with {value} divided by `learning_rate`",
    }
    length = "decay_steps"
    example = "cosine: {learning_rate: 0.1, warmup_steps: 500}"

    decay_steps: Annotated[
        Size | None, Field(description="Steps from the highest to the lowest rate; by default the rest of the run.")
    ] = None
    alpha: Alpha = 0.0

    @classmethod
    def foreign_argument(cls, name: str, beside: Collection[str] = ()) -> str:
        text = super().foreign_argument(name, beside)
        if fold(name) != "initiallearningrate" or not beside:
            return text
        return "write `warmup_from: {value}`" if "warmup_target" in beside else "write `learning_rate: {value}`"

    @classmethod
    def from_elsewhere(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        highest, first = arguments.get("warmup_target"), arguments.get("initial_learning_rate")
        if highest is None or first is None:
            return super().from_elsewhere(
                {key: value for key, value in arguments.items() if key != "warmup_target" or value}
            )
        others = {
            key: value for key, value in arguments.items() if key not in ("warmup_target", "initial_learning_rate")
        }
        return super().from_elsewhere({"learning_rate": highest, **({"warmup_from": first} if first else {}), **others})

    def after_warmup(self, steps: int) -> "optax.Schedule":
        return optax.cosine_decay_schedule(self.learning_rate, self.decay_steps or steps, self.alpha)


class CosineRestarts(WarmedUp):
    """A half cosine down to `alpha * learning_rate`, then at once up and down again, each time `t_mul` times as long.

    The first takes `first_decay_steps`, and begins at `learning_rate`, each further one `m_mul` times as high as that before
    it. Arguments and defaults of Keras 3 `CosineDecayRestarts`, of Loshchilov and Hutter, 2017; the step at which one
    ends and the next begins is counted exactly, where Keras may be a step off for a `t_mul` above 1. In PyTorch `t_mul` is 1
    by default.
    """

    keras = "optimizers.schedules.CosineDecayRestarts"
    torch = "optim.lr_scheduler.CosineAnnealingWarmRestarts"
    spellings = ("cosine_decay_restarts", "cosine_with_restarts", "sgdr", "warm_restarts")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "T_0": "the decay is counted in steps: write `first_decay_steps` with {value} times the batches of an epoch",
        "eta_min": "the lowest rate is a fraction of the highest here: write `alpha` with {value} divided by `learning_rate`",
        "num_cycles": "write `first_decay_steps` with the steps of the run divided by {value}, and `t_mul: 1`",
    }
    example = "cosine_restarts: {learning_rate: 0.1, first_decay_steps: 1000}"

    first_decay_steps: Annotated[Size, Field(description="Steps from the first highest rate to the lowest.")]
    t_mul: Annotated[Number, Field(ge=1, description="How many times as long each decay is as that before it.")] = 2.0
    m_mul: Annotated[Positive, Field(description="How many times as high each decay begins as that before it.")] = 1.0
    alpha: Alpha = 0.0

    def after_warmup(self, steps: int) -> "optax.Schedule":
        rate, first, alpha = self.learning_rate, self.first_decay_steps, self.alpha
        lengths = first * np.cumprod([1.0, *[self.t_mul] * restarts(first, self.t_mul, steps)])
        begins = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])

        def at(step: Any) -> Array:
            number = jnp.sum(step >= jnp.asarray(np.ceil(begins[1:]), jnp.int32)) if self.t_mul > 1 else step // first
            begin, length = (
                (jnp.asarray(begins, jnp.float32)[number], jnp.asarray(lengths, jnp.float32)[number])
                if self.t_mul > 1
                else (number * first, first)
            )
            part = jnp.clip((step - begin) / length, 0, 1)
            return rate * (alpha + (1 - alpha) * self.m_mul**number * (1 + jnp.cos(jnp.pi * part)) / 2)

        return at


def restarts(first: int, factor: float, steps: int) -> int:
    """How many restarts there are in `steps`, where the first decay takes `first` and each other `factor` times the one before."""
    count, begin, length = 0, float(first), float(first)
    while factor > 1 and begin < steps:
        length *= factor
        begin, count = begin + length, count + 1
    return count
